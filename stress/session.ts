/** All runs of one command, between two measurements of the process's memory. */
import type { StressOptions } from "./command/options.ts";
import type { FaultReport, OracleMemory } from "./crew/assignment.ts";
import { judgeProcess, type RuntimeShare } from "./kept-memory.ts";
import { createPatternMemory } from "./oracle/pattern.ts";
import { createShadowMemory } from "./oracle/shadow.ts";
import type { Recording } from "./recordings/recording.ts";
import { settledRss } from "./report/rss.ts";
import { mostSeats, type PlannedRun, planRuns, planWarmUp } from "./run-plan.ts";
import { type HeapKind, performRun, type RunResult } from "./workload-run.ts";

/** Chunks of 4 MiB that a Worker's blocks may lie in; libc spreads them over arenas and mappings. */
const SHADOW_CHUNKS_PER_WORKER = 128;
const LEAST_SHADOW_CHUNKS = 512;
const CHUNK_BYTES = 2 ** 22;

export interface SessionResult {
  readonly runs: readonly RunResult[];
  readonly memory: ProcessMemory;
  readonly fault: FaultReport | null;
}

export interface ProcessMemory {
  /** Before and after the runs. */
  readonly rssBaseBytes: number;
  readonly rssEndBytes: number;
  readonly workers: number;
  /** What the process may keep is known by this; null = it is not judged. */
  readonly runtime: RuntimeShare | null;
}

export async function runSession(
  options: StressOptions,
  recordings: readonly Recording[],
): Promise<SessionResult> {
  const oracle = createOracle(options, recordings);
  const planned = planRuns(options, recordings);
  // Only Husky is judged: libc keeps what it likes.
  const rssStartBytes = options.allocator === "husky" ? await settledRss() : null;
  const crowd = { ...options, workers: mostSeats(planned, options) };
  const warmUp = await performAll(planWarmUp(options), crowd, oracle, "stand-in");
  const rssBaseBytes = await settledRss();
  const runs = faultOf(warmUp) === null ? await performAll(planned, options, oracle, "chosen") : warmUp;
  const rssEndBytes = await settledRss();
  const workers = workersOf(runs);
  const runtime =
    rssStartBytes === null ? null : { keptBytes: rssBaseBytes - rssStartBytes, workers: workersOf(warmUp) };
  const kept = runtime === null ? null : judgeProcess(rssEndBytes - rssBaseBytes, workers, runtime);
  const memory = { rssBaseBytes, rssEndBytes, workers, runtime };
  return { runs, memory, fault: faultOf(runs) ?? kept };
}

const workersOf = (runs: readonly RunResult[]): number => runs.reduce((sum, { workers }) => sum + workers, 0);

const faultOf = (runs: readonly RunResult[]): FaultReport | null => runs.at(-1)?.fault ?? null;

/** One after the other, until one finds a fault. */
async function performAll(
  planned: readonly PlannedRun[],
  options: StressOptions,
  oracle: OracleMemory,
  heap: HeapKind,
): Promise<RunResult[]> {
  const runs: RunResult[] = [];
  for (const run of planned) {
    const result = await performRun(run, options, oracle, heap);
    runs.push(result);
    if (result.fault !== null) break;
  }
  return runs;
}

export function createOracle(options: StressOptions, recordings: readonly Recording[]): OracleMemory {
  const replayBytes = Math.max(0, ...recordings.map(({ peakLiveBytes }) => peakLiveBytes)) * options.workers;
  const chunks =
    LEAST_SHADOW_CHUNKS + options.workers * SHADOW_CHUNKS_PER_WORKER + (2 * replayBytes) / CHUNK_BYTES;
  return { shadow: createShadowMemory(chunks), pattern: createPatternMemory(options.seed) };
}
