/**
 * glibc-simple: one small size at a time, with 25 to 1600 blocks live; half of them are freed in the order of their
 * allocation, half in reverse. Two Workers take turns, so that only one of them is busy: as in the original, three
 * phases on the first and one on the second.
 *
 * Free Software Foundation, glibc benchtests, 2019; half and half by D. Leijen.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import type { Heap } from "./heap.ts";
import type { Workload } from "./workload.ts";

const sizes = [16, 32, 64] as const;
const liveBlocks = [25, 100, 400, 1600] as const;
const MOST_BLOCKS = 1600;
const BLOCK_POINTER_BYTES = 8;
/** Pairs of malloc and free in each run; a hundredth of the original, so that a turn takes a fraction of a second. */
const PAIRS = 20_000;
/** Which Worker is busy in which phase. */
const phases = [0, 0, 1, 0] as const;

export const glibcSimple: Workload<BlockTable> = {
  name: "glibc-simple",
  summary: "one small size, 25 to 1600 live; one busy Worker at a time",

  seats: () => 2,
  prepare: () => createBlockTable(2 * MOST_BLOCKS),

  run(context, blocks) {
    const heap = context.heapOver(blocks);
    const first = context.worker * MOST_BLOCKS;
    do {
      for (const size of sizes) {
        for (const busy of phases) {
          if (busy === context.worker) {
            const list = heap.mallocOwn(MOST_BLOCKS * BLOCK_POINTER_BYTES);
            for (const count of liveBlocks) replaceAll(heap, first, count, size);
            heap.freeOwn(list, MOST_BLOCKS * BLOCK_POINTER_BYTES);
          }
          context.seat.meet();
        }
      }
      if (context.worker === 0) context.seat.countTurn();
    } while (context.seat.goOn());
    return "finished";
  },
};

function replaceAll(heap: Heap, first: number, count: number, size: number): void {
  const half = first + (count >>> 1);
  for (let repetition = Math.floor(PAIRS / count); repetition > 0; repetition--) {
    for (let block = first; block < first + count; block++) {
      heap.malloc(block, size, block);
      heap.write(block, 0, size, block & 255);
    }
    for (let block = first; block < half; block++) heap.free(block);
    for (let block = first + count - 1; block >= half; block--) heap.free(block);
  }
}
