/**
 * Many blocks for one lock: a Worker's empty list is filled, or a part of what it keeps goes back. Each takes the lock itself.
 *
 * A block changes its state under the lock, so that nobody's rebuild mistakes it for a lost one.
 */

import { CLASSES, classGranules, GRANULE_BYTES } from "../core/size-classes.ts";
import { BATCH_BYTES, BATCH_SHIFT, FIRST_BATCH, FIRST_BATCH_BYTES } from "../core/tunables.ts";
import type { WordIndex } from "../core/types.ts";
import type { Heap } from "../heap/heap.ts";
import { flushKept, keptMost } from "../heap/kept.ts";
import { cachedBy } from "../memory/cached-list.ts";
import { State } from "../memory/header.ts";
import type { Held } from "../memory/held.ts";
import { CacheWord, ControlDouble, cacheOfSlot, LISTS } from "../memory/layout.ts";
import type { WindowCache } from "./lists.ts";
import { upkeep } from "./upkeep.ts";

/** Blocks moved at once from one list of a Worker to another. */
const RESTOCK_MOST = 256;

/** Blocks that were brought of each class so far. */
export function noneBrought(): Uint32Array {
  return new Uint32Array(CLASSES);
}

/** Class that the blocks come back to which serve a class: the same, except with policies that round up. */
export function firstHomes(): Uint8Array {
  const homes = new Uint8Array(CLASSES);
  for (let cls = 0; cls < CLASSES; cls++) homes[cls] = cls;
  return homes;
}

/**
 * Fills an empty class out of free memory, of window `preferred` first. Returns the number of the window whose lists got
 * the blocks, or -1 if not even one was to be had (`heap.refusal` says why).
 */
export function refill(
  heap: Heap,
  caches: readonly WindowCache[],
  preferred: number,
  cls: number,
  brought: Uint32Array,
): number {
  heap.enter();
  try {
    heap.control.add(ControlDouble.refills, 1);
    upkeep(heap);
    return cutBatch(heap, caches, preferred, cls, brought);
  } catch (error) {
    throw heap.repaired(error, "malloc");
  } finally {
    heap.leave();
  }
}

/**
 * Fills an empty class with kept blocks of another one. False if there are none. Takes no lock: both lists are this
 * Worker's own. A damaged block stays where it is, for those to find who work on its list.
 */
export function restock(heap: Heap, cache: WindowCache, cls: number, home: number): boolean {
  const { words, entries } = cache;
  const { space } = heap.windows[cache.number]!;
  const from = entries + LISTS + home;
  const to = entries + LISTS + cls;
  let moved = 0;
  for (; moved < RESTOCK_MOST; moved++) {
    const block = words[from]!;
    if (block >= words.length || !space.isHeldBy(block, heap.slot, State.cached)) break;
    // Straight-line from here: a death finds the block by its header.
    words[from] = words[block]!;
    words[block] = words[to]!;
    words[to] = block;
  }
  return moved > 0;
}

/** Gives a part of what this Worker keeps back. */
export function flush(heap: Heap, index: number): void {
  heap.enter();
  try {
    flushKept(heap, index, keptMost(heap));
    heap.control.add(ControlDouble.flushes, 1);
    upkeep(heap);
  } catch (error) {
    throw heap.repaired(error, "free");
  } finally {
    heap.leave();
  }
}

/** Cuts a batch out of free memory. Returns the number of its window, or -1. */
function cutBatch(
  heap: Held<Heap>,
  caches: readonly WindowCache[],
  preferred: number,
  cls: number,
  brought: Uint32Array,
): number {
  const granules = classGranules[cls]!;
  const want = batchOf(granules, brought[cls]!);
  let run = heap.allocate(granules, preferred, granules * want);
  if (run === 0) return -1;
  const index = heap.servedBy;
  if (caches[index] === undefined) {
    // A window this Worker has no lists in yet: the caller makes them and comes again.
    heap.release(index, run);
    return index;
  }
  let count = 0;
  while (run !== 0) {
    count += heap.divide(index, run, granules, cachedBy(heap.slot));
    stock(heap, index, cls, run);
    // In pieces, but no window grows for these.
    run = count < want ? heap.allocateReady(granules, index, granules * (want - count)) : 0;
  }
  brought[cls] = brought[cls]! + count;
  return index;
}

/** Blocks that a refill brings: more of what is asked for again and again, so that rare sizes cost little memory. */
function batchOf(granules: number, brought: number): number {
  const bytes = granules * GRANULE_BYTES;
  const least = Math.min(Math.floor(FIRST_BATCH_BYTES / bytes), FIRST_BATCH);
  return Math.max(Math.min(brought >>> BATCH_SHIFT, Math.floor(BATCH_BYTES / bytes)), least, 1);
}

/** Puts a list that `divide` has made in front of a class's own. */
function stock(heap: Held<Heap>, index: number, cls: number, first: WordIndex): void {
  const { words } = heap.windows[index]!.space;
  const entries = cacheOfSlot(heap.slot);
  const entry = entries + LISTS + cls;
  let granules = 0;
  let last: number = first;
  for (let block: number = first; block !== 0; block = words[block]!) {
    granules += words[block - 2]! >>> 4;
    last = block;
  }
  words[entries + CacheWord.kept] = words[entries + CacheWord.kept]! + granules;
  words[last] = words[entry]!;
  words[entry] = first;
}
