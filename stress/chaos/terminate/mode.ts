/**
 * `--chaos terminate`: Workers are killed by `worker.terminate()` at random instants, again and again, over each
 * workload in turn. Before them the same is done on a heap of fixed places, to see what ended Workers leave in the
 * runtime whatever the allocator.
 */
import { provideAllocator } from "../../allocators/provide.ts";
import type { StressOptions } from "../../command/options.ts";
import type { FaultReport, OracleMemory } from "../../crew/assignment.ts";
import { deriveSeed } from "../../random.ts";
import type { Recording } from "../../recordings/recording.ts";
import { count, kibibytes, mebibytes } from "../../report/units.ts";
import { planRuns } from "../../run-plan.ts";
import { createOracle } from "../../session.ts";
import type { ChaosJob } from "../crew/crew.ts";
import type { ChaosMode, ChaosResult } from "../mode.ts";
import { createReference, type ReferencePlant, referencePlants } from "../subjects/reference.ts";
import type { SubjectChoice } from "../subjects/subject.ts";
import { describeRowFault, describeRows } from "../table.ts";
import { findChaosWorkload } from "../workloads/catalogue.ts";
import { SLOTS_PER_WORKER } from "../workloads/larson.ts";
import { judgeMemory, leftEach } from "./memory.ts";
import { createRow, type TerminationRow, terminateWorkers } from "./row.ts";

/** So many terminations a second are what two cores do. */
const KILLS_PER_SECOND = 20;
/** What is promised: nobody waits longer, whoever dies. */
const LONGEST_WAIT_MS = 1000;
const MAPPED_FROM_BYTES = 2 ** 13;
/** Places of the reference heap beyond those in use, for what the dead had in flight. */
const SPARE_PLACES = 4096;

export const terminate: ChaosMode = {
  name: "terminate",
  summary: "Workers are killed at random instants while they work; others go on with what they left",
  plants: Object.keys(referencePlants),
  usesWorkloads: true,
  run: runTerminate,
};

async function runTerminate(options: StressOptions, recordings: readonly Recording[]): Promise<ChaosResult> {
  const oracle = createOracle(options, recordings);
  const kills = options.kills ?? Math.max(1, Math.round(options.seconds * KILLS_PER_SECOND));
  const rows: TerminationRow[] = [];
  const planned = planRows(options, recordings);
  const shares = sharesOf(kills, planned);
  for (const [i, { label, workload, recording, provide }] of planned.entries()) {
    const { subject, dispose } = await provide();
    const row = createRow(label);
    rows.push(row);
    await terminateWorkers(jobFor(options, oracle, workload, recording, subject), shares[i]!, row);
    if (row.fault !== null) break;
    dispose();
  }
  const fault = rows.at(-1)!.fault ?? judgeRows(rows);
  return { table: describe(rows), verdict: verdictOf(rows), figures: { kills, rows }, fault };
}

interface PlannedRow {
  readonly label: string;
  readonly workload: string;
  readonly recording: Recording | undefined;
  /** Of all terminations. */
  readonly part: number;
  provide(): Promise<Provided>;
}

interface Provided {
  readonly subject: SubjectChoice;
  /** After the last Worker has ended. */
  dispose(): void;
}

/**
 * The runtime alone first, as long as the longest row that is judged by it; the terminations themselves are shared by
 * the rows after it.
 */
function planRows(options: StressOptions, recordings: readonly Recording[]): PlannedRow[] {
  const planned = planRuns(options, recordings);
  const reference = (label: string, part: number, plant: ReferencePlant): PlannedRow => ({
    label,
    workload: "larson",
    recording: undefined,
    part,
    provide: async () => ({ subject: referenceFor(options.workers, plant), dispose() {} }),
  });
  const longest = Math.max(...planned.map(({ seconds }) => seconds));
  const runtime = reference("runtime alone", longest / options.seconds, "none");
  if (options.plant !== undefined) {
    return [runtime, reference(`planted: ${options.plant}`, 1, options.plant as ReferencePlant)];
  }
  const rows = planned.flatMap(({ label, workload, recording, seconds }): PlannedRow[] => {
    const part = seconds / options.seconds;
    const row = { label, workload: workload.name, recording, part, provide: () => chosenHeap(options) };
    if (workload.name !== "churn") return [row];
    const half = { ...row, part: part / 2 };
    return [half, { ...half, label: "churn, mapped", provide: () => mappedBlocks(options) }];
  });
  return [runtime, ...rows];
}

/** Terminations of each row, at least one; those behind the runtime alone add up to what was asked for. */
function sharesOf(kills: number, [runtime, ...rows]: readonly PlannedRow[]): number[] {
  let exact = 0;
  let shared = 0;
  const shares = rows.map(({ part }) => {
    exact += kills * part;
    const share = Math.max(1, Math.round(exact) - shared);
    shared += share;
    return share;
  });
  return [Math.max(1, Math.round(kills * runtime!.part)), ...shares];
}

async function chosenHeap(options: StressOptions): Promise<Provided> {
  const { choice, dispose } = await provideAllocator(options, undefined);
  return { subject: choice, dispose };
}

/** An arena in which many blocks have a mapping of their own, as few have at the default threshold. */
async function mappedBlocks({ policy }: StressOptions): Promise<Provided> {
  const { Arena, policyNames } = await import("../../../src/index.ts");
  const arena = new Arena({
    name: "mapped",
    policy: policy ?? policyNames[0]!,
    largeThreshold: MAPPED_FROM_BYTES,
  });
  return { subject: { kind: "arena", handle: arena.handle }, dispose: () => arena.dispose() };
}

function jobFor(
  options: StressOptions,
  oracle: OracleMemory,
  workload: string,
  recording: Recording | undefined,
  subject: SubjectChoice,
): ChaosJob {
  return {
    workload: findChaosWorkload(workload),
    recording,
    workers: options.workers,
    seed: deriveSeed(options.seed, workload, recording?.name ?? ""),
    subject,
    oracle,
    longestWaitMs: LONGEST_WAIT_MS,
    patienceMs: options.watchdog * 1000,
  };
}

const referenceFor = (workers: number, plant: ReferencePlant): SubjectChoice =>
  createReference(workers * SLOTS_PER_WORKER + SPARE_PLACES, plant);

function judgeRows([runtime, ...others]: readonly TerminationRow[]): FaultReport | null {
  for (const row of others) {
    const fault = judgeMemory(row, runtime!);
    if (fault !== null) return { ...fault, message: `${row.label}: ${fault.message}` };
  }
  return null;
}

const head = [
  "workload",
  "terminations",
  "ms each",
  "operations",
  "longest wait",
  "longest end",
  "in flight",
  "takeovers",
  "rebuilds",
  "adoptions",
  "heap RSS",
  "process RSS",
  "left each",
  "fault",
];

const describe = (rows: readonly TerminationRow[]): string =>
  describeRows(
    head,
    rows.map((row) => [
      row.label,
      count(row.deaths),
      ((row.seconds * 1000) / row.deaths).toFixed(1),
      count(row.operations),
      `${row.longestWaitMs.toFixed(0)} ms`,
      `${row.longestEndMs.toFixed(0)} ms`,
      count(row.inFlight),
      count(row.takeovers),
      count(row.rebuilds),
      count(row.adoptions),
      span(row.heapResidentBytes),
      span(row.residentBytes),
      describeLeft(row),
      describeRowFault(row.fault),
    ]),
  );

const span = (samples: readonly number[]): string =>
  samples.length === 0 ? "-" : `${mebibytes(samples[0]!)} to ${mebibytes(samples.at(-1)!)}`;

function describeLeft(row: TerminationRow): string {
  const bytes = leftEach(row);
  return bytes === null ? "-" : kibibytes(bytes);
}

function verdictOf(rows: readonly TerminationRow[]): string {
  const [, ...tested] = rows;
  const deaths = tested.reduce((sum, row) => sum + row.deaths, 0);
  const longest = Math.max(...tested.map((row) => row.longestWaitMs));
  const judged = tested.filter((row) => leftEach(row) !== null).length;
  const memory = `memory was judged in ${judged} of ${tested.length} rows`;
  return `no fault after ${count(deaths)} terminations; the longest wait was ${longest.toFixed(0)} ms; ${memory}`;
}
