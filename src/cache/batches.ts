/**
 * Moving blocks between a Worker's cache and the heap, many for one lock: refill an empty class, flush the older
 * half of a full one, empty the cache of this Worker or of a dead one. Each takes the lock itself, except `drain`.
 *
 * A block changes its state under the lock, so that nobody's rebuild mistakes it for a lost one.
 */
import { checkBits, packState, State } from "../block/header.ts";
import { CLASSES, classGranules } from "../core/size-classes.ts";
import { FIRST_BATCH } from "../core/tunables.ts";
import type { WordIndex } from "../core/types.ts";
import type { Heap } from "../heap/heap.ts";
import { settleClaims, settleLargeClaims } from "../heap/recovery.ts";
import { purge } from "../heap/trim.ts";
import { CACHE_AREA, CACHE_WORDS, CacheWord, ControlDouble, ENTRY_WORDS } from "../memory/layout.ts";
import { classCapacity, type WindowCache } from "./cache.ts";

/** Blocks that the next refill of each class brings: grows with use, so that rare sizes cost little memory. */
export function firstBatches(): Uint16Array {
  return new Uint16Array(CLASSES).fill(FIRST_BATCH);
}

/**
 * Fills an empty class from the heap, window `preferred` first. Returns the number of the window whose cache got
 * the blocks, or -1 if not even one was to be had (`heap.refusal` says why).
 */
export function refill(
  heap: Heap,
  caches: readonly WindowCache[],
  preferred: number,
  cls: number,
  batches: Uint16Array,
): number {
  const granules = classGranules[cls]!;
  const want = Math.min(batches[cls]!, classCapacity[cls]! >>> 1);
  batches[cls] = want * 2;
  heap.enter();
  try {
    let run = heap.allocate(granules, preferred, granules * want);
    if (run === 0) return -1;
    const index = heap.servedBy;
    if (caches[index] === undefined) {
      // A window this Worker has no cache in yet: the caller makes one and comes again.
      heap.release(index, run);
      return index;
    }
    caches[index].setUp();
    const entry = caches[index].entries + cls * ENTRY_WORDS;
    let brought = 0;
    while (run !== 0) {
      brought += stockRun(heap, index, entry, run, granules);
      run = brought < want ? heap.allocate(granules, index, granules * (want - brought)) : 0;
      if (run !== 0 && heap.servedBy !== index) {
        heap.release(heap.servedBy, run);
        run = 0;
      }
    }
    const words = heap.windows[index]!.space.words;
    words[entry + 1] = words[entry + 1]! - brought;
    heap.control.add(ControlDouble.refills, 1);
    return index;
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
  for (; moved < classCapacity[cls]! >>> 1; moved++) {
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

/** Gives the older half of a full class back to the heap. True if memory lies idle that should be returned later. */
export function flush(heap: Heap, cache: WindowCache, cls: number): boolean {
  const entry = cache.entries + cls * ENTRY_WORDS;
  heap.enter();
  try {
    cache.setUp();
    const words = heap.windows[cache.number]!.space.words;
    // Keep the newest: they are the ones the processor's cache still knows.
    let last = words[entry]!;
    for (let keep = classCapacity[cls]! >>> 1; keep > 1 && last !== 0; keep--)
      last = linkOf(heap, cache, last);
    const rest = last === 0 ? 0 : linkOf(heap, cache, last);
    if (last !== 0) words[last] = 0;
    words[entry + 1] = words[entry + 1]! + giveBack(heap, cache, rest);
    heap.control.add(ControlDouble.flushes, 1);
    return purge(heap);
  } catch (error) {
    throw heap.repaired(error, "free");
  } finally {
    heap.leave();
  }
}

/**
 * Gives everything in a cache back to the heap. `isLost`: the slot's Worker is gone, so what it had claimed is settled
 * too; a living Worker's claims are its own business. Under the lock; the cache must be set up again before its use.
 */
export function drain(heap: Heap, index: number, slot: number, isLost: boolean): void {
  const { words } = heap.windows[index]!.space;
  const entries = CACHE_AREA + (slot - 1) * CACHE_WORDS;
  for (let cls = 2; cls < CLASSES; cls++) {
    let block = words[entries + cls * ENTRY_WORDS]!;
    words[entries + cls * ENTRY_WORDS] = 0;
    while (block !== 0) {
      const next = words[block]!;
      checkCached(heap, index, block, slot);
      heap.release(index, block as WordIndex);
      block = next;
    }
  }
  if (isLost) {
    const freeing = settleClaims(heap, heap.windows[index]!, slot);
    if (freeing !== 0) heap.release(index, freeing);
    words[entries + CacheWord.freeing] = 0;
    if (index === 0) settleLargeClaims(heap, slot);
  }
  words[entries + CacheWord.isSetUp] = 0;
  words.fill(0, entries + 2 * ENTRY_WORDS, entries + CACHE_WORDS);
}

/** Walks the caller's own lists; throws DamagedBlock where a link or a header was overwritten. Under the lock. */
export function verifyLists(heap: Heap, cache: WindowCache): void {
  for (let cls = 2; cls < CLASSES; cls++) {
    let block = cache.words[cache.entries + cls * ENTRY_WORDS]!;
    for (let most = classCapacity[cls]!; block !== 0; most--) {
      if (most < 0) throw heap.windows[cache.number]!.space.damaged(block);
      block = linkOf(heap, cache, block);
    }
  }
}

/** Cuts a run into blocks of `granules` and puts them on a list; what is left goes back. Returns their number. */
function stockRun(heap: Heap, index: number, entry: number, run: WordIndex, granules: number): number {
  let block: WordIndex | 0 = run;
  for (let count = 1; ; count++) {
    const rest: WordIndex | 0 = heap.cut(index, block, granules);
    stock(heap, index, entry, block);
    if (rest === 0) return count;
    if (heap.windows[index]!.space.granules(rest) < granules) {
      heap.release(index, rest);
      return count;
    }
    block = rest;
  }
}

/** Marks a fresh block as cached and puts it on a list. */
function stock(heap: Heap, index: number, entry: number, block: WordIndex): void {
  const words = heap.windows[index]!.space.words;
  const check = checkBits(block, words[block - 2]!, heap.geometry.secret);
  words[block - 1] = packState(check, State.cached, heap.slot, 0);
  words[block] = words[entry]!;
  words[entry] = block;
}

function giveBack(heap: Heap, cache: WindowCache, first: number): number {
  let count = 0;
  for (let block = first; block !== 0; count++) {
    const next = linkOf(heap, cache, block);
    heap.release(cache.number, block as WordIndex);
    block = next;
  }
  return count;
}

/** The link of a cached block, after its header was found sound. */
function linkOf(heap: Heap, cache: WindowCache, block: number): number {
  checkCached(heap, cache.number, block, heap.slot);
  return heap.windows[cache.number]!.space.words[block]!;
}

function checkCached(heap: Heap, index: number, block: number, slot: number): void {
  const { space } = heap.windows[index]!;
  if (!space.isHeldBy(block, slot, State.cached)) throw space.damaged(block);
}
