/**
 * The workload under which `canary` plants its faults: a short fixed series of all operations. All blocks stay
 * live until all Workers have allocated theirs, so that a fault cannot hide behind a free.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { Random } from "../random.ts";
import type { Heap } from "./heap.ts";
import type { Workload } from "./workload.ts";

const BLOCKS_PER_WORKER = 400;

export const canaryExercise: Workload<BlockTable> = {
  name: "canary",
  summary: "plants faults in libc and shows that each of them is detected (not part of the bare command)",

  prepare: ({ workers }) => createBlockTable(workers * BLOCKS_PER_WORKER),

  run(context, blocks) {
    const heap = context.heapOver(blocks);
    const random = new Random(context.seed);
    const first = context.worker * BLOCKS_PER_WORKER;
    for (let i = 0; i < BLOCKS_PER_WORKER; i++) exercise(heap, random, first + i, i & 3);
    context.seat.meet();
    for (let i = 0; i < BLOCKS_PER_WORKER; i++) heap.free(first + i);
    return "finished";
  },
};

function exercise(heap: Heap, random: Random, block: number, way: number): void {
  // Large enough that every plant has room for its wrong byte, and that chance does not put the right one there.
  const size = random.between(64, 4096);
  const tag = random.next();
  if (way === 0) heap.malloc(block, size, tag);
  else if (way === 1) heap.calloc(block, 1, size, tag);
  else if (way === 2) heap.alignedAlloc(block, 256, size, tag);
  else {
    heap.realloc(block, size, tag);
    heap.realloc(block, random.between(64, 4096), random.next());
  }
}
