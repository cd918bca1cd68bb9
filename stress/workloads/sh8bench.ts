/**
 * sh8bench: as sh6bench, with sizes drawn by weight and with remote frees: of the blocks that are due, each Worker
 * hands the first tenth to its neighbour. A Worker first frees what it was handed, forwards and backwards in turn. A
 * turn is 700,000 blocks.
 *
 * A stand-in for MicroQuill's program of that name; see rings.ts.
 */
import { type BlockTable, createBlockNumbers, createBlockTable } from "../oracle/block-table.ts";
import { Random } from "../random.ts";
import { createBatchStack, popBatch, pushBatch } from "./batch-stack.ts";
import type { Heap } from "./heap.ts";
import { fillSlot, freeingOrders, RING_SLOTS } from "./rings.ts";
import type { Workload } from "./workload.ts";

const BLOCKS_PER_TURN = 700_000;
const HANDED_OVER = 666;
/** How many batches of a Worker may be under way; if all are, its neighbour is far behind, and it frees all itself. */
const BATCHES = 32;
const weights: readonly (readonly [size: number, weight: number])[] = [
  [8, 30],
  [16, 25],
  [32, 20],
  [64, 12],
  [128, 7],
  [256, 4],
  [1024, 2],
];
const wheel = Int32Array.from(weights.flatMap(([size, weight]) => new Array<number>(weight).fill(size)));

interface Shared {
  readonly blocks: BlockTable;
  /** For each Worker the numbers in its slots; with those of the batches each number is in exactly one place. */
  readonly slots: readonly Int32Array[];
  readonly batches: Int32Array;
  /** For each Worker its batches that are not under way, and those that it was handed. */
  readonly idle: readonly Int32Array[];
  readonly inboxes: readonly Int32Array[];
}

export const sh8bench: Workload<Shared> = {
  name: "sh8bench",
  summary: "as sh6bench, and a tenth of the blocks is freed by the next Worker",

  seats: (workers) => 2 * workers,

  prepare({ workers }) {
    const seats = 2 * workers;
    const batchBlocks = seats * BATCHES * HANDED_OVER;
    const stacks = () => Array.from({ length: seats }, () => createBatchStack(seats * BATCHES));
    const shared = {
      blocks: createBlockTable(seats * RING_SLOTS + batchBlocks),
      slots: Array.from({ length: seats }, (_, seat) => createBlockNumbers(seat * RING_SLOTS, RING_SLOTS)),
      batches: createBlockNumbers(seats * RING_SLOTS, batchBlocks),
      idle: stacks(),
      inboxes: stacks(),
    };
    shared.idle.forEach((idle, seat) => {
      for (let i = 0; i < BATCHES; i++) pushBatch(idle, seat * BATCHES + i);
    });
    return shared;
  },

  run(context, { blocks, slots, batches, idle, inboxes }) {
    const { seat, worker, seats } = context;
    const heap = context.heapOver(blocks);
    const own = slots[worker]!;
    const orders = freeingOrders();
    const random = new Random(context.seed);
    let allocated = 0;
    let round = 0;
    do {
      for (let slot = 0; slot < RING_SLOTS; slot++) {
        if (heap.holds(own[slot]!)) continue;
        fillSlot(heap, own[slot]!, wheel[random.below(wheel.length)]!, slot);
        if (++allocated % BLOCKS_PER_TURN === 0) seat.countTurn();
      }
      freeInbox(heap, batches, inboxes[worker]!, idle, round);
      const order = orders[round % orders.length]!;
      const batch = popBatch(idle[worker]!);
      let next = 0;
      if (batch >= 0) {
        for (; next < HANDED_OVER; next++) exchange(own, order[next]!, batches, batch * HANDED_OVER + next);
        pushBatch(inboxes[(worker + 1) % seats]!, batch);
      }
      for (; next < order.length; next++) heap.free(own[order[next]!]!);
      round++;
    } while (!seat.stopped());
    seat.meet();
    freeInbox(heap, batches, inboxes[worker]!, idle, 0);
    for (const block of own) if (heap.holds(block)) heap.free(block);
    return "finished";
  },
};

/** Swaps a slot's number with one of a batch. */
function exchange(own: Int32Array, slot: number, batches: Int32Array, place: number): void {
  const block = own[slot]!;
  own[slot] = batches[place]!;
  batches[place] = block;
}

function freeInbox(
  heap: Heap,
  batches: Int32Array,
  inbox: Int32Array,
  idle: readonly Int32Array[],
  round: number,
): void {
  for (let batch = popBatch(inbox); batch >= 0; batch = popBatch(inbox)) {
    const first = batch * HANDED_OVER;
    if (round % 2 === 0) for (let i = 0; i < HANDED_OVER; i++) heap.free(batches[first + i]!);
    else for (let i = HANDED_OVER - 1; i >= 0; i--) heap.free(batches[first + i]!);
    pushBatch(idle[Math.floor(batch / BATCHES)]!, batch);
  }
}
