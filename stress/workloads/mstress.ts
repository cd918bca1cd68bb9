/**
 * mstress: the mix of a server. Sizes are powers of two with a large tail; Workers do uneven amounts of work, swap
 * blocks through a table of 1000 slots, and end after each round while blocks of theirs live on. Between two rounds
 * Worker 0 frees half of the table.
 *
 * D. Leijen, Microsoft Research, 2018 (mimalloc). Blocks are named by their numbers; each number is in exactly one
 * place, the list of a Worker or the table, whether there is a block at the time or not.
 */
import { type BlockTable, createBlockNumbers, createBlockTable } from "../oracle/block-table.ts";
import type { Heap } from "./heap.ts";
import { Draws, type MstressPlan, planMstress, STEP_WORDS, Step, TABLE_SLOTS } from "./mstress-plan.ts";
import type { Workload } from "./workload.ts";

/** The list of data blocks grows by so many pointers. */
const LIST_STEP = 100_000;
const POINTER_BYTES = 8;
const TABLE_SEED = 43 * 43;

interface Shared {
  readonly blocks: BlockTable;
  readonly plans: readonly MstressPlan[];
  /** For each Worker the numbers of its data blocks. */
  readonly data: readonly Int32Array[];
  /** For each Worker the number of its first kept block. */
  readonly firstKept: readonly number[];
  readonly table: Int32Array;
  /** How many rounds are done. */
  readonly rounds: Int32Array;
}

export const mstress: Workload<Shared> = {
  name: "mstress",
  summary: "mixed sizes with a large tail, swapped between Workers that end after each round",

  prepare({ workers }) {
    const plans = Array.from({ length: workers }, (_, worker) => planMstress(worker));
    let next = 0;
    const take = (count: number): number => {
      next += count;
      return next - count;
    };
    const table = createBlockNumbers(take(TABLE_SLOTS), TABLE_SLOTS);
    const data = plans.map(({ dataBlocks }) => createBlockNumbers(take(dataBlocks), dataBlocks));
    const firstKept = plans.map(({ keptBlocks }) => take(keptBlocks));
    const rounds = new Int32Array(new SharedArrayBuffer(4));
    return { blocks: createBlockTable(next), plans, data, firstKept, table, rounds };
  },

  run(context, { blocks, plans, data, firstKept, table, rounds }) {
    const { worker, seat } = context;
    const heap = context.heapOver(blocks);
    playRound(heap, plans[worker]!, data[worker]!, firstKept[worker]!, table);
    const goesOn = seat.goOn();
    if (worker === 0) {
      emptyTable(heap, table, goesOn ? new Draws(TABLE_SEED + rounds[0]!++) : null);
      seat.countTurn();
    }
    seat.meet();
    return goesOn ? "succeed" : "finished";
  },
};

export const mstressCheap: Workload<Shared> = {
  ...mstress,
  name: "mstress-cheap",
  summary: "mstress without new Workers: the same ones detach and attach again after each round",
  successor: "attachment",
};

function playRound(
  heap: Heap,
  plan: MstressPlan,
  data: Int32Array,
  firstKept: number,
  table: Int32Array,
): void {
  const { steps, dataBlocks, keptBlocks } = plan;
  const keptListBytes = keptBlocks * POINTER_BYTES;
  const keptList = heap.mallocOwn(keptListBytes);
  let dataList = 0;
  let dataListBytes = 0;
  let allocated = 0;
  let kept = 0;
  for (let at = 0; at < steps.length; at += STEP_WORDS) {
    const bytes = steps[at + Step.bytes]!;
    if (steps[at + Step.kept] === 1) {
      allocate(heap, firstKept + kept++, bytes, at);
    } else {
      if (allocated * POINTER_BYTES === dataListBytes) {
        const grown = dataListBytes + LIST_STEP * POINTER_BYTES;
        dataList = heap.reallocOwn(dataList, dataListBytes, grown);
        dataListBytes = grown;
      }
      allocate(heap, data[allocated++]!, bytes, at);
    }
    const freeIndex = steps[at + Step.freeIndex]!;
    if (freeIndex >= 0) release(heap, data[freeIndex]!);
    const swapIndex = steps[at + Step.swapIndex]!;
    if (swapIndex >= 0) {
      data[swapIndex] = Atomics.exchange(table, steps[at + Step.swapSlot]!, data[swapIndex]!);
    }
  }
  for (let i = 0; i < keptBlocks; i++) release(heap, firstKept + i);
  for (let i = 0; i < dataBlocks; i++) release(heap, data[i]!);
  heap.freeOwn(keptList, keptListBytes);
  heap.freeOwn(dataList, dataListBytes);
}

function allocate(heap: Heap, block: number, bytes: number, tag: number): void {
  heap.malloc(block, bytes, tag);
  heap.write(block, 0, bytes, tag & 255);
}

function release(heap: Heap, block: number): void {
  if (!heap.holds(block)) return;
  heap.read(block);
  heap.free(block);
}

/** Frees what about half of the slots hold; without draws, what all of them hold. */
function emptyTable(heap: Heap, table: Int32Array, draws: Draws | null): void {
  for (const block of table) if (draws === null || draws.chance(50)) release(heap, block);
}
