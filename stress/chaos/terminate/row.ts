/** One run of `--chaos terminate`: a workload whose Workers are killed so many times, with all that is measured. */
import type { FaultReport } from "../../crew/assignment.ts";
import { reportOf } from "../../crew/report-fault.ts";
import { Random } from "../../random.ts";
import { showProgress } from "../../report/progress.ts";
import { type AuditSample, ChaosCrew, type ChaosJob } from "../crew/crew.ts";

/** After so many deaths all Workers rest and the heap is looked at. */
export const DEATHS_PER_AUDIT = 100;
/** A Worker's life at work: uniform up to so many milliseconds. */
const LONGEST_LIFE_MS = 20;
/** Of a hundred Workers so many die while they attach. */
const PERCENT_UNBORN = 10;
const UNBORN = -1;

export interface TerminationRow {
  readonly label: string;
  deaths: number;
  seconds: number;
  operations: number;
  /** That a Worker stood still in one step. */
  longestWaitMs: number;
  /** That a killed Worker took to end; a lock that it held is taken over only then. */
  longestEndMs: number;
  /** Blocks that were in flight inside the allocator at a death. */
  inFlight: number;
  takeovers: number;
  rebuilds: number;
  adoptions: number;
  /** One for each audit. */
  readonly heapResidentBytes: number[];
  readonly residentBytes: number[];
  fault: FaultReport | null;
}

export const createRow = (label: string): TerminationRow => ({
  label,
  deaths: 0,
  seconds: 0,
  operations: 0,
  longestWaitMs: 0,
  longestEndMs: 0,
  inFlight: 0,
  takeovers: 0,
  rebuilds: 0,
  adoptions: 0,
  heapResidentBytes: [],
  residentBytes: [],
  fault: null,
});

/** Never throws a fault: it is part of the row. */
export async function terminateWorkers(job: ChaosJob, deaths: number, row: TerminationRow): Promise<void> {
  const progress = showProgress(row.label, deaths, "terminations");
  const crew = new ChaosCrew(job);
  const start = performance.now();
  const observe = () => {
    row.seconds = (performance.now() - start) / 1000;
    row.operations = crew.control.operations();
    row.longestWaitMs = Math.max(...crew.waits.longestMs);
    row.longestEndMs = crew.longestEndMs;
    progress.update(
      row.deaths,
      () => `${row.operations} operations, longest wait ${row.longestWaitMs.toFixed(0)} ms`,
    );
  };
  try {
    await crew.start();
    await killAll(crew, job, deaths, row, observe);
    row.inFlight += (await crew.finish()).inFlight;
  } catch (thrown) {
    row.fault = reportOf(thrown);
  } finally {
    observe();
    progress.end();
    await crew.dismiss();
  }
}

async function killAll(
  crew: ChaosCrew,
  job: ChaosJob,
  deaths: number,
  row: TerminationRow,
  observe: () => void,
): Promise<void> {
  const random = new Random(job.seed);
  const drawLife = () =>
    random.below(100) < PERCENT_UNBORN ? UNBORN : (random.below(1000) / 1000) * LONGEST_LIFE_MS;
  const lives = Array.from({ length: job.workers }, drawLife);
  while (row.deaths < deaths) {
    await crew.pass();
    observe();
    for (let seat = 0; seat < job.workers && row.deaths < deaths; seat++) {
      if (!crew.isDue(seat, lives[seat]!)) continue;
      crew.kill(seat);
      lives[seat] = drawLife();
      row.deaths++;
      if (row.deaths % DEATHS_PER_AUDIT === 0 || row.deaths === deaths) note(row, await crew.audit());
    }
  }
}

function note(row: TerminationRow, sample: AuditSample): void {
  const { inFlight, takeovers, rebuilds, adoptions, heapResidentBytes, residentBytes } = sample;
  row.inFlight += inFlight;
  Object.assign(row, { takeovers, rebuilds, adoptions });
  row.heapResidentBytes.push(heapResidentBytes);
  row.residentBytes.push(residentBytes);
}
