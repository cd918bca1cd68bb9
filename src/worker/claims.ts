/**
 * Claims: whoever frees or reallocates a block that is in use takes it away from its user first, so that of several
 * Workers exactly one succeeds. A word of the cache names the block before it is claimed, for the case of a death.
 */

import type { WordIndex } from "../core/types.ts";
import { settleClaims } from "../death/recovery.ts";
import type { Heap } from "../heap/heap.ts";
import { CHECK_MASK, packState, SLOT_MASK, State, stateOf, TAIL_MASK } from "../memory/header.ts";
import { CacheWord } from "../memory/layout.ts";
import type { WindowCache } from "./lists.ts";

/**
 * Takes a block in use away from its user, whoever allocated it: exactly one of several callers succeeds. The
 * block is then this Worker's, busy. False if it was not in use any more.
 */
export function claim(heap: Heap, cache: WindowCache, block: WordIndex): boolean {
  const words = cache.words;
  const word1 = words[block - 1]!;
  if (stateOf(word1) !== State.inUse) return false;
  const busy = (word1 & (CHECK_MASK | TAIL_MASK)) | packState(0, State.busy, heap.slot, 0);
  const found = Atomics.compareExchange(words, block - 1, word1, busy);
  if (found === word1) return true;
  // Its owner may have been forgotten meanwhile (death/owners.ts), which a block in use sees once.
  const nobodys = word1 & ~SLOT_MASK;
  return found === nobodys && Atomics.compareExchange(words, block - 1, nobodys, busy) === nobodys;
}

/**
 * Before a claim: settles the one that an earlier call left when it was thrown out of the allocator, and makes up for
 * its repair, which would otherwise settle the new claim.
 */
export function settleStale(heap: Heap, { words, entries, number }: WindowCache): void {
  const stale = words[entries + CacheWord.freeing]! | words[entries + CacheWord.reallocating]!;
  if (stale === 0 && !heap.isDoubtful) return;
  heap.enter();
  try {
    const freeing = settleClaims(heap, heap.windows[number]!, heap.slot);
    if (freeing !== 0) heap.release(number, freeing);
    words[entries + CacheWord.freeing] = 0;
  } catch (error) {
    throw heap.repaired(error, "free");
  } finally {
    heap.leave();
  }
}
