/** canary: proves that the oracle sees faults, by planting each of the known ones. */
import Table from "cli-table3";
import pc from "picocolors";
import { createFaultyMemory, plants } from "./allocators/faulty.ts";
import type { FaultReport } from "./crew/assignment.ts";
import { auditHeap, createFigures, runCrew } from "./crew/crew.ts";
import { reportOf } from "./crew/report-fault.ts";
import { within } from "./crew/within.ts";
import { Fault } from "./oracle/fault.ts";
import { createPatternMemory } from "./oracle/pattern.ts";
import { createShadowMemory } from "./oracle/shadow.ts";
import { canaryExercise } from "./workloads/canary-exercise.ts";

/** Two Workers at least: one plant is about two of them. */
const WORKERS = 2;
/** The exercise takes milliseconds. */
const SECONDS = 0.1;
const PATIENCE_SECONDS = 2;
const SHADOW_CHUNKS = 64;
/** After how many times the watchdog's patience a plant counts as missed. */
const LIMIT_IN_PATIENCE = 5;

export interface CanaryResult {
  readonly plant: string;
  readonly summary: string;
  readonly expected: string;
  readonly found: FaultReport | null;
  readonly seen: boolean;
}

/** All plants, one after the other. */
export async function runCanary(seed: number): Promise<CanaryResult[]> {
  const results: CanaryResult[] = [];
  for (const { name, summary, expected } of plants) {
    const found = await faultOfPlant(name, seed, PATIENCE_SECONDS);
    const seen = (found?.kind ?? null) === expected;
    results.push({ plant: name, summary, expected: expected ?? "no fault", found, seen });
  }
  return results;
}

/** What the oracle reports when this fault is planted. */
export async function faultOfPlant(
  plant: string,
  seed: number,
  watchdogSeconds: number,
): Promise<FaultReport | null> {
  const allocator = { kind: "faulty", plant, memory: createFaultyMemory() } as const;
  const job = {
    workload: canaryExercise,
    recording: undefined,
    tasks: 0,
    workers: WORKERS,
    seconds: SECONDS,
    seed,
    allocator,
    oracle: { shadow: createShadowMemory(SHADOW_CHUNKS), pattern: createPatternMemory(seed) },
    watchdogSeconds,
  };
  try {
    // A watchdog that does not bite must not stop the canary too.
    const run = runCrew(job, createFigures(), () => {});
    if (!(await within(run, LIMIT_IN_PATIENCE * watchdogSeconds * 1000))) return null;
    const audit = await auditHeap(allocator, watchdogSeconds);
    if (audit?.liveBlocks !== 0)
      throw new Fault("leak", `${audit?.liveBlocks} blocks are live after the run`);
    return null;
  } catch (thrown) {
    return reportOf(thrown);
  }
}

export function describeCanary(results: readonly CanaryResult[]): string {
  const table = new Table({
    head: ["plant", "what is wrong", "expected", "detected"],
    style: { head: [], border: [], compact: true },
  });
  for (const { plant, summary, expected, found, seen } of results) {
    const detected = found?.kind ?? "no fault";
    table.push([plant, summary, expected, seen ? pc.green(detected) : pc.red(`MISSED: ${detected}`)]);
  }
  return table.toString();
}
