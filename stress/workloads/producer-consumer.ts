/**
 * producer-consumer: one half of the Workers only allocates, the other half only frees; caches run dry on one
 * side and fill up on the other. Blocks travel in batches of 4096 over a stack that holds at most 100 batches.
 * A batch is itself a block of the heap. With one Worker it takes both parts in turn.
 *
 * C. Lever, D. Boreham, "malloc() Performance in a Multithreaded Linux Environment", USENIX 2000 (xmalloc-test).
 */
import { Phase } from "../crew/control.ts";
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { lran2, lran2Words, seedLran2 } from "../random.ts";
import { createBatchStack, popBatch, pushBatch, waitForBatch } from "./batch-stack.ts";
import type { Heap } from "./heap.ts";
import type { WorkerContext, Workload } from "./workload.ts";

const BATCH_BLOCKS = 4096;
/** The batch itself: a link and 4096 pointers. */
const BATCH_BYTES = 8 * (1 + BATCH_BLOCKS);
const BATCHES = 100;
/** How much of a block the producer writes. */
const WRITTEN_BYTES = 128;
export const mixedSizes = [
  8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048,
] as const;

interface Shared {
  /** Batch b has the blocks from b * (1 + BATCH_BLOCKS) on; the first is the batch itself. */
  readonly blocks: BlockTable;
  readonly empty: Int32Array;
  readonly full: Int32Array;
}

/** Sizes are drawn from `sizes`; `seats` is as for a Workload. */
export function exchangeOfBatches(
  name: string,
  summary: string,
  sizes: readonly number[],
  seats: (workers: number) => number,
): Workload<Shared> {
  return {
    name,
    summary,
    seats,

    prepare({ workers }) {
      const batches = BATCHES + seats(workers);
      const shared = {
        blocks: createBlockTable(batches * (1 + BATCH_BLOCKS)),
        empty: createBatchStack(batches),
        full: createBatchStack(batches),
      };
      for (let batch = 0; batch < batches; batch++) pushBatch(shared.empty, batch);
      return shared;
    },

    run(context, { blocks, empty, full }) {
      const heap = context.heapOver(blocks);
      const produces = context.worker % 2 === 0;
      const consumes = context.worker % 2 === 1 || context.seats === 1;
      const state = new Int32Array(lran2Words);
      seedLran2(state, context.seed % 714025);
      const free = (batch: number) => consume(heap, batch);
      let tag = context.seed;
      const fill = (batch: number) => {
        produce(heap, state, sizes, batch, tag);
        tag = (tag + BATCH_BLOCKS) | 0;
      };
      do {
        if (produces) move(context, empty, full, fill);
        if (consumes) move(context, full, empty, free);
      } while (!context.seat.stopped());
      context.seat.meet();
      for (let batch = popBatch(full); batch >= 0; batch = popBatch(full)) consume(heap, batch);
      return "finished";
    },
  };
}

export const producerConsumer = exchangeOfBatches(
  "producer-consumer",
  "one half of the Workers only allocates, the other half only frees, in batches of 4096",
  mixedSizes,
  (workers) => workers,
);

/** Takes a batch from one stack, works on it, and puts it on the other; waits a moment if there is none. */
function move(context: WorkerContext, from: Int32Array, to: Int32Array, work: (batch: number) => void): void {
  const batch = popBatch(from);
  if (batch < 0) {
    context.seat.enter(Phase.waiting, 0);
    waitForBatch(from);
    return;
  }
  work(batch);
  pushBatch(to, batch);
  context.seat.countTurn();
}

function produce(heap: Heap, state: Int32Array, sizes: readonly number[], batch: number, tag: number): void {
  const first = batch * (1 + BATCH_BLOCKS);
  heap.malloc(first, BATCH_BYTES, tag);
  for (let i = 1; i <= BATCH_BLOCKS; i++) {
    const size = sizes.length === 1 ? sizes[0]! : sizes[lran2(state) % sizes.length]!;
    heap.malloc(first + i, size, tag + i);
    heap.write(first + i, 0, Math.min(size, WRITTEN_BYTES), i & 255);
  }
}

function consume(heap: Heap, batch: number): void {
  const first = batch * (1 + BATCH_BLOCKS);
  for (let i = 1; i <= BATCH_BLOCKS; i++) heap.free(first + i);
  heap.free(first);
}
