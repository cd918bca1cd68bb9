/**
 * cache-thrash: active false sharing. Does the allocator serve simultaneous tiny requests of different Workers from
 * one cache line? As cache-scratch, but no block comes from another Worker. On few cores the time shows little, so the
 * Workers first compare where their blocks lie; the result tells how often two of them met in one line.
 *
 * E. Berger, Hoard, 1998 to 2003.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { BLOCK_BYTES, hammer } from "./cache-lines.ts";
import type { Heap } from "./heap.ts";
import type { WorkerContext, Workload } from "./workload.ts";

const LINE_BYTES = 64;
const COMPARED_BLOCKS = 64;

interface Shared {
  readonly blocks: BlockTable;
  /** For each Worker the cache lines of its blocks, in the order of their allocation. */
  readonly lines: readonly Float64Array[];
  /** How often two Workers had a block in one line at the same time. */
  readonly shared: Int32Array;
}

export const cacheThrash: Workload<Shared> = {
  name: "cache-thrash",
  summary: "active false sharing: simultaneous tiny requests of different Workers",

  prepare: ({ workers }) => ({
    blocks: createBlockTable(0),
    lines: Array.from(
      { length: workers },
      () => new Float64Array(new SharedArrayBuffer(COMPARED_BLOCKS * 8)),
    ),
    shared: new Int32Array(new SharedArrayBuffer(4)),
  }),

  run(context, shared) {
    const heap = context.heapOver(shared.blocks);
    compareLines(context, heap, shared);
    while (!context.seat.stopped()) hammer(context, heap);
    return "finished";
  },

  result: ({ lines, shared }) =>
    `${shared[0]} times two Workers were in one cache line, with ${COMPARED_BLOCKS} blocks for each of ${lines.length}`,
};

/** All Workers allocate at once; nothing is freed until all have compared. */
function compareLines(context: WorkerContext, heap: Heap, { lines, shared }: Shared): void {
  const addresses = Array.from({ length: COMPARED_BLOCKS }, () => heap.mallocOwn(BLOCK_BYTES));
  const own = lines[context.worker]!;
  for (let i = 0; i < COMPARED_BLOCKS; i++) own[i] = Math.floor(addresses[i]! / LINE_BYTES);
  context.seat.meet();
  for (const others of lines.slice(context.worker + 1)) {
    for (const line of new Set(own)) if (others.includes(line)) Atomics.add(shared, 0, 1);
  }
  context.seat.meet();
  for (const address of addresses) heap.freeOwn(address, BLOCK_BYTES);
}
