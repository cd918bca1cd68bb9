/**
 * sh6bench: small blocks without sharing, freed in both orders, by two Workers for each of `--workers`. Depth of
 * caches, order of free lists. A turn is 300 rounds.
 *
 * A stand-in for MicroQuill's program of that name; see rings.ts.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { fillSlot, freeingOrders, RING_SLOTS } from "./rings.ts";
import type { Workload } from "./workload.ts";

const ROUNDS = 300;
const LIMIT_BYTES = 1000;
const GROWTH = 1.5;
const MOST_IN_A_ROW = 50;

/** 1, 2, 3, 5, 8 ... 710 bytes, the smaller ones several times in a row. */
export function ringSizes(): Int32Array {
  const sizes: number[] = [];
  for (let size = 1; size < LIMIT_BYTES; size = Math.ceil(size * GROWTH)) {
    const times = Math.min(MOST_IN_A_ROW, Math.ceil(LIMIT_BYTES / size));
    for (let i = 0; i < times; i++) sizes.push(size);
  }
  return Int32Array.from(sizes);
}

export const sh6bench: Workload<BlockTable> = {
  name: "sh6bench",
  summary: "2N Workers fill rings of small blocks and free them in both orders",

  seats: (workers) => 2 * workers,
  prepare: ({ workers }) => createBlockTable(2 * workers * RING_SLOTS),

  run(context, blocks) {
    const { seat } = context;
    const heap = context.heapOver(blocks);
    const first = context.worker * RING_SLOTS;
    const orders = freeingOrders();
    const sizes = ringSizes();
    let drawn = 0;
    do {
      for (let round = 0; round < ROUNDS; round++) {
        for (let block = first; block < first + RING_SLOTS; block++) {
          if (heap.holds(block)) continue;
          fillSlot(heap, block, sizes[drawn]!, block);
          drawn = drawn + 1 === sizes.length ? 0 : drawn + 1;
        }
        const order = orders[round % orders.length]!;
        for (let i = 0; i < order.length; i++) heap.free(first + order[i]!);
        if (seat.stopped()) break;
      }
      for (let block = first; block < first + RING_SLOTS; block++) if (heap.holds(block)) heap.free(block);
      seat.countTurn();
    } while (!seat.stopped());
    return "finished";
  },
};
