/** What cache-scratch and cache-thrash have in common: tiny blocks that are written again and again. */
import { bytesAt } from "../../native/raw-memory.ts";
import { Fault } from "../oracle/fault.ts";
import type { Heap } from "./heap.ts";
import type { WorkerContext } from "./workload.ts";

export const BLOCK_BYTES = 1;
const ITERATIONS = 1000;
/** Of all Workers together, in each iteration. The original's 2,000,000 would take minutes with Atomics. */
const REPETITIONS = 4000;

/** 1000 times: allocate a block, write it, read it back, free it. */
export function hammer(context: WorkerContext, heap: Heap): void {
  const repetitions = Math.floor(REPETITIONS / context.workers);
  for (let i = 0; i < ITERATIONS; i++) {
    const address = heap.mallocOwn(BLOCK_BYTES);
    const bytes = bytesAt(address, BLOCK_BYTES);
    writeAgainAndAgain(bytes, repetitions);
    heap.freeOwn(address, BLOCK_BYTES);
  }
  context.seat.countTurn();
}

/** With Atomics, so that each store reaches the cache line. */
function writeAgainAndAgain(bytes: Uint8Array, repetitions: number): void {
  for (let i = 0; i < repetitions; i++) {
    const byte = i & 255;
    Atomics.store(bytes, 0, byte);
    const found = Atomics.load(bytes, 0);
    if (found !== byte) throw new Fault("content", `a block of 1 byte holds ${found} instead of ${byte}`);
  }
}
