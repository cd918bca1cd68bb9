/**
 * malloc-large: twenty slots of 5 to 25 MiB, replaced at random and written from end to end, the new block before the
 * old one is freed. Mapping, page faults, reuse of freed ranges: who returns memory at every free pays page faults at
 * every malloc. A turn is 2000 steps.
 *
 * L. Stolyarov, mimalloc issue 447, adapted by D. Leijen.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { Random } from "../random.ts";
import type { Workload } from "./workload.ts";

const SLOTS = 20;
const STEPS = 2000;
const LEAST_BYTES = 5 * 2 ** 20;
const MOST_BYTES = 25 * 2 ** 20;

export const mallocLarge: Workload<BlockTable> = {
  name: "malloc-large",
  summary: "twenty blocks of 5 to 25 MiB, replaced and written from end to end",

  seats: () => 1,
  prepare: () => createBlockTable(SLOTS + 1),

  run(context, blocks) {
    const heap = context.heapOver(blocks);
    const random = new Random(context.seed);
    /** The last one is the number that holds no block. */
    const numbers = Int32Array.from({ length: SLOTS + 1 }, (_, number) => number);
    do {
      for (let step = 0; step < STEPS; step++) {
        const slot = random.below(SLOTS);
        const size = random.between(LEAST_BYTES, MOST_BYTES);
        const block = numbers[SLOTS]!;
        const old = numbers[slot]!;
        heap.malloc(block, size, step);
        heap.write(block, 0, size, 0);
        if (heap.holds(old)) heap.free(old);
        numbers[slot] = block;
        numbers[SLOTS] = old;
        if (context.seat.stopped()) break;
      }
      for (let block = 0; block <= SLOTS; block++) if (heap.holds(block)) heap.free(block);
      context.seat.countTurn();
    } while (!context.seat.stopped());
    return "finished";
  },
};
