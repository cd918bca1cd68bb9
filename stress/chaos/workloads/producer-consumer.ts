/**
 * producer-consumer: one half of the Workers only allocates, the other half only frees. A batch is claimed where it
 * stands; if its Worker dies, the next one of the same half goes on with what is there. One Worker does both.
 */
import { createBlockTable } from "../../oracle/block-table.ts";
import type { CheckedHeap } from "../../oracle/checked-heap.ts";
import { Random } from "../../random.ts";
import { mixedSizes } from "../../workloads/producer-consumer.ts";
import { claim, createClaims, release, releaseAll } from "./claims.ts";
import type { ChaosContext, ChaosWorkload, Places } from "./workload.ts";

const BATCH_BLOCKS = 256;
const BATCHES_PER_WORKER = 8;
const TO_BE_FILLED = 0;
const TO_BE_EMPTIED = 1;

interface Shared extends Places {
  /** For each batch: which half it waits for. Written by whoever has the claim. */
  readonly state: Int32Array;
  readonly claims: Int32Array;
}

export const producerConsumer: ChaosWorkload<Shared> = {
  name: "producer-consumer",

  prepare({ workers }) {
    const batches = workers * BATCHES_PER_WORKER;
    return {
      blocks: createBlockTable(batches * BATCH_BLOCKS),
      state: new Int32Array(new SharedArrayBuffer(batches * 4)),
      claims: createClaims(batches),
    };
  },

  run(context, shared) {
    const random = new Random(context.seed);
    const produces = context.worker % 2 === 0;
    const consumes = context.worker % 2 === 1 || context.workers === 1;
    while (context.goesOn()) {
      const filled = produces && work(context, shared, random, TO_BE_FILLED);
      const emptied = consumes && work(context, shared, random, TO_BE_EMPTIED);
      if (!filled && !emptied) context.idle();
    }
  },

  release: ({ claims }, worker) => releaseAll(claims, worker),
};

/** Finds a batch in this state and works on it. False if there is none. */
function work(
  { worker, heap }: ChaosContext,
  { state, claims }: Shared,
  random: Random,
  wanted: number,
): boolean {
  const start = random.below(state.length);
  for (let i = 0; i < state.length; i++) {
    const batch = (start + i) % state.length;
    if (Atomics.load(state, batch) !== wanted || !claim(claims, batch, worker)) continue;
    // Another Worker may have been faster between the two.
    if (Atomics.load(state, batch) === wanted) {
      if (wanted === TO_BE_FILLED) fill(heap, random, batch * BATCH_BLOCKS);
      else empty(heap, batch * BATCH_BLOCKS);
      Atomics.store(state, batch, 1 - wanted);
    }
    release(claims, batch);
    return true;
  }
  return false;
}

function fill(heap: CheckedHeap, random: Random, first: number): void {
  for (let block = first; block < first + BATCH_BLOCKS; block++) {
    if (!heap.holds(block)) heap.malloc(block, mixedSizes[random.below(mixedSizes.length)]!, random.next());
  }
}

function empty(heap: CheckedHeap, first: number): void {
  for (let block = first; block < first + BATCH_BLOCKS; block++) if (heap.holds(block)) heap.free(block);
}
