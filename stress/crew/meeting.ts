/** A place where a fixed number of Workers wait for each other, as often as they like. */

/** Words that a meeting needs: how many are there, and how often all have been. */
export const meetingWords = 2;

/** Returns when `members` Workers have called it. Waits in pieces, so that a lost wake-up costs 100 ms at most. */
export function meetAt(words: Int32Array, first: number, members: number): void {
  const count = first;
  const round = first + 1;
  const now = Atomics.load(words, round);
  if (Atomics.add(words, count, 1) + 1 === members) {
    Atomics.store(words, count, 0);
    Atomics.add(words, round, 1);
    Atomics.notify(words, round);
    return;
  }
  while (Atomics.load(words, round) === now) Atomics.wait(words, round, now, 100);
}
