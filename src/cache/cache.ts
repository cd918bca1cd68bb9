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
import {
  CLASSES,
  classGranules,
  classOfBlock,
  FIRST_SINGLE_CLASS,
  payloadBytes,
} from "../core/size-classes.ts";
import { CACHE_CLASS_FIRST_BYTES, CACHE_CLASS_MOST_BYTES, STASH_FIRST_LISTS } from "../core/tunables.ts";
import type { SlotNumber } from "../core/types.ts";
import { stow, unstow } from "../heap/stash.ts";
import { CacheWord, cacheOfSlot, ENTRY_WORDS, STASH } from "../memory/layout.ts";
import type { Window } from "../memory/window.ts";
import { blocksIn } from "./capacity.ts";

export class WindowCache {
  words: Int32Array;
  readonly base: number;
  /** Word index of this Worker's entries. */
  readonly entries: number;
  /** What each class may hold: grows with use. */
  private readonly bytes: Uint16Array = new Uint16Array(CLASSES).fill(CACHE_CLASS_FIRST_BYTES);
  /** How many full lists of each class may be put aside: grows as they are taken back. */
  private readonly lists: Uint8Array;

  constructor(
    readonly window: Window,
    /** Number of the window in the arena. */
    readonly number: number,
    readonly secret: number,
    readonly slot: SlotNumber,
    /** Largest request in bytes that may be cached; -1: every request goes to the heap. */
    private readonly largestBytes: number,
    /** Most full lists of a class that may ever be put aside. */
    private readonly stashLists: number,
  ) {
    this.lists = new Uint8Array(CLASSES).fill(Math.min(STASH_FIRST_LISTS, stashLists));
    this.words = window.words;
    this.base = window.base;
    this.entries = cacheOfSlot(slot);
    this.setUp();
  }

  /** Fills the rooms of an empty cache. A cache inherited from a dead Worker stays as it is. */
  setUp(): void {
    const { words, entries } = this;
    if (words[entries + CacheWord.isSetUp] !== 0) return;
    for (let cls = 2; cls < CLASSES && payloadBytes(classGranules[cls]!) <= this.largestBytes; cls++) {
      const entry = entries + cls * ENTRY_WORDS;
      words[entry + 1] = this.allowed(cls);
      words[entry + STASH + 1] = this.lists[cls]!;
    }
    words[entries + CacheWord.isSetUp] = 1;
  }

  /** Blocks of a class that this cache may hold from now on: the class was full. */
  allow(cls: number): number {
    this.bytes[cls] = Math.min(this.bytes[cls]! * 2, CACHE_CLASS_MOST_BYTES);
    return this.allowed(cls);
  }

  /** Blocks of a class that this cache may hold. */
  allowed(cls: number): number {
    return blocksIn(cls, cls < FIRST_SINGLE_CLASS ? this.bytes[cls]! : 0);
  }

  /**
   * Has room again in a full class: its list may become longer, or is put aside. False if neither may be: the depot gets
   * a part of it.
   */
  makeRoom(cls: number): boolean {
    const { words, entries } = this;
    const entry = entries + cls * ENTRY_WORDS;
    const held = this.allowed(cls);
    const allowed = this.allow(cls);
    if (allowed > held) {
      words[entry + 1] = words[entry + 1]! + allowed - held;
      return true;
    }
    if (!stow(words, entries, cls, allowed * classGranules[cls]!)) return false;
    words[entry + 1] = allowed;
    return true;
  }

  /** Takes a list of a class back that was put aside, if the first block of it is undamaged. */
  takeBack(cls: number): void {
    const mayGrow = this.lists[cls]! < this.stashLists;
    if (mayGrow) this.lists[cls] = this.lists[cls]! + 1;
    unstow(this.words, this.entries, cls, this.allowed(cls) * classGranules[cls]!, mayGrow ? 2 : 1);
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
