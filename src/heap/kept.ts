/**
 * The kept block: one block in each window that a Worker freed and no list of its cache had room for, so that a program
 * that allocates and frees one large size takes no lock. The fast path keeps and takes it (cache/fast-path.ts).
 *
 * It is cached by the Worker's slot, its link always 0. It goes back before the Worker asks the window's policy for
 * memory or for a longer block, so that it is never missing where memory has to grow; and when the purge timer looks.
 */
import { cachedBy, linkOf } from "../block/cached-list.ts";
import type { WordIndex } from "../core/types.ts";
import { CacheWord, cacheOfSlot } from "../memory/layout.ts";
import type { Heap } from "./heap.ts";

/** Gives the block that this Worker keeps in a window back to the policy. Throws DamagedBlock. Under the lock. */
export function releaseKept(heap: Heap, index: number): void {
  const block = keptBlock(heap, index);
  if (block === 0) return;
  verifyKept(heap, index);
  const { words } = heap.windows[index]!.space;
  words[keptWord(heap)] = 0;
  heap.release(index, block);
}

/** Throws DamagedBlock if the header or the link of the kept block was overwritten. Under the lock. */
export function verifyKept(heap: Heap, index: number): void {
  const { space } = heap.windows[index]!;
  const block = keptBlock(heap, index);
  if (block !== 0 && linkOf(space, block, cachedBy(heap.slot)) !== 0) throw space.damaged(block);
}

function keptBlock(heap: Heap, index: number): WordIndex | 0 {
  return heap.windows[index]!.space.words[keptWord(heap)]! as WordIndex | 0;
}

function keptWord(heap: Heap): number {
  return cacheOfSlot(heap.slot) + CacheWord.kept;
}
