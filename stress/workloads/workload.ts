/** The interface of a workload. Each is a file in this folder; the catalogue lists them. */
import type { Seat } from "../crew/control.ts";
import type { BlockTable } from "../oracle/block-table.ts";
import type { CheckedHeap } from "../oracle/checked-heap.ts";
import type { Recording } from "../recordings/recording.ts";

/** `Shared` is what the Workers share: structured-cloneable, numbers in SharedArrayBuffers. */
export interface Workload<Shared = unknown> {
  readonly name: string;
  /** One line for `--list` and `--help`. */
  readonly summary: string;
  /** On the main thread, before the Workers start. */
  prepare(setup: Setup): Shared;
  /** On Worker 0 alone, before the start line. */
  open?(context: WorkerContext, shared: Shared): void;
  /**
   * On each Worker, from the start line until `seat.stopped()`. Frees what the Worker holds, then returns; or
   * leaves it to a successor: a new Worker in the same seat that runs the same method again.
   */
  run(context: WorkerContext, shared: Shared): Ending;
}

export type Ending = "finished" | "succeed";

export interface Setup {
  readonly workers: number;
  readonly seed: number;
  /** For replay only. */
  readonly recording: Recording | undefined;
}

export interface WorkerContext {
  /** 0 to `workers` - 1. */
  readonly worker: number;
  readonly workers: number;
  /** Differs between Workers and between workloads. */
  readonly seed: number;
  readonly seat: Seat;
  /** The checked heap, keeping its books in this table. */
  heapOver(blocks: BlockTable): CheckedHeap;
}
