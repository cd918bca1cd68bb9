/**
 * mleak: Workers that allocate one block and end, ten at a time. What they leave lies in a table of 1000 slots until
 * another Worker takes it out: never more than 128 KB live, so an allocator that cannot take over the heap of an ended
 * thread shows it by its memory. Not a measure of speed: starting a Worker takes ten thousand times as long as the rest.
 *
 * D. Leijen, Microsoft Research, 2018 (mimalloc).
 */
import { type BlockTable, createBlockNumbers, createBlockTable } from "../oracle/block-table.ts";
import { deriveSeed, Random } from "../random.ts";
import type { Workload } from "./workload.ts";

const SEATS = 10;
const SLOTS = 1000;
const WORDS = 16;
const WORD_BYTES = 8;

interface Shared {
  readonly blocks: BlockTable;
  /** Block numbers; with the Workers' own each number is in exactly one place. */
  readonly table: Int32Array;
  /** For each seat the number of the block that the next Worker allocates, and how many there were. */
  readonly own: Int32Array;
  readonly turns: Int32Array;
}

export const mleak: Workload<Shared> = {
  name: "mleak",
  summary: "Workers that allocate one block each and end; others free it",

  seats: () => SEATS,

  prepare: () => ({
    blocks: createBlockTable(SLOTS + SEATS),
    table: createBlockNumbers(0, SLOTS),
    own: createBlockNumbers(SLOTS, SEATS),
    turns: new Int32Array(new SharedArrayBuffer(SEATS * 4)),
  }),

  run(context, { blocks, table, own, turns }) {
    const { worker, seat } = context;
    const heap = context.heapOver(blocks);
    const random = new Random(deriveSeed(context.seed, turns[worker]!++));
    const block = own[worker]!;
    heap.calloc(block, WORDS, WORD_BYTES, random.next());
    heap.write(block, 0, WORD_BYTES, worker);
    const received = Atomics.exchange(table, random.below(SLOTS), block);
    if (heap.holds(received)) heap.free(received);
    own[worker] = received;
    seat.countTurn();
    if (!seat.stopped()) return "succeed";
    seat.meet();
    if (worker === 0) for (const left of table) if (heap.holds(left)) heap.free(left);
    return "finished";
  },
};

export const mleakCheap: Workload<Shared> = {
  ...mleak,
  name: "mleak-cheap",
  summary: "mleak without new Workers: the same ones detach and attach again after each block",
  successor: "attachment",
};
