/** All runs of one command, between two measurements of the process's memory. */
import type { HeapKind } from "./allocators/provide.ts";
import type { StressOptions } from "./command/options.ts";
import type { FaultReport, OracleMemory } from "./crew/assignment.ts";
import { createPatternMemory } from "./oracle/pattern.ts";
import { createShadowMemory } from "./oracle/shadow.ts";
import type { Recording } from "./recordings/recording.ts";
import { settledRss } from "./report/rss.ts";
import { mebibytes } from "./report/units.ts";
import { type PlannedRun, planRuns, planWarmUp } from "./run-plan.ts";
import { performRun, type RunResult } from "./workload-run.ts";

/** How much more the process may hold after the runs than before them. */
export const RSS_TOLERANCE_BYTES = 8 * 2 ** 20;
/** Chunks of 4 MiB that a Worker's blocks may lie in; libc spreads them over arenas and mappings. */
const SHADOW_CHUNKS_PER_WORKER = 128;
const LEAST_SHADOW_CHUNKS = 512;
const CHUNK_BYTES = 2 ** 22;

export interface SessionResult {
  readonly runs: readonly RunResult[];
  readonly rssBaseBytes: number;
  readonly rssEndBytes: number;
  readonly fault: FaultReport | null;
}

export async function runSession(
  options: StressOptions,
  recordings: readonly Recording[],
): Promise<SessionResult> {
  const oracle = createOracle(options, recordings);
  const warmUp = await performAll(planWarmUp(), options, oracle, "private");
  if (faultOf(warmUp) !== null)
    return { runs: warmUp, rssBaseBytes: 0, rssEndBytes: 0, fault: faultOf(warmUp) };
  const rssBaseBytes = await settledRss();
  const runs = await performAll(planRuns(options, recordings), options, oracle, "chosen");
  const rssEndBytes = await settledRss();
  const fault = faultOf(runs) ?? keptMemory(options, rssEndBytes - rssBaseBytes);
  return { runs, rssBaseBytes, rssEndBytes, fault };
}

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

/** Only Husky is judged: libc keeps what it likes. */
function keptMemory(options: StressOptions, keptBytes: number): FaultReport | null {
  if (options.allocator !== "husky" || keptBytes <= RSS_TOLERANCE_BYTES) return null;
  const message = `${mebibytes(keptBytes)} more are resident than before, ${mebibytes(RSS_TOLERANCE_BYTES)} are allowed`;
  return { kind: "memory-kept", message };
}
