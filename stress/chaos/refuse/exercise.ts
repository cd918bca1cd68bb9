/** One Worker's part in a trial: so many turns of a workload, then a trim. */
import type { Allocator } from "../../allocators/allocator.ts";
import type { OracleMemory } from "../../crew/assignment.ts";
import { createControlMemory, Seat } from "../../crew/control.ts";
import { Pattern } from "../../oracle/pattern.ts";
import { Shadow } from "../../oracle/shadow.ts";
import { findChaosWorkload } from "../workloads/catalogue.ts";
import type { Places } from "../workloads/workload.ts";
import { ResilientHeap } from "./resilient-heap.ts";

/** Small windows and many large blocks, so that a short workload makes many system calls. */
export const ARENA = { name: "refuse", reserve: 2 ** 23, largeThreshold: 2 ** 16 };

/** Turns of each workload: enough to open windows, map, move and return, few enough for hundreds of trials. */
export const turnsOf: Readonly<Record<string, number>> = {
  churn: 1500,
  larson: 8000,
  "producer-consumer": 40,
  replay: 8000,
};

const IDLE_MS = 1;

export interface Exercise {
  readonly workload: string;
  readonly shared: Places;
  readonly worker: number;
  readonly workers: number;
  readonly seed: number;
  readonly turns: number;
  readonly oracle: OracleMemory;
  /** One word: 1 = somebody has done all turns, so everybody stops. */
  readonly over: Int32Array;
}

export function openHeap({ shared, oracle, worker, workers }: Exercise, allocator: Allocator): ResilientHeap {
  const seat = new Seat(createControlMemory(workers), worker, workers);
  return new ResilientHeap(
    allocator,
    new Shadow(oracle.shadow),
    new Pattern(oracle.pattern),
    seat,
    shared.blocks,
  );
}

export function exercise(part: Exercise, heap: ResilientHeap): void {
  const { workload, shared, worker, workers, seed, turns, over } = part;
  let left = turns;
  const goesOn = () => {
    if (left-- <= 0) Atomics.store(over, 0, 1);
    return Atomics.load(over, 0) === 0;
  };
  const idle = () => {
    Atomics.wait(over, 0, 0, IDLE_MS);
  };
  findChaosWorkload(workload).run({ worker, workers, seed, heap, goesOn, idle }, shared);
}
