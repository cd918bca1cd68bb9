/**
 * The stash: full lists of a Worker's cache, put aside as they are and taken back as they are, without the lock, so that
 * a Worker that frees and allocates thousands of blocks in turn meets nobody, and its blocks stay with its processor.
 * What does not fit goes to the depot, where every Worker finds it.
 *
 * Shared words, behind the entries of the slot's cache and written as those are (cache/cache.ts). Two words a class:
 *
 *   0  head     first block of the newest list, 0 = none; word b + 1 of a list's first block leads to the next list
 *   1  room     how many lists may still be put aside
 *
 * The blocks are cached by the Worker's slot like all others of its cache. They go to the depot before the window grows
 * on their account, when the purge timer looks, and when the Worker leaves.
 */
import { type Batch, cachedBy, linkOf } from "../block/cached-list.ts";
import type { BlockSpace } from "../block/space.ts";
import { CLASSES, classGranules, FIRST_SINGLE_CLASS } from "../core/size-classes.ts";
import { CACHE_CLASS_MOST, STASH_LISTS } from "../core/tunables.ts";
import { CacheWord, cacheOfSlot, ENTRY_WORDS, STASH, STASHED_GRANULES } from "../memory/layout.ts";
import { deposit } from "./depot.ts";
import type { Heap } from "./heap.ts";

/** What the last transfer counted: one object, since garbage at each lock would stay (docs/runtime.md). */
const batch: Batch = { blocks: 0, granules: 0 };

/** First block of the newest list of a class that the slot's Worker has put aside, 0 = none. */
export function stashed(words: Int32Array, entries: number, cls: number): number {
  return words[entries + STASH + cls * ENTRY_WORDS]!;
}

/**
 * Puts the whole list of a class aside, of `granules` about. False if there is no room, or no list. The room of the empty
 * list is the caller's to set.
 */
export function stow(words: Int32Array, entries: number, cls: number, granules: number): boolean {
  const entry = entries + cls * ENTRY_WORDS;
  const stash = entry + STASH;
  const first = words[entry]!;
  const room = words[stash + 1]!;
  if (first === 0 || room <= 0) return false;
  words[first + 1] = words[stash]!;
  words[stash] = first;
  words[stash + 1] = room - 1;
  words[entry] = 0;
  words[entries + STASHED_GRANULES] = words[entries + STASHED_GRANULES]! + granules;
  return true;
}

/**
 * Takes the newest list back, whose first block was found undamaged, and leaves room for so many in its place. The
 * class's own list is empty.
 */
export function unstow(
  words: Int32Array,
  entries: number,
  cls: number,
  granules: number,
  rooms: number,
): void {
  const entry = entries + cls * ENTRY_WORDS;
  const stash = entry + STASH;
  const first = words[stash]!;
  words[stash] = words[first + 1]!;
  words[stash + 1] = words[stash + 1]! + rooms;
  words[entry] = first;
  words[entry + 1] = 0;
  words[entries + STASHED_GRANULES] = Math.max(words[entries + STASHED_GRANULES]! - granules, 0);
}

/** About how many granules of a window this Worker could do without: kept, put aside, and single blocks in its lists. */
export function spareGranules(heap: Heap, { words }: BlockSpace): number {
  const entries = cacheOfSlot(heap.slot);
  let granules = words[entries + STASHED_GRANULES]! + words[entries + CacheWord.keptGranules]!;
  for (let cls: number = FIRST_SINGLE_CLASS; cls < CLASSES; cls++) {
    if (words[entries + cls * ENTRY_WORDS] !== 0) granules += classGranules[cls]!;
  }
  return granules;
}

/** Gives all that this Worker could do without in a window to the depot. Throws DamagedBlock. Under the lock. */
export function depositSpare(heap: Heap, index: number): void {
  const { space } = heap.windows[index]!;
  const { words } = space;
  const entries = cacheOfSlot(heap.slot);
  const holder = cachedBy(heap.slot);
  for (let cls = 2; cls < CLASSES; cls++) {
    const entry = entries + cls * ENTRY_WORDS;
    const stash = entry + STASH;
    for (let first = words[stash]!; first !== 0; first = words[stash]!) {
      const next = words[first + 1]!;
      deposit(space, cls, first, holder, batch);
      words[stash] = next;
      words[stash + 1] = words[stash + 1]! + 1;
    }
    const single = cls < FIRST_SINGLE_CLASS ? 0 : words[entry]!;
    if (single === 0) continue;
    deposit(space, cls, single, holder, batch);
    words[entry] = 0;
    words[entry + 1] = words[entry + 1]! + batch.blocks;
  }
  words[entries + STASHED_GRANULES] = 0;
}

/** Walks what this Worker has put aside. Throws DamagedBlock where a link or a header was overwritten. Under the lock. */
export function verifyStash(heap: Heap, space: BlockSpace): void {
  const { words } = space;
  const entries = cacheOfSlot(heap.slot);
  for (let cls = 2; cls < CLASSES; cls++) {
    let most = STASH_LISTS * CACHE_CLASS_MOST;
    for (let first = stashed(words, entries, cls); first !== 0; first = words[first + 1]!) {
      for (let block = first; block !== 0; block = linkOf(space, block, cachedBy(heap.slot))) {
        if (--most < 0) throw space.damaged(block);
      }
    }
  }
}
