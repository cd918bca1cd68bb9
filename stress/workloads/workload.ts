/** The interface of a workload. Each is a file in this folder; the catalogue lists them. */
import type { Seat } from "../crew/control.ts";
import type { BlockTable } from "../oracle/block-table.ts";
import type { Recording } from "../recordings/recording.ts";
import type { Heap } from "./heap.ts";

/** `Shared` is what the Workers share: structured-cloneable, numbers in SharedArrayBuffers. */
export interface Workload<Shared = unknown> {
  readonly name: string;
  /** One line for `--list` and `--help`. */
  readonly summary: string;
  /** How many Workers it takes where `--workers` says `workers`; without it, as many. */
  seats?(workers: number): number;
  /** Who goes on when `run` returns "succeed": a new Worker, or the same one after it detached. */
  readonly successor?: "worker" | "attachment";
  /** Husky runs it on a private arena with this limit. */
  readonly limitBytes?: number;
  /** On the main thread, before the Workers start. */
  prepare(setup: Setup): Shared;
  /** On Worker 0 alone, before the start line. */
  open?(context: WorkerContext, shared: Shared): void;
  /**
   * On each Worker, from the start line until `seat.stopped()`. Frees what the Worker holds, then returns; or
   * leaves it to a successor: a new Worker in the same seat that runs the same method again.
   */
  run(context: WorkerContext, shared: Shared): Ending;
  /** On the main thread, after the last Worker: the result as the original prints it. Throws if it is wrong. */
  result?(shared: Shared): string;
}

export type Ending = "finished" | "succeed";

export interface Setup {
  /** What `--workers` says. */
  readonly workers: number;
  readonly seed: number;
  /** For replay only. */
  readonly recording: Recording | undefined;
  /** For collatz only. */
  readonly tasks: number;
}

export interface WorkerContext {
  /** 0 to `seats` - 1. */
  readonly worker: number;
  /** What `--workers` says. */
  readonly workers: number;
  /** How many Workers there are at a time. */
  readonly seats: number;
  /** Differs between Workers and between workloads. */
  readonly seed: number;
  readonly seat: Seat;
  /** The heap of this build, keeping its books in this table. */
  heapOver(blocks: BlockTable): Heap;
}
