/**
 * alloc-test: small sizes, a table of slots that is half full, a few very hot slots, long random life times; Workers
 * share nothing. A step frees a slot if it is full and fills it if it is empty; a turn is 100,000,000 steps.
 *
 * OLogN Technologies, 2018. The original draws as it goes. Here draws cost more than malloc, so they are made once and
 * used again after a million steps; all Workers do the same.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { AllocTestDraws, Zones } from "./alloc-test-draws.ts";
import type { Heap } from "./heap.ts";
import type { Workload } from "./workload.ts";

const SLOTS = 262_144;
/** With fewer, the hottest zone would be empty. */
const LEAST_SLOTS = 16_384;
const STEPS = 100_000_000;
const STEPS_BETWEEN_STOP_CHECKS = 4096;
const DRAWN_SLOTS = 2 ** 20;
const DRAWN_SIZES = 2 ** 16;

interface Shared {
  readonly blocks: BlockTable;
  /** How many slots each Worker has. */
  readonly slots: number;
  readonly drawnSlots: Int32Array;
  readonly drawnSizes: Int32Array;
}

export const allocTest: Workload<Shared> = {
  name: "alloc-test",
  summary: "small blocks in hot and cold slots, long life times, nothing shared",

  prepare({ workers }) {
    const slots = Math.max(LEAST_SLOTS, Math.floor(SLOTS / workers));
    const draws = new AllocTestDraws();
    const zones = new Zones(slots);
    const drawnSlots = new Int32Array(new SharedArrayBuffer(DRAWN_SLOTS * 4));
    const drawnSizes = new Int32Array(new SharedArrayBuffer(DRAWN_SIZES * 4));
    for (let i = 0; i < DRAWN_SLOTS; i++) drawnSlots[i] = zones.draw(draws);
    for (let i = 0; i < DRAWN_SIZES; i++) drawnSizes[i] = draws.size();
    return { blocks: createBlockTable(workers * slots), slots, drawnSlots, drawnSizes };
  },

  run(context, { blocks, slots, drawnSlots, drawnSizes }) {
    const { seat } = context;
    const heap = context.heapOver(blocks);
    const draws = new AllocTestDraws();
    const first = context.worker * slots;
    let sizes = 0;
    do {
      const tableBytes = slots * 16;
      const table = heap.mallocOwn(tableBytes);
      for (let slot = 0, bits = 0; slot < slots; slot++, bits >>>= 1) {
        if (slot % 32 === 0) bits = draws.next();
        if ((bits & 1) === 1) fill(heap, first + slot, drawnSizes[sizes++ & (DRAWN_SIZES - 1)]!, slot);
      }
      for (let step = 0; step < STEPS; step++) {
        if (step % STEPS_BETWEEN_STOP_CHECKS === 0 && seat.stopped()) break;
        const block = first + drawnSlots[step & (DRAWN_SLOTS - 1)]!;
        if (heap.holds(block)) empty(heap, block);
        else fill(heap, block, drawnSizes[sizes++ & (DRAWN_SIZES - 1)]!, step);
      }
      for (let slot = 0; slot < slots; slot++) if (heap.holds(first + slot)) empty(heap, first + slot);
      heap.freeOwn(table, tableBytes);
      seat.countTurn();
    } while (!seat.stopped());
    return "finished";
  },
};

function fill(heap: Heap, block: number, size: number, tag: number): void {
  heap.malloc(block, size, tag);
  heap.write(block, 0, size, size & 255);
}

function empty(heap: Heap, block: number): void {
  heap.read(block);
  heap.free(block);
}
