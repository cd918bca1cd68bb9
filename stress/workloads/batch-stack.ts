/** A stack of batch numbers under one lock, for handing batches from Worker to Worker. Last in, first out. */
const LOCK = 0;
const COUNT = 1;
const FIRST_ITEM = 2;
const FREE = 0;
const TAKEN = 1;
const WAIT_MS = 50;

export const createBatchStack = (capacity: number): Int32Array =>
  new Int32Array(new SharedArrayBuffer((FIRST_ITEM + capacity) * 4));

/** There is always room: a stack has as much capacity as there are batches. */
export function pushBatch(stack: Int32Array, batch: number): void {
  lock(stack);
  const count = stack[COUNT]!;
  stack[FIRST_ITEM + count] = batch;
  Atomics.store(stack, COUNT, count + 1);
  unlock(stack);
  Atomics.notify(stack, COUNT, 1);
}

/** Takes the latest batch; -1 when there is none. */
export function popBatch(stack: Int32Array): number {
  lock(stack);
  const count = stack[COUNT]!;
  const batch = count === 0 ? -1 : stack[FIRST_ITEM + count - 1]!;
  if (count > 0) Atomics.store(stack, COUNT, count - 1);
  unlock(stack);
  return batch;
}

/** Sleeps until there may be a batch, for a short time at the most. */
export function waitForBatch(stack: Int32Array): void {
  Atomics.wait(stack, COUNT, 0, WAIT_MS);
}

function lock(stack: Int32Array): void {
  while (Atomics.exchange(stack, LOCK, TAKEN) !== FREE) Atomics.wait(stack, LOCK, TAKEN, 1);
}

function unlock(stack: Int32Array): void {
  Atomics.store(stack, LOCK, FREE);
  Atomics.notify(stack, LOCK, 1);
}
