/**
 * The workloads of the chaos modes. They do what their namesakes in stress/workloads do, made fit for Workers that
 * die at any instant: what a Worker must remember lies in shared memory, block numbers never wander but are claimed
 * where they stand, and nobody waits for a Worker without looking.
 */
import type { BlockTable } from "../../oracle/block-table.ts";
import type { CheckedHeap } from "../../oracle/checked-heap.ts";
import type { Setup } from "../../workloads/workload.ts";

/** What the Workers share: structured-cloneable, numbers in SharedArrayBuffers. */
export interface Places {
  readonly blocks: BlockTable;
}

export interface ChaosWorkload<Shared extends Places = Places> {
  readonly name: string;
  /** On the main thread, before the first Worker starts. */
  prepare(setup: Omit<Setup, "tasks">): Shared;
  /** On each Worker until `goesOn()` is false. A successor in the same seat runs it again with the same places. */
  run(context: ChaosContext, shared: Shared): void;
  /** On the main thread, after the Worker of a seat died: what it had claimed is free for others. */
  release(shared: Shared, worker: number): void;
}

export interface ChaosContext {
  /** The seat: 0 to `workers` - 1. */
  readonly worker: number;
  readonly workers: number;
  /** Differs between the Workers of one seat too. */
  readonly seed: number;
  readonly heap: CheckedHeap;
  /** To be asked before each turn. Stays inside while all Workers are to rest; false: the run is over. */
  goesOn(): boolean;
  /** The Worker has nothing to do until others have done something: sleeps a moment. */
  idle(): void;
}
