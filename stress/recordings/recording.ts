/**
 * A recording: every memory operation of one run of a real program, in one total order.
 *
 * It is kept in columns over SharedArrayBuffers: half a million operations are five buffers, and a Worker
 * that receives a Recording by postMessage sees the same memory instead of a copy.
 */

/** The six operations. The numbers are part of the committed file format (docs/recordings.md). */
export const Operation = {
  malloc: 0,
  calloc: 1,
  realloc: 2,
  alignedAlloc: 3,
  free: 4,
  threadDone: 5,
} as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

/** The columns have `length` entries each; entry i of all columns together is operation i. */
export interface Columns {
  /** An `Operation`. */
  readonly operation: Uint8Array;
  /** Thread number. A thread does nothing after its threadDone. */
  readonly thread: Uint16Array;
  /**
   * Block number, never used again after its free; a realloc keeps it, and a realloc of a block that was not
   * seen before is `realloc(null, size)`. -1 for `free(null)` and threadDone.
   */
  readonly block: Int32Array;
  /** Bytes asked for: the new size for realloc, the product for calloc, 0 for free and threadDone. */
  readonly size: Float64Array;
  /** Bytes, a power of two, alignedAlloc only; 0 for the others. */
  readonly alignment: Float64Array;
}

/** What follows from the columns alone; `measure` computes it. */
export interface Figures {
  /** Thread numbers are 0 .. threads-1, in the order of their first appearance. */
  readonly threads: number;
  /** Block numbers are 0 .. blocks-1, in the order of their first appearance. */
  readonly blocks: number;
  /** The largest sum of the sizes of live blocks, in bytes. */
  readonly peakLiveBytes: number;
  /** The largest number of live blocks. */
  readonly peakLiveBlocks: number;
  /** Frees by another thread than the one that allocated or last reallocated the block. */
  readonly crossThreadFrees: number;
}

export interface Recording extends Columns, Figures {
  /** File name without folder and extensions. */
  readonly name: string;
  /** Number of operations, at least 1. */
  readonly length: number;
}

/** Bytes. More in one request is a damaged recording, not a program: a window of the allocator ends at 2^32. */
export const LARGEST_SIZE = 2 ** 40;

/** Threads of one recording; a thread number must fit its column. */
export const MOST_THREADS = 65535;

/** Columns of `length` zeroes. */
export function createColumns(length: number): Columns {
  const shared = (bytesPerEntry: number) => new SharedArrayBuffer(length * bytesPerEntry);
  return {
    operation: new Uint8Array(shared(1)),
    thread: new Uint16Array(shared(2)),
    block: new Int32Array(shared(4)),
    size: new Float64Array(shared(8)),
    alignment: new Float64Array(shared(8)),
  };
}

/** Copies the first `length` entries of `source`; the rest of the longer `target` keeps its zeroes. */
export function copyColumns(target: Columns, source: Columns, length: number): void {
  target.operation.set(source.operation.subarray(0, length));
  target.thread.set(source.thread.subarray(0, length));
  target.block.set(source.block.subarray(0, length));
  target.size.set(source.size.subarray(0, length));
  target.alignment.set(source.alignment.subarray(0, length));
}
