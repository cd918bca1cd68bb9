/**
 * glibc-thread: random replacement in 1024 slots, mostly tiny blocks with a long tail; Workers share nothing.
 * Unlike the original it frees its slots at the end.
 *
 * Free Software Foundation, glibc benchtests, 2013.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { Random } from "../random.ts";
import type { Workload } from "./workload.ts";

const SLOTS = 1024;
const DRAWN_SLOTS = 4096;
const DRAWN_SIZES = 8000;
const LEAST_BYTES = 4;
const MOST_BYTES = 32_768;
const TURNS_BETWEEN_STOP_CHECKS = 256;

/** By an inverse-square law: half are at most 8 bytes, one in a hundred has more than 400. */
export function drawThreadSizes(random: Random): Int32Array {
  const sizes = new Int32Array(new SharedArrayBuffer(DRAWN_SIZES * 4));
  for (let i = 0; i < DRAWN_SIZES; i++) {
    const fraction = random.next() / (2 ** 32 - 1);
    sizes[i] = Math.floor(1 / (1 / LEAST_BYTES + (1 / MOST_BYTES - 1 / LEAST_BYTES) * fraction));
  }
  return sizes;
}

interface Shared {
  readonly blocks: BlockTable;
  readonly sizes: Int32Array;
  readonly slots: Int32Array;
}

export const glibcThread: Workload<Shared> = {
  name: "glibc-thread",
  summary: "random replacement of 1024 mostly tiny blocks, nothing shared",

  prepare({ workers, seed }) {
    const random = new Random(seed);
    const slots = new Int32Array(new SharedArrayBuffer(DRAWN_SLOTS * 4));
    for (let i = 0; i < DRAWN_SLOTS; i++) slots[i] = random.below(SLOTS);
    return { blocks: createBlockTable(workers * SLOTS), sizes: drawThreadSizes(random), slots };
  },

  run(context, { blocks, sizes, slots }) {
    const { seat } = context;
    const heap = context.heapOver(blocks);
    const first = context.worker * SLOTS;
    let drawnSlot = 0;
    let drawnSize = 0;
    do {
      for (let i = 0; i < TURNS_BETWEEN_STOP_CHECKS; i++) {
        drawnSlot = (drawnSlot + 1) & (DRAWN_SLOTS - 1);
        drawnSize = drawnSize === DRAWN_SIZES - 1 ? 0 : drawnSize + 1;
        const block = first + slots[drawnSlot]!;
        const size = sizes[drawnSize]!;
        if (heap.holds(block)) heap.free(block);
        heap.malloc(block, size, drawnSize);
        heap.write(block, 0, size, drawnSize & 255);
      }
    } while (!seat.stopped());
    for (let slot = 0; slot < SLOTS; slot++) if (heap.holds(first + slot)) heap.free(first + slot);
    return "finished";
  },
};
