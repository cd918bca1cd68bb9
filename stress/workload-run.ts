/** One planned run from the base line to the end, with everything that is measured about it. */
import { type ProvidedAllocator, provideAllocator } from "./allocators/provide.ts";
import { createStandIn } from "./allocators/stand-in.ts";
import type { WastefulPlant } from "./allocators/wasteful.ts";
import type { StressOptions } from "./command/options.ts";
import type { FaultReport, OracleMemory } from "./crew/assignment.ts";
import { auditHeap, createFigures, type Figures, runCrew } from "./crew/crew.ts";
import { reportOf } from "./crew/report-fault.ts";
import { judgeHeap } from "./kept-memory.ts";
import { Fault } from "./oracle/fault.ts";
import { showProgress } from "./report/progress.ts";
import { trimmedRss } from "./report/rss.ts";
import { count, mebibytes, rate } from "./report/units.ts";
import type { PlannedRun } from "./run-plan.ts";

export interface RunResult extends Figures {
  readonly label: string;
  readonly rssStartBytes: number;
  /** After all Workers have ended. */
  rssEndBytes: number;
  /** Of the heap since it exists; null where the allocator does not tell. */
  peakCommittedBytes: number | null;
  /** After the run and a trim; what the kernel counts of the heap's pages. */
  committedBytes: number | null;
  heapResidentBytes: number | null;
  fault: FaultReport | null;
}

const describe = ({ operations, liveBytes, seconds }: Figures): string =>
  `${count(operations)} operations, ${rate(operations / Math.max(seconds, 0.001))}/s, ${mebibytes(liveBytes)} live`;

/** What the run is made on. */
export type HeapKind = "chosen" | "stand-in";

/** Never throws a fault: it is part of the result. */
export async function performRun(
  run: PlannedRun,
  options: StressOptions,
  oracle: OracleMemory,
  heap: HeapKind,
): Promise<RunResult> {
  const rssStartBytes = trimmedRss();
  const result: RunResult = {
    ...createFigures(),
    label: run.label,
    rssStartBytes,
    rssEndBytes: 0,
    peakCommittedBytes: null,
    committedBytes: null,
    heapResidentBytes: null,
    fault: null,
  };
  const progress = showProgress(run.label, run.seconds, "s");
  try {
    await attempt(run, options, oracle, heap, result, () =>
      progress.update(result.seconds, () => describe(result)),
    );
  } catch (thrown) {
    result.fault = reportOf(thrown);
  } finally {
    progress.end();
  }
  result.rssEndBytes = trimmedRss();
  return result;
}

async function attempt(
  run: PlannedRun,
  options: StressOptions,
  oracle: OracleMemory,
  heap: HeapKind,
  result: RunResult,
  observe: () => void,
): Promise<void> {
  const { choice, dispose } = await provide(run, options, heap);
  const before = await auditHeap(choice, options.watchdog);
  const { workers, tasks, seed, watchdog } = options;
  const job = { ...run, workers, tasks, seed, allocator: choice, oracle, watchdogSeconds: watchdog };
  await runCrew(job, result, observe);
  const after = await auditHeap(choice, options.watchdog);
  if (before !== null && after !== null) {
    result.committedBytes = after.committedBytes;
    result.peakCommittedBytes = after.peakCommittedBytes;
    result.heapResidentBytes = after.residentBytes;
    if (after.liveBlocks !== before.liveBlocks || after.liveBytes !== before.liveBytes) {
      throw new Fault(
        "leak",
        `the heap counts ${after.liveBlocks} live blocks (${after.liveBytes} bytes) after the run, ` +
          `${before.liveBlocks} (${before.liveBytes} bytes) before it`,
      );
    }
    const kept = judgeHeap(after);
    if (kept !== null) throw new Fault(kept.kind, kept.message);
  }
  dispose();
}

async function provide(
  { workload }: PlannedRun,
  options: StressOptions,
  heap: HeapKind,
): Promise<ProvidedAllocator> {
  if (heap === "stand-in") return createStandIn(options.workers);
  if (options.plant === undefined) return provideAllocator(options, workload.limitBytes);
  return { choice: { kind: "wasteful", plant: options.plant as WastefulPlant }, dispose() {} };
}
