/** A row of the table: one loop over an allocator, written once for JavaScript and once in native/floor.c. */
import type { Floor } from "../../native/floor.ts";
import type { Ability, Calls } from "../contenders/calls.ts";

export interface Row {
  readonly name: string;
  /** What one operation is. */
  readonly unit: string;
  /** Operations in one run of the loop, by all Workers together. */
  readonly operations: number;
  /** In how many Workers the loop runs at once; 0 = in the main thread. */
  readonly workers: number;
  readonly needs: readonly Ability[];
  /** The most runs that one process may make, for a loop that keeps its memory. */
  readonly mostRuns?: number;
  /** Prepares the loop for one thread; the result runs it once. */
  script<Block>(calls: Calls<Block>, place: Place): () => void;
  /** The same in C. With several Workers C starts the threads itself. */
  native(floor: Floor, place: Place): () => void;
}

/** Where a loop runs. */
export interface Place {
  readonly seed: number;
  /** 0, 1, ... with several Workers. */
  readonly worker: number;
  /** Zero at first, the same memory in all Workers of a process; `SHARED_BYTES` long. */
  readonly shared: SharedArrayBuffer;
}

export const SHARED_BYTES = 2 ** 17;
