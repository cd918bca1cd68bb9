/**
 * Moving blocks between a Worker's cache and the heap, many for one lock: refill an empty class, flush the older
 * half of a full one, empty the cache of this Worker or of a dead one. Each takes the lock itself, except `drain`.
 *
 * A block changes its state under the lock, so that nobody's rebuild mistakes it for a lost one.
 */
import { type Batch, cachedBy, linkOf } from "../block/cached-list.ts";
import { State } from "../block/header.ts";
import { CLASSES, classGranules, FIRST_SINGLE_CLASS, GRANULE_BYTES } from "../core/size-classes.ts";
import { CACHE_CLASS_MOST, FIRST_BATCH, SINGLE_BATCH_BYTES } from "../core/tunables.ts";
import type { WordIndex } from "../core/types.ts";
import { deposit, withdraw } from "../heap/depot.ts";
import type { Heap } from "../heap/heap.ts";
import { releaseKept, verifyKept } from "../heap/kept.ts";
import { depositSpare, verifyStash } from "../heap/stash.ts";
import { upkeep } from "../heap/upkeep.ts";
import { CacheWord, ControlDouble, cacheOfSlot, ENTRY_WORDS, LIST_WORDS } from "../memory/layout.ts";
import type { WindowCache } from "./cache.ts";

/** What the last transfer counted: one object, since garbage at each lock would stay (docs/runtime.md). */
const batch: Batch = { blocks: 0, granules: 0 };

/** Blocks that the next refill of each class brings: grows with use, so that rare sizes cost little memory. */
export function firstBatches(): Uint16Array {
  return new Uint16Array(CLASSES).fill(FIRST_BATCH);
}

/**
 * Fills an empty class: with a batch from a depot, or else from the heap; window `preferred` first. Returns the number
 * of the window whose cache got the blocks, or -1 if not even one was to be had (`heap.refusal` says why).
 */
export function refill(
  heap: Heap,
  caches: readonly WindowCache[],
  preferred: number,
  cls: number,
  batches: Uint16Array,
): number {
  heap.enter();
  try {
    heap.control.add(ControlDouble.refills, 1);
    upkeep(heap);
    const index = takeBatch(heap, caches, preferred, cls);
    return index >= 0 ? index : cutBatch(heap, caches, preferred, cls, batches);
  } catch (error) {
    throw heap.repaired(error, "malloc");
  } finally {
    heap.leave();
  }
}

/** Class that the blocks come back to which serve a class: the same, except with policies that round up. */
export function firstHomes(): Uint8Array {
  return Uint8Array.from({ length: CLASSES }, (_, cls) => cls);
}

/**
 * Fills an empty class with cached blocks of another one. False if there are none. Takes no lock: both lists are this
 * Worker's own. A damaged block stays where it is, for those to find who work on its list.
 */
export function restock(heap: Heap, cache: WindowCache, cls: number, home: number): boolean {
  const { words, entries } = cache;
  const { space } = heap.windows[cache.number]!;
  const from = entries + home * ENTRY_WORDS;
  const to = entries + cls * ENTRY_WORDS;
  let moved = 0;
  for (; moved < CACHE_CLASS_MOST >>> 1; moved++) {
    const block = words[from]!;
    if (block >= words.length || !space.isHeldBy(block, heap.slot, State.cached)) break;
    // Straight-line from here: a death finds the block on one of the lists.
    words[from] = words[block]!;
    words[from + 1] = words[from + 1]! + 1;
    words[block] = words[to]!;
    words[to] = block;
    words[to + 1] = words[to + 1]! - 1;
  }
  return moved > 0;
}

/** Gives the older half of a full class to the depot. True if memory lies idle that should be returned later. */
export function flush(heap: Heap, cache: WindowCache, cls: number): boolean {
  const entry = cache.entries + cls * ENTRY_WORDS;
  heap.enter();
  try {
    cache.setUp();
    const { space } = heap.windows[cache.number]!;
    const words = space.words;
    const holder = cachedBy(heap.slot);
    const allowed = cache.allow(cls);
    // Keep the newest: they are the ones the processor's cache still knows.
    let kept = 0;
    let last = 0;
    let rest = words[entry]!;
    for (; kept < allowed >>> 1 && rest !== 0; kept++) {
      last = rest;
      rest = linkOf(space, rest, holder);
    }
    words[last === 0 ? entry : last] = 0;
    if (rest !== 0) deposit(space, cls, rest, holder, batch);
    words[entry + 1] = allowed - kept;
    heap.control.add(ControlDouble.flushes, 1);
    return upkeep(heap) !== Infinity;
  } catch (error) {
    throw heap.repaired(error, "free");
  } finally {
    heap.leave();
  }
}

/**
 * Gives everything in this Worker's cache back: the lists to the depot, the kept blocks to the policy. Its claims stay:
 * they are its own business. Under the lock; the cache must be set up again before its use.
 */
export function drain(heap: Heap, index: number): void {
  const { space } = heap.windows[index]!;
  const { words } = space;
  const entries = cacheOfSlot(heap.slot);
  depositSpare(heap, index);
  for (let cls = 2; cls < CLASSES; cls++) {
    const entry = entries + cls * ENTRY_WORDS;
    const first = words[entry]!;
    if (first !== 0) deposit(space, cls, first, cachedBy(heap.slot), batch);
    words[entry] = 0;
  }
  releaseKept(heap, index);
  words[entries + CacheWord.isSetUp] = 0;
  words.fill(0, entries + 2 * ENTRY_WORDS, entries + LIST_WORDS);
}

/** Walks the caller's own lists; throws DamagedBlock where a link or a header was overwritten. Under the lock. */
export function verifyLists(heap: Heap, cache: WindowCache): void {
  const { space } = heap.windows[cache.number]!;
  for (let cls = 2; cls < CLASSES; cls++) {
    let block = cache.words[cache.entries + cls * ENTRY_WORDS]!;
    for (let most = CACHE_CLASS_MOST * 2; block !== 0; most--) {
      if (most < 0) throw space.damaged(block);
      block = linkOf(space, block, cachedBy(heap.slot));
    }
  }
  verifyStash(heap, space);
  verifyKept(heap, cache.number);
}

/** Finds a window whose cache has blocks of the class, or whose depot has a batch. Returns its number, or -1. */
function takeBatch(heap: Heap, caches: readonly WindowCache[], preferred: number, cls: number): number {
  for (let turn = 0; turn < caches.length; turn++) {
    const index = (preferred + turn) % caches.length;
    const cache = caches[index]!;
    const { space } = heap.windows[index]!;
    const entry = cache.entries + cls * ENTRY_WORDS;
    cache.setUp();
    if (space.words[entry] !== 0) return index;
    const first = withdraw(space, cls, cachedBy(heap.slot), batch);
    if (first === 0) continue;
    space.words[entry] = first;
    space.words[entry + 1] = space.words[entry + 1]! - batch.blocks;
    return index;
  }
  return -1;
}

/** Cuts a batch out of free memory. Returns the number of its window, or -1. */
function cutBatch(
  heap: Heap,
  caches: readonly WindowCache[],
  preferred: number,
  cls: number,
  batches: Uint16Array,
): number {
  const granules = classGranules[cls]!;
  const isSingle = cls >= FIRST_SINGLE_CLASS;
  const most = isSingle
    ? Math.floor(SINGLE_BATCH_BYTES / (granules * GRANULE_BYTES))
    : caches[preferred]!.allowed(cls) >>> 1;
  const want = Math.max(Math.min(isSingle ? batches[cls]! >>> 2 : batches[cls]!, most), 1);
  batches[cls] = isSingle ? Math.min(batches[cls]! * 2, want * 8) : want * 2;
  let run = heap.allocate(granules, preferred, granules * want);
  if (run === 0) return -1;
  const index = heap.servedBy;
  const cache = caches[index];
  if (cache === undefined) {
    // A window this Worker has no cache in yet: the caller makes one and comes again.
    heap.release(index, run);
    return index;
  }
  cache.setUp();
  const entry = cache.entries + cls * ENTRY_WORDS;
  for (let brought = 0; run !== 0; ) {
    const count = heap.divide(index, run, granules, cachedBy(heap.slot));
    brought += count;
    stock(heap, index, entry, run, count);
    run = brought < want ? heap.allocate(granules, index, granules * (want - brought)) : 0;
    if (run !== 0 && heap.servedBy !== index) {
      heap.release(heap.servedBy, run);
      run = 0;
    }
  }
  return index;
}

/** Puts a list of `count` blocks that `divide` has made in front of a class's list. */
function stock(heap: Heap, index: number, entry: number, first: WordIndex, count: number): void {
  const { words } = heap.windows[index]!.space;
  if (words[entry] !== 0) {
    let last: number = first;
    while (words[last] !== 0) last = words[last]!;
    words[last] = words[entry]!;
  }
  words[entry] = first;
  words[entry + 1] = words[entry + 1]! - count;
}
