/**
 * What keeps the operations on one block in recorded order while several Workers play: each operation knows how
 * many operations on the same block come before it, and each block counts the operations that are done.
 */
import type { Recording } from "../recordings/recording.ts";

export interface ReplayOrder {
  /** For each operation: how many operations on its block come before it. */
  readonly ordinal: Int32Array;
  /** For each operation: 1 if another thread has the next operation on the block, and perhaps waits for it. */
  readonly handsOver: Uint8Array;
}

export function createReplayOrder(recording: Recording): ReplayOrder {
  const { length, thread, block } = recording;
  const ordinal = new Int32Array(new SharedArrayBuffer(length * 4));
  const handsOver = new Uint8Array(new SharedArrayBuffer(length));
  const latest = new Int32Array(recording.blocks).fill(-1);
  for (let i = 0; i < length; i++) {
    const number = block[i]!;
    if (number < 0) continue;
    const before = latest[number]!;
    if (before >= 0) {
      ordinal[i] = ordinal[before]! + 1;
      if (thread[before] !== thread[i]) handsOver[before] = 1;
    }
    latest[number] = i;
  }
  return { ordinal, handsOver };
}

const SPINS = 2000;
const WAIT_MS = 1;

/** Waits until `ordinal` operations on the block are done. Spins first: the other Worker is usually close. */
export function awaitOrdinal(done: Int32Array, block: number, ordinal: number): void {
  for (let i = 0; i < SPINS; i++) if (Atomics.load(done, block) === ordinal) return;
  for (;;) {
    const now = Atomics.load(done, block);
    if (now === ordinal) return;
    Atomics.wait(done, block, now, WAIT_MS);
  }
}
