/**
 * Kept blocks: those above `CACHE_SMALL_BYTES` that a Worker freed and no list of its cache had room for, so that a program
 * that allocates and frees blocks of many sizes seldom takes the lock. The fast path keeps and takes them
 * (cache/fast-path.ts): of those that fit the smallest.
 *
 * They are cached by the Worker's slot, their links always 0. All go back when one more is freed than may be kept, before
 * the window grows on the Worker's account, before one of its blocks is made longer, and when the purge timer looks.
 */
import { cachedBy, linkOf } from "../block/cached-list.ts";
import type { BlockSpace } from "../block/space.ts";
import { GRANULE_BYTES } from "../core/size-classes.ts";
import { KEPT_BYTES, KEPT_SHARE, KEPT_SLACK_SHIFT } from "../core/tunables.ts";
import type { WordIndex } from "../core/types.ts";
import { CacheWord, cacheOfSlot, KEPT, KEPT_END } from "../memory/layout.ts";
import type { Heap } from "./heap.ts";

/** Gives the blocks that this Worker keeps in a window back to the policy. Throws DamagedBlock. Under the lock. */
export function releaseKept(heap: Heap, index: number): void {
  const { space } = heap.windows[index]!;
  const { words } = space;
  const entries = cacheOfSlot(heap.slot);
  if (words[entries + CacheWord.keptGranules] === 0) return;
  for (let at = entries + KEPT; at < entries + KEPT_END; at += 2) {
    const block = words[at]! as WordIndex | 0;
    if (block === 0) continue;
    verifyBlock(heap, space, block);
    words[at] = 0;
    words[at + 1] = 0;
    heap.release(index, block);
  }
  words[entries + CacheWord.keptGranules] = 0;
}

/** Throws DamagedBlock if the header or the link of a kept block was overwritten. Under the lock. */
export function verifyKept(heap: Heap, index: number): void {
  const { space } = heap.windows[index]!;
  const entries = cacheOfSlot(heap.slot);
  for (let at = entries + KEPT; at < entries + KEPT_END; at += 2) {
    const block = space.words[at]!;
    if (block !== 0) verifyBlock(heap, space, block);
  }
}

/**
 * For a request that comes to the heap although a kept block fits it: that one's header or link was overwritten. Throws
 * DamagedBlock. Under the lock.
 */
export function verifyFitting(heap: Heap, index: number, granules: number): void {
  const { space } = heap.windows[index]!;
  const { words } = space;
  const entries = cacheOfSlot(heap.slot);
  if (words[entries + CacheWord.keptGranules] === 0) return;
  const most = granules + (granules >>> KEPT_SLACK_SHIFT);
  for (let at = entries + KEPT; at < entries + KEPT_END; at += 2) {
    const present = words[at + 1]!;
    if (present >= granules && present <= most) verifyBlock(heap, space, words[at]!);
  }
}

/** Granules that a Worker may keep beside a single block. */
export function keptMost({ geometry }: Heap): number {
  if (geometry.purgeDelayMs === 0) return 0;
  return Math.floor(Math.min(KEPT_BYTES, geometry.limitBytes / KEPT_SHARE) / GRANULE_BYTES);
}

function verifyBlock(heap: Heap, space: BlockSpace, block: number): void {
  if (linkOf(space, block, cachedBy(heap.slot)) !== 0) throw space.damaged(block);
}
