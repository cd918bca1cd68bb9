/**
 * rptest: a steady mix of own frees and of batches that come in from other Workers, on scattered slots, with sizes of
 * 8 to 16,000 bytes, plain, zeroed and aligned. A turn is one pass of 500 loops; at its end everything is freed.
 *
 * M. Jansson, rpmalloc-benchmark, 2017.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { createBatchStack, popBatch, pushBatch } from "./batch-stack.ts";
import type { Heap } from "./heap.ts";
import { planRptest, type RptestPlan } from "./rptest-plan.ts";
import type { WorkerContext, Workload } from "./workload.ts";

const SLOTS = 1000;
const LOOPS = 500;
const OPERATIONS_PER_LOOP = 100;
/** Every second loop sends a batch. */
const CROSS_RATE = 2;
const BATCHES = LOOPS / CROSS_RATE;
/** A batch's own two blocks, its record and its array of pointers, stand before its other blocks. */
const RECORD_BYTES = 32;
const BATCH_BLOCKS = 2 + OPERATIONS_PER_LOOP;
const BLOCKS_PER_WORKER = SLOTS + BATCHES * BATCH_BLOCKS;
/** The smallest primes from 7 on that do not divide the number of slots. */
const ALLOCATION_STRIDE = 7;
const FREE_STRIDE = 11;
const ZEROED_FROM_BYTES = 4096;
const PAGE_BYTES = 4096;
const ALIGNED_BYTE = 0xcd;

interface Shared {
  readonly blocks: BlockTable;
  readonly plan: RptestPlan;
  /** For each Worker the batches that others sent it. */
  readonly incoming: readonly Int32Array[];
  /** How many blocks a batch holds. */
  readonly counts: Int32Array;
  /** How many Workers have finished the pass. */
  readonly finished: Int32Array;
}

export const rptest: Workload<Shared> = {
  name: "rptest",
  summary: "own frees and incoming batches, medium sizes, zeroed and aligned blocks",

  prepare: ({ workers }) => ({
    blocks: createBlockTable(workers * BLOCKS_PER_WORKER),
    plan: planRptest(),
    incoming: Array.from({ length: workers }, () => createBatchStack(workers * BATCHES)),
    counts: new Int32Array(new SharedArrayBuffer(workers * BATCHES * 4)),
    finished: new Int32Array(new SharedArrayBuffer(4)),
  }),

  run(context, shared) {
    const player = new Player(context, shared);
    let pass = 0;
    do {
      player.play(pass++);
      Atomics.add(shared.finished, 0, 1);
      context.seat.meet();
      player.freeAll();
      Atomics.store(shared.finished, 0, 0);
      context.seat.countTurn();
    } while (context.seat.goOn());
    return "finished";
  },
};

class Player {
  private readonly heap: Heap;
  private readonly first: number;
  private position = 0;
  private allocated = 0;
  private freed = 0;
  private target = 0;

  constructor(
    private readonly context: WorkerContext,
    private readonly shared: Shared,
  ) {
    this.heap = context.heapOver(shared.blocks);
    this.first = context.worker * BLOCKS_PER_WORKER;
  }

  play(pass: number): void {
    const { context, first, heap } = this;
    const { sizes, allocationPercent, freePercent } = this.shared.plan;
    this.position = ((context.worker + 1) * ((pass % 2) + 1) * 37) % sizes.length;
    for (let loop = 0; loop < LOOPS; loop++) {
      const percentFreed = freePercent[(pass + loop) % freePercent.length]!;
      const frees = Math.floor((0.8 * OPERATIONS_PER_LOOP * percentFreed) / 100);
      for (let i = 0; i < frees; i++) {
        if (heap.holds(first + this.freed)) heap.free(first + this.freed);
        this.freed = (this.freed + FREE_STRIDE) % SLOTS;
      }
      this.freeIncoming();
      const percent = allocationPercent[(pass + loop) % allocationPercent.length]!;
      const allocations = Math.floor((OPERATIONS_PER_LOOP * percent) / 100);
      for (let i = 0; i < allocations; i++) {
        const block = first + this.allocated;
        if (heap.holds(block)) heap.free(block);
        this.allocate(block, i);
        this.allocated = (this.allocated + ALLOCATION_STRIDE) % SLOTS;
      }
      const alone = context.seats === 1 || Atomics.load(this.shared.finished, 0) > 0;
      if (loop % CROSS_RATE === 0 && !alone) this.send(loop / CROSS_RATE, allocations);
    }
  }

  /** After all have finished: what is left in the own slots, and what came late. */
  freeAll(): void {
    this.freeIncoming();
    for (let slot = 0; slot < SLOTS; slot++) {
      if (this.heap.holds(this.first + slot)) this.heap.free(this.first + slot);
    }
  }

  private allocate(block: number, step: number): void {
    const { heap, position } = this;
    const { sizes } = this.shared.plan;
    const size = sizes[(position + 2) % sizes.length]!;
    const alignment = size >= ZEROED_FROM_BYTES ? 0 : 8 * ((position + step) % 3);
    if (alignment === 0) {
      heap.calloc(block, 1, size, position);
    } else {
      heap.alignedAlloc(block, alignment, size, position);
      heap.write(block, 0, size, ALIGNED_BYTE);
    }
    heap.write(block, 0, 4, size & 255);
    for (let page = PAGE_BYTES; page < size; page += PAGE_BYTES) heap.write(block, page, 1, 1);
    heap.write(block, size - 1, 1, 1);
    this.position = (position + 1) % sizes.length;
  }

  /** To the next Worker in turn, never to itself. */
  private send(number: number, count: number): void {
    const { context, heap, shared } = this;
    const batch = context.worker * BATCHES + number;
    const record = this.recordOf(batch);
    heap.malloc(record, RECORD_BYTES, batch);
    heap.malloc(record + 1, count * 8, batch);
    for (let i = 0; i < count; i++) this.allocate(record + 2 + i, i);
    shared.counts[batch] = count;
    this.target = (this.target + 1) % (context.seats - 1);
    pushBatch(shared.incoming[(context.worker + 1 + this.target) % context.seats]!, batch);
  }

  private freeIncoming(): void {
    const { context, heap, shared } = this;
    const incoming = shared.incoming[context.worker]!;
    for (let batch = popBatch(incoming); batch >= 0; batch = popBatch(incoming)) {
      const record = this.recordOf(batch);
      for (let i = 0; i < shared.counts[batch]!; i++) heap.free(record + 2 + i);
      heap.free(record + 1);
      heap.free(record);
    }
  }

  private recordOf(batch: number): number {
    const owner = Math.floor(batch / BATCHES);
    return owner * BLOCKS_PER_WORKER + SLOTS + (batch - owner * BATCHES) * BATCH_BLOCKS;
  }
}
