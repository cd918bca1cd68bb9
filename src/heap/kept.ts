/**
 * What a Worker may keep of the blocks with headers that it freed (worker/lists.ts), and giving that back: one budget for all
 * sizes. Everything goes back when the purge timer looks and when the Worker leaves; a part of it when the budget is used
 * up. Before a window grows on the Worker's account, a longer block serves the request, or what is kept is merged, a part at a
 * time. Before a block that grows moves, what is kept behind it goes back.
 */

import { CLASSES, classForRequest, classOfBlock, GRANULE_BYTES, granulesFor } from "../core/size-classes.ts";
import {
  BEHIND_LOOKS,
  CACHE_SMALL_BYTES,
  FLUSH_MOST,
  KEPT_LEAST_BYTES,
  KEPT_LIMIT_SHARE,
  KEPT_MOST_BYTES,
  KEPT_SHARE,
  LARGE_THRESHOLD_BYTES,
} from "../core/tunables.ts";
import type { WordIndex } from "../core/types.ts";
import { cachedBy, linkOf } from "../memory/cached-list.ts";
import type { Geometry } from "../memory/control.ts";
import { State } from "../memory/header.ts";
import type { Held } from "../memory/held.ts";
import { CacheWord, ControlDouble, cacheOfSlot, LISTS } from "../memory/layout.ts";
import type { Heap } from "./heap.ts";

type Shape = Pick<Geometry, "workerCache" | "purgeDelayMs" | "limitBytes" | "largeThresholdBytes">;

/** Granules that a Worker may keep in a window; none where every request takes the lock. Any time. */
export function keptMost({ geometry, control, slots }: Heap): number {
  const taken = control.doubles[ControlDouble.takenBytes]!;
  const share = slots.used === 1 ? control.committedBytes : taken / KEPT_SHARE;
  return Math.floor(keptMostBytes(geometry, share) / GRANULE_BYTES);
}

/** Bytes that a Worker may keep in a window whose share of the arena's bytes is so many. */
export function keptMostBytes({ workerCache, limitBytes }: Shape, shareBytes: number): number {
  if (!workerCache) return 0;
  const share = Math.min(Math.max(shareBytes, KEPT_LEAST_BYTES), KEPT_MOST_BYTES);
  return Math.min(share, limitBytes / KEPT_LIMIT_SHARE);
}

/** Granules of the largest block that a Worker keeps: only small ones where nothing may lie idle. */
export function largestKept({ purgeDelayMs, largeThresholdBytes, limitBytes }: Shape): number {
  const most = purgeDelayMs === 0 ? CACHE_SMALL_BYTES : LARGE_THRESHOLD_BYTES;
  return granulesFor(Math.min(most, largeThresholdBytes, Math.floor(limitBytes / KEPT_LIMIT_SHARE)));
}

/**
 * Gives blocks of this Worker's lists back to the policy, the largest first, until it keeps no more than half of `most`
 * granules; but no more than FLUSH_MOST blocks, so that nobody waits for long. Throws DamagedBlock.
 */
export function flushKept(heap: Held<Heap>, index: number, most: number): void {
  const { words } = heap.windows[index]!.space;
  const entries = cacheOfSlot(heap.slot);
  let left = FLUSH_MOST;
  for (let cls = CLASSES - 1; cls >= 2 && left > 0 && words[entries + CacheWord.kept]! * 2 > most; cls--)
    left -= releaseList(heap, index, entries + LISTS + cls, most >>> 1, left);
}

/**
 * The same until it keeps no more than `most` granules, as many blocks as that takes; everything for 0. Throws
 * DamagedBlock.
 */
export function releaseKept(heap: Held<Heap>, index: number, most: number): void {
  const { words } = heap.windows[index]!.space;
  const entries = cacheOfSlot(heap.slot);
  for (let cls = CLASSES - 1; cls >= 2 && (most === 0 || words[entries + CacheWord.kept]! > most); cls--)
    releaseList(heap, index, entries + LISTS + cls, most, Infinity);
  // Where a link was overwritten with 0, what stood behind it is on no list any more.
  if (most === 0 && words[entries + CacheWord.kept] !== 0) heap.doubt();
}

/** Gives one block back that has at least so many granules, of the smallest there are. False if there is none. */
export function releaseOne(heap: Held<Heap>, index: number, granules: number): boolean {
  const lists = cacheOfSlot(heap.slot) + LISTS;
  const { words } = heap.windows[index]!.space;
  for (let cls = classForRequest(granules); cls < CLASSES; cls++)
    if (words[lists + cls] !== 0) return releaseList(heap, index, lists + cls, 0, 1) === 1;
  return false;
}

/**
 * For a block that is to grow to `granules` where it stands: gives those of this Worker's kept blocks back that stand behind
 * it, if nothing else is in the way. Throws DamagedBlock.
 */
export function releaseBehind(heap: Held<Heap>, index: number, block: WordIndex, granules: number): void {
  const { space } = heap.windows[index]!;
  const end = block + granules * 4;
  const isKept = (at: WordIndex) => space.isHeldBy(at, heap.slot, State.cached);
  // Up to the chain's end: elsewhere there may be room without one page more.
  if (end > space.top) return;
  for (let at = space.next(block); at < end; at = space.next(at))
    if (!isKept(at) && !space.isFree(at)) return;
  for (let at = space.next(block); at < end && at < space.top; ) {
    if (!isKept(at)) at = space.next(at);
    else if (releaseThis(heap, index, at)) at = space.next(block);
    else return;
  }
}

/**
 * Walks this Worker's lists. Returns how many granules they lack: more than 0 where a link was overwritten with 0. Throws
 * DamagedBlock where another link or a header was overwritten.
 */
export function verifyKept(heap: Held<Heap>, index: number): number {
  const entries = cacheOfSlot(heap.slot);
  const { space } = heap.windows[index]!;
  let rest = space.words[entries + CacheWord.kept]!;
  for (let cls = 2; cls < CLASSES; cls++) {
    for (let block = space.words[entries + LISTS + cls]!; block !== 0; ) {
      const next = linkOf(space, block, cachedBy(heap.slot));
      rest -= space.granules(block as WordIndex);
      // Also ends a walk in a circle.
      if (rest < 0) throw space.damaged(block);
      block = next;
    }
  }
  return rest;
}

/**
 * For a request that comes to the heap: looks at the kept blocks that the fast path was asked for first. Throws DamagedBlock
 * where a header was overwritten.
 */
export function verifyFirst(heap: Held<Heap>, index: number, granules: number): void {
  const { space } = heap.windows[index]!;
  const list = cacheOfSlot(heap.slot) + LISTS + classOfBlock(granules);
  for (let entry = list; entry <= list + 2; entry++) {
    const block = space.words[entry]!;
    if (block !== 0) linkOf(space, block, cachedBy(heap.slot));
  }
}

/** Gives a kept block back. False if it is not among the first of its list. */
function releaseThis(heap: Held<Heap>, index: number, block: WordIndex): boolean {
  const { space } = heap.windows[index]!;
  const { words } = space;
  const entries = cacheOfSlot(heap.slot);
  const granules = space.granules(block);
  let link = entries + LISTS + classOfBlock(granules);
  for (let looks = BEHIND_LOOKS; looks > 0 && words[link] !== 0; looks--) {
    const next = linkOf(space, words[link]!, cachedBy(heap.slot));
    if (words[link] !== block) {
      link = words[link]!;
      continue;
    }
    words[link] = next;
    heap.release(index, block);
    words[entries + CacheWord.kept] = Math.max(words[entries + CacheWord.kept]! - granules, 0);
    return true;
  }
  return false;
}

/** Gives up to `blocks` blocks of a list back, as long as more than `most` granules are kept, if that is not 0. */
function releaseList(heap: Held<Heap>, index: number, entry: number, most: number, blocks: number): number {
  const { space } = heap.windows[index]!;
  const { words } = space;
  const kept = cacheOfSlot(heap.slot) + CacheWord.kept;
  let count = 0;
  for (; count < blocks && (most === 0 || words[kept]! > most); count++) {
    const block = words[entry]! as WordIndex | 0;
    if (block === 0) break;
    const granules = space.granules(block);
    words[entry] = linkOf(space, block, cachedBy(heap.slot));
    heap.release(index, block);
    words[kept] = Math.max(words[kept]! - granules, 0);
  }
  return count;
}
