/**
 * A Worker's cache in one window: a list of ready blocks for each size class. The fast path (fast-path.ts) takes from
 * it and puts back; the rest is here and in batches.ts.
 *
 * Shared words, all in the Worker's own part of the window's cache area and written by that Worker alone (by
 * others only once it is dead, under the lock). Two words a size class, from `entries + class * 2`:
 *
 *   0  head     first cached block, 0 = none; each block's word b holds the next
 *   1  room     how many blocks may still be put on the list
 *
 * Behind them two words a class for the stash (heap/stash.ts).
 *
 * Classes 0 and 1 do not exist; their words serve the cache as a whole (CacheWord in memory/layout.ts). All words 0
 * is an empty cache that is not set up.
 */
import { CHECK_MASK, SLOT_SHIFT, State } from "../block/header.ts";
import { CLASSES, classGranules, classOfBlock, GRANULE_BYTES, payloadBytes } from "../core/size-classes.ts";
import {
  CACHE_CLASS_FIRST_BYTES,
  CACHE_CLASS_MOST,
  CACHE_CLASS_MOST_BYTES,
  CACHE_SHARE,
  CACHE_SMALL_BYTES,
} from "../core/tunables.ts";
import type { SlotNumber } from "../core/types.ts";
import { stow, unstow } from "../heap/stash.ts";
import { CACHE_AREA, CACHE_WORDS, CacheWord, ENTRY_WORDS, STASH } from "../memory/layout.ts";
import type { Window } from "../memory/window.ts";

/** Blocks of a class that fit into so many bytes, but no more than a cache may ever hold. */
function blocksIn(cls: number, byteLength: number): number {
  return Math.min(Math.floor(byteLength / (classGranules[cls]! * GRANULE_BYTES)), CACHE_CLASS_MOST);
}

/** Whether caches have room for blocks of a class however small the heap is. */
function isSmall(cls: number): boolean {
  return classGranules[cls]! * GRANULE_BYTES <= CACHE_SMALL_BYTES;
}

export class WindowCache {
  words: Int32Array;
  readonly base: number;
  /** Word index of this Worker's entries. */
  readonly entries: number;
  /** What each class may hold: grows with use. */
  private readonly bytes: Uint16Array = new Uint16Array(CLASSES).fill(CACHE_CLASS_FIRST_BYTES);

  constructor(
    readonly window: Window,
    /** Number of the window in the arena. */
    readonly number: number,
    readonly secret: number,
    readonly slot: SlotNumber,
    /** Largest request in bytes that may be cached; -1: every request goes to the heap. */
    private readonly largestBytes: number,
    /** Full lists of a class that may be put aside. */
    private readonly stashLists: number,
  ) {
    this.words = window.words;
    this.base = window.base;
    this.entries = (CACHE_AREA + (slot - 1) * CACHE_WORDS) | 0;
    this.setUp();
  }

  /** Fills the rooms of an empty cache. A cache inherited from a dead Worker stays as it is. */
  setUp(): void {
    const { words, entries } = this;
    if (words[entries + CacheWord.isSetUp] !== 0) return;
    for (let cls = 2; cls < CLASSES && payloadBytes(classGranules[cls]!) <= this.largestBytes; cls++) {
      const entry = entries + cls * ENTRY_WORDS;
      words[entry + 1] = blocksIn(cls, this.bytes[cls]!);
      words[entry + STASH + 1] = isSmall(cls) ? this.stashLists : 0;
    }
    words[entries + CacheWord.isSetUp] = 1;
  }

  /** Blocks of a class that this cache may hold from now on, while `usedBytes` are in use: the class was full. */
  allow(cls: number, usedBytes: number): number {
    this.bytes[cls] = Math.min(this.bytes[cls]! * 2, CACHE_CLASS_MOST_BYTES);
    return this.allowed(cls, usedBytes);
  }

  /** Blocks of a class that this cache may hold while `usedBytes` are in use. */
  allowed(cls: number, usedBytes: number): number {
    return blocksIn(
      cls,
      isSmall(cls) ? this.bytes[cls]! : Math.min(usedBytes / CACHE_SHARE, CACHE_CLASS_MOST_BYTES),
    );
  }

  /** Puts the full list of a class aside, and has room again. False if it may not: the depot gets a part of it. */
  putAside(cls: number): boolean {
    const { words, entries } = this;
    if (!stow(words, entries, cls, this.bytes[cls]! / GRANULE_BYTES)) return false;
    words[entries + cls * ENTRY_WORDS + 1] = this.allow(cls, 0);
    return true;
  }

  /** Takes a list of a class back that was put aside, if the first block of it is undamaged. */
  takeBack(cls: number): void {
    unstow(this.words, this.entries, cls, this.bytes[cls]! / GRANULE_BYTES);
  }

  /** Follows the window's view after it has grown. */
  sync(): void {
    this.words = this.window.words;
  }

  /** Puts a block that this Worker has claimed (state busy) into the cache. False if its class is full. */
  put(block: number): boolean {
    const words = this.words;
    const word0 = words[block - 2]!;
    const entry = this.entries + (classOfBlock[word0 >>> 4]! << 1);
    const room = words[entry + 1]!;
    if (room <= 0) return false;
    words[block - 1] = (words[block - 1]! & CHECK_MASK) | (this.slot << SLOT_SHIFT) | State.cached;
    words[block] = words[entry]!;
    words[entry] = block;
    words[entry + 1] = room - 1;
    return true;
  }
}
