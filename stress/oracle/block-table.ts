/**
 * What the test knows about each of its blocks, outside the heap and without a JS object for any of them.
 * A block is named by its number in the table. Only one Worker owns a number at a time; it passes on together
 * with the block, through an `Atomics` operation that also publishes the row.
 */
export interface BlockTable {
  /** Payload address; 0 = no block. */
  readonly address: Float64Array;
  /** Bytes asked for. */
  readonly size: Float64Array;
  /** Where in the reference buffer the content begins. */
  readonly tag: Int32Array;
}

export function createBlockTable(blocks: number): BlockTable {
  return {
    address: new Float64Array(new SharedArrayBuffer(blocks * 8)),
    size: new Float64Array(new SharedArrayBuffer(blocks * 8)),
    tag: new Int32Array(new SharedArrayBuffer(blocks * 4)),
  };
}

/** The numbers of `count` blocks from `first` on, in shared memory: for lists and tables between which they move. */
export function createBlockNumbers(first: number, count: number): Int32Array {
  const numbers = new Int32Array(new SharedArrayBuffer(count * 4));
  for (let i = 0; i < count; i++) numbers[i] = first + i;
  return numbers;
}
