/**
 * cache-thrash: active false sharing. Does the allocator serve simultaneous tiny requests of different Workers from
 * one cache line? As cache-scratch, but no block comes from another Worker.
 *
 * E. Berger, Hoard, 1998 to 2003.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { hammer } from "./cache-lines.ts";
import type { Workload } from "./workload.ts";

export const cacheThrash: Workload<BlockTable> = {
  name: "cache-thrash",
  summary: "active false sharing: simultaneous tiny requests of different Workers",

  prepare: () => createBlockTable(0),

  run(context, blocks) {
    const heap = context.heapOver(blocks);
    while (!context.seat.stopped()) hammer(context, heap);
    return "finished";
  },
};
