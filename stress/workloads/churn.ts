/**
 * churn: all operations on all sizes in random order. Each Worker has slots of its own; some turns swap a slot
 * with one of a table that all Workers share, so that blocks are checked, resized and freed by others than the
 * Worker that allocated them. About three slots in five hold a block.
 */
import { type BlockTable, createBlockNumbers, createBlockTable } from "../oracle/block-table.ts";
import { Random } from "../random.ts";
import type { Heap } from "./heap.ts";
import type { WorkerContext, Workload } from "./workload.ts";

const OWN_SLOTS = 512;
const SHARED_SLOTS = 1024;
const TURNS_BETWEEN_STOP_CHECKS = 32;
const LARGEST_ALIGNMENT_EXPONENT = 12;
const PAGE_BYTES = 4096;

/** Per mille of draws up to this row, least and most size. Page sizes are hit exactly and missed by one word. */
const bands: readonly (readonly [perMille: number, least: number, most: number])[] = [
  [10, 0, 0],
  [460, 1, 64],
  [770, 65, 1024],
  [935, 1025, 16 * 1024],
  [960, PAGE_BYTES - 8, PAGE_BYTES + 8],
  [994, 16 * 1024, 256 * 1024],
  [999, 256 * 1024, 2 ** 20],
  [1000, 2 ** 20, 4 * 2 ** 20],
];

export function drawChurnSize(random: Random): number {
  const draw = random.below(1000);
  // No closure: with gigabytes of payload in view the collector hardly runs, and garbage stays.
  let row = 0;
  while (draw >= bands[row]![0]) row++;
  return random.between(bands[row]![1], bands[row]![2]);
}

interface Shared {
  readonly blocks: BlockTable;
  /** Block numbers. Together with the Workers' slots each number is in exactly one place. */
  readonly exchange: Int32Array;
}

export const churn: Workload<Shared> = {
  name: "churn",
  summary:
    "random malloc, calloc, realloc, alignedAlloc, free of all sizes; blocks change hands between Workers",

  prepare({ workers }) {
    const exchange = createBlockNumbers(workers * OWN_SLOTS, SHARED_SLOTS);
    return { blocks: createBlockTable(workers * OWN_SLOTS + SHARED_SLOTS), exchange };
  },

  run(context, { blocks, exchange }) {
    const heap = context.heapOver(blocks);
    const random = new Random(context.seed);
    const own = new Int32Array(OWN_SLOTS);
    for (let i = 0; i < OWN_SLOTS; i++) own[i] = context.worker * OWN_SLOTS + i;
    while (!context.seat.stopped()) {
      for (let i = 0; i < TURNS_BETWEEN_STOP_CHECKS; i++) turn(heap, random, own, exchange);
    }
    for (const block of own) if (heap.holds(block)) heap.free(block);
    drain(context, heap, exchange);
    return "finished";
  },
};

function turn(heap: Heap, random: Random, own: Int32Array, exchange: Int32Array): void {
  const slot = random.below(OWN_SLOTS);
  const block = own[slot]!;
  const action = random.below(100);
  if (action < 35) {
    const received = Atomics.exchange(exchange, random.below(SHARED_SLOTS), block);
    own[slot] = received;
    if (heap.holds(received)) heap.verify(received);
  } else if (!heap.holds(block)) {
    allocate(heap, random, block);
  } else if (action < 60) {
    heap.realloc(block, drawChurnSize(random), random.next());
  } else {
    heap.free(block);
  }
}

/** One of the four ways to get a block. */
export function allocate(heap: Heap, random: Random, block: number): void {
  const way = random.below(100);
  const size = drawChurnSize(random);
  const tag = random.next();
  if (way < 50) heap.malloc(block, size, tag);
  else if (way < 75) heap.calloc(block, 1 + (size & 7), (size / (1 + (size & 7))) | 0, tag);
  else if (way < 90) heap.alignedAlloc(block, 2 ** random.between(0, LARGEST_ALIGNMENT_EXPONENT), size, tag);
  else heap.realloc(block, size, tag);
}

/** Nobody puts anything into the shared table after the meeting: each Worker empties what it finds. */
function drain(context: WorkerContext, heap: Heap, exchange: Int32Array): void {
  context.seat.meet();
  for (let i = 0; i < SHARED_SLOTS; i++) {
    const block = Atomics.exchange(exchange, i, -1);
    if (block >= 0 && heap.holds(block)) heap.free(block);
  }
}
