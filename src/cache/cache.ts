/**
 * A Worker's cache in one window: the fast path. Everything a request of a cached size needs is a load or store of
 * the window's view; there is no call, no loop, no Atomics between a block being "not mine" and "mine".
 *
 * Shared words, all in the Worker's own part of the window's cache area and written by that Worker alone (by
 * others only once it is dead, under the lock). Two words a size class, from `entries + class * 2`:
 *
 *   0  head     first cached block, 0 = none; each block's word b holds the next
 *   1  room     how many blocks may still be put on the list
 *
 * Classes 0 and 1 do not exist; their words serve the cache as a whole (CacheWord in memory/layout.ts). All words 0
 * is an empty cache that is not set up.
 */
import {
  CHECK_MASK,
  MIX_PLACE,
  MIX_SIZE,
  SIZE_MASK,
  SLOT_SHIFT,
  State,
  TAIL_MASK,
  TAIL_SHIFT,
  TAIL_UNKNOWN,
} from "../block/header.ts";
import {
  CACHED_GRANULES,
  CLASSES,
  classForRequest,
  classGranules,
  classOfBlock,
  LARGEST_CACHED_BYTES,
  payloadBytes,
} from "../core/size-classes.ts";
import { CACHE_CLASS_BYTES, CACHE_CLASS_LEAST, CACHE_CLASS_MOST } from "../core/tunables.ts";
import type { Pointer, SlotNumber } from "../core/types.ts";
import { CACHE_AREA, CACHE_WORDS, CacheWord } from "../memory/layout.ts";
import type { Window } from "../memory/window.ts";

/** Blocks of each class that a cache holds at the most. */
export const classCapacity: Int32Array = new Int32Array(CLASSES);
for (let cls = 2; cls < CLASSES; cls++) {
  const fitting = Math.floor(CACHE_CLASS_BYTES / (classGranules[cls]! * 16));
  classCapacity[cls] = Math.min(Math.max(fitting, CACHE_CLASS_LEAST), CACHE_CLASS_MOST);
}

/** Who answers what the cache cannot. Tail calls: nothing of the fast path is pending when they are made. */
export interface SlowPath {
  /** `size` may be anything. */
  mallocSlow(size: number): Pointer;
  /** `pointer` may be anything. */
  freeSlow(pointer: number): void;
}

export class WindowCache {
  words: Int32Array;
  readonly base: number;
  /** Words that may be asked for a header: the view's length less two. */
  private span: number;
  private readonly secret: number;
  /** Word index of this Worker's entries. */
  readonly entries: number;
  /** Word 1 of a block in use and of a cached block of this Worker, without check and tail. */
  private readonly mine: number;
  readonly cachedMine: number;

  constructor(
    readonly window: Window,
    /** Number of the window in the arena. */
    readonly number: number,
    secret: number,
    slot: SlotNumber,
    /** Largest request in bytes that may be cached; -1: every request goes to the heap. */
    private readonly largestBytes: number,
    private readonly slowPath: SlowPath,
  ) {
    this.words = window.words;
    this.base = window.base;
    this.span = (this.words.length - 2) | 0;
    this.secret = secret;
    this.entries = (CACHE_AREA + (slot - 1) * CACHE_WORDS) | 0;
    this.mine = (slot << SLOT_SHIFT) | State.inUse;
    this.cachedMine = (slot << SLOT_SHIFT) | State.cached;
    this.setUp();
  }

  /** A cache without memory behind it: it takes nothing and gives nothing. For arenas that are not attached. */
  static none(slowPath: SlowPath): WindowCache {
    const words = new Int32Array(CACHE_AREA + CACHE_WORDS);
    return new WindowCache({ words, base: Number.NaN } as Window, 0, 0, 1 as SlotNumber, -1, slowPath);
  }

  /** Fills the rooms of an empty cache. A cache inherited from a dead Worker stays as it is. */
  setUp(): void {
    const { words, entries } = this;
    if (words[entries + CacheWord.isSetUp] !== 0) return;
    for (let cls = 2; cls < CLASSES && payloadBytes(classGranules[cls]!) <= this.largestBytes; cls++) {
      words[entries + cls * 2 + 1] = classCapacity[cls]!;
    }
    words[entries + CacheWord.isSetUp] = 1;
  }

  /** Follows the window's view after it has grown. */
  sync(): void {
    if (this.words === this.window.words) return;
    this.words = this.window.words;
    this.span = (this.words.length - 2) | 0;
  }

  /**
   * A block for `size` bytes: from this cache, or from the slow path if it is empty, damaged, or not asked. One
   * exit to the slow path keeps the code small enough to be inlined (docs/runtime.md).
   */
  malloc(size: number): Pointer {
    if (typeof size === "number" && (size | 0) === size && size >= 0 && size <= LARGEST_CACHED_BYTES) {
      const words = this.words;
      const entry = this.entries + (classForRequest[(size + 23) >>> 4]! << 1);
      const block = words[entry]!;
      if (block !== 0) {
        const bytes = words[block - 2]! & SIZE_MASK;
        const check = (Math.imul(block ^ this.secret, MIX_PLACE) + Math.imul(bytes, MIX_SIZE)) & CHECK_MASK;
        const slack = bytes - 8 - size;
        // Check, state, slot and (cleared) tail in one comparison: an overwritten link leads to something else, or
        // to a block of a smaller class.
        if (words[block - 1] === (check | this.cachedMine) && slack >= 0) {
          words[entry] = words[block]!;
          words[entry + 1] = (words[entry + 1]! + 1) | 0;
          words[block - 1] = check | this.mine | (Math.min(slack, TAIL_UNKNOWN) << TAIL_SHIFT);
          return (this.base + block * 4) as Pointer;
        }
      }
    }
    return this.slowPath.mallocSlow(size);
  }

  /**
   * Puts a block that this Worker allocated into the cache. Whatever else `pointer` is, and if the class is full,
   * the slow path finds out.
   */
  free(pointer: number): void {
    if (typeof pointer === "number") {
      const block = pointer >>> 2;
      const words = this.words;
      // One comparison for "a whole number, a multiple of 4, inside this window's 4 GiB".
      if (this.base + block * 4 === pointer && (block - 2) >>> 0 < this.span) {
        const word0 = words[block - 2]!;
        const check =
          (Math.imul(block ^ this.secret, MIX_PLACE) + Math.imul(word0 & SIZE_MASK, MIX_SIZE)) & CHECK_MASK;
        if (((words[block - 1]! ^ check) & ~TAIL_MASK) === this.mine && word0 >>> 4 <= CACHED_GRANULES) {
          const entry = this.entries + (classOfBlock[word0 >>> 4]! << 1);
          const room = words[entry + 1]!;
          if (room > 0) {
            words[block - 1] = check | this.cachedMine;
            words[block] = words[entry]!;
            words[entry] = block;
            words[entry + 1] = room - 1;
            return;
          }
        }
      }
    }
    this.slowPath.freeSlow(pointer);
  }

  /** Puts a block that this Worker has claimed (state busy) into the cache. False if its class is full. */
  put(block: number): boolean {
    const words = this.words;
    const word0 = words[block - 2]!;
    const entry = this.entries + (classOfBlock[word0 >>> 4]! << 1);
    const room = words[entry + 1]!;
    if (room <= 0) return false;
    words[block - 1] = (words[block - 1]! & CHECK_MASK) | this.cachedMine;
    words[block] = words[entry]!;
    words[entry] = block;
    words[entry + 1] = room - 1;
    return true;
  }
}
