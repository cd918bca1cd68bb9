/**
 * larson: a server whose threads die and leave their live blocks to successors. Each of N chains owns 5000
 * slots; a generation replaces random slots 2,000,000 times, then its Worker ends and a new one goes on with the
 * same slots and the same generator. Worker 0 prepares all slots, shuffled, so that the first generation already
 * frees what another Worker allocated. Unlike the original, the last generation frees everything.
 *
 * P. Larson, M. Krishnan, "Memory Allocation for Long-Running Server Applications", ISMM 1998.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { lran2, lran2Words, seedLran2 } from "../random.ts";
import type { Heap } from "./heap.ts";
import type { Workload } from "./workload.ts";

const SLOTS_PER_WORKER = 5000;
const REPLACEMENTS_PER_GENERATION = 2_000_000;
const REPLACEMENTS_BETWEEN_STOP_CHECKS = 32;
const LEAST_BYTES = 8;
const LIMIT_BYTES = 1000;

interface Shared {
  readonly blocks: BlockTable;
  /** One lran2 state for each chain. */
  readonly states: Int32Array;
}

const drawSize = (state: Int32Array): number => LEAST_BYTES + (lran2(state) % (LIMIT_BYTES - LEAST_BYTES));
const stateOf = (states: Int32Array, chain: number): Int32Array =>
  states.subarray(chain * lran2Words, (chain + 1) * lran2Words);

export const larson: Workload<Shared> = {
  name: "larson",
  summary: "a server whose threads die: new Workers take over the live blocks of ended ones",

  prepare({ workers }) {
    return {
      blocks: createBlockTable(workers * SLOTS_PER_WORKER),
      states: new Int32Array(new SharedArrayBuffer(workers * lran2Words * 4)),
    };
  },

  open(context, { blocks, states }) {
    const heap = context.heapOver(blocks);
    const state = new Int32Array(lran2Words);
    seedLran2(state, context.seed % 714025);
    const slots = context.workers * SLOTS_PER_WORKER;
    for (let slot = 0; slot < slots; slot++) allocate(heap, state, slot, slot);
    for (let slot = slots - 1; slot >= 0; slot--) swap(blocks, slot, lran2(state) % (slot + 1));
    for (let i = 0; i < 4 * slots; i++) {
      const slot = lran2(state) % slots;
      heap.free(slot);
      allocate(heap, state, slot, i);
    }
    for (let chain = 0; chain < context.workers; chain++) seedLran2(stateOf(states, chain), lran2(state));
  },

  run(context, { blocks, states }) {
    const heap = context.heapOver(blocks);
    const state = stateOf(states, context.worker);
    const first = context.worker * SLOTS_PER_WORKER;
    for (let i = 0; i < REPLACEMENTS_PER_GENERATION; i++) {
      if (i % REPLACEMENTS_BETWEEN_STOP_CHECKS === 0 && context.seat.stopped()) break;
      const slot = first + (lran2(state) % SLOTS_PER_WORKER);
      heap.free(slot);
      allocate(heap, state, slot, i);
    }
    context.seat.countTurn();
    if (!context.seat.stopped()) return "succeed";
    for (let i = 0; i < SLOTS_PER_WORKER; i++) heap.free(first + i);
    return "finished";
  },
};

export const larsonCheap: Workload<Shared> = {
  ...larson,
  name: "larson-cheap",
  summary: "larson without new Workers: the same ones detach and attach again",
  successor: "attachment",
};

function allocate(heap: Heap, state: Int32Array, slot: number, tag: number): void {
  heap.malloc(slot, drawSize(state), tag);
  heap.write(slot, 0, 2, tag & 255);
}

function swap(blocks: BlockTable, a: number, b: number): void {
  for (const column of [blocks.address, blocks.size, blocks.tag]) {
    const kept = column[a]!;
    column[a] = column[b]!;
    column[b] = kept;
  }
}
