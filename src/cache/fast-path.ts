/**
 * The fast path: `malloc` and `free` of a cached size are loads and stores of the window's view. There is no call, no
 * loop and no Atomics between a block being "not mine" and "mine".
 *
 * One object for an attachment: made when all is known, and changed only when a view or a window does. What the code
 * looks like for the compiler's sake is explained in docs/runtime.md, "The fast path".
 */
import {
  CHECK_MASK,
  MIX_PLACE,
  SIZE_MASK,
  SLOT_SHIFT,
  STATE_MASK,
  State,
  TAIL_MASK,
  TAIL_SHIFT,
  TAIL_UNKNOWN,
} from "../block/header.ts";
import {
  COPIED_GRANULES,
  classForRequest,
  classOfBlock,
  GRANULE_BYTES,
  hasRoom,
  LEAST_GRANULES,
} from "../core/size-classes.ts";
import { CACHE_SMALL_BYTES, KEPT_SLACK_SHIFT } from "../core/tunables.ts";
import type { Pointer } from "../core/types.ts";
import { CACHE_WORDS, CacheWord, ENTRY_WORDS, WindowWord } from "../memory/layout.ts";
import type { WindowCache } from "./cache.ts";

/** Who answers what the fast path cannot. Nothing is pending when they are called. */
export interface SlowPath {
  /** A block, as its place for `asking`. `size` may be anything. */
  mallocSlow(size: number, asking: FastPath): number;
  /** `pointer` may be anything. */
  freeSlow(pointer: number): void;
  /** A block is about to be kept. */
  keepSlow(): void;
}

/** An empty cache and no block: what the fast path looks at while it is pointed nowhere. */
const NOWHERE: Int32Array = new Int32Array(CACHE_WORDS);

/** Words from one multiple of 4 GiB to the next: windows begin there (memory/window.ts). */
const SPAN_WORDS = 1 << 30;

export class FastPath {
  // `declare`: a field that is set once, in the constructor, is a constant for the compiler; defined first, it is not.
  private declare readonly slowPath: SlowPath;
  private declare words: Int32Array;
  /** The window's base divided by 4 GiB. */
  private declare span: number;
  private declare readonly secret: number;
  /** Word index of the cache's entries. */
  private declare readonly entries: number;
  /** Word 1 of a block in use and of a cached and a claimed block of this Worker, without check and tail. */
  private declare readonly mine: number;
  private declare readonly cachedMine: number;
  private declare readonly busyMine: number;
  /** Granules of the largest block that is kept. */
  private declare readonly keptGranules: number;

  constructor(slowPath: SlowPath, cache: WindowCache, keptGranules: number) {
    this.slowPath = slowPath;
    this.words = cache.words;
    this.span = spanOf(cache);
    this.secret = cache.secret;
    this.entries = cache.entries;
    const slot = cache.slot << SLOT_SHIFT;
    this.mine = slot | State.inUse;
    this.cachedMine = slot | State.cached;
    this.busyMine = slot | State.busy;
    this.keptGranules = keptGranules;
  }

  /** Serves from this cache of the same Worker from now on. */
  pointTo(cache: WindowCache): void {
    if (this.words !== cache.words) this.words = cache.words;
    if (this.span !== spanOf(cache)) this.span = spanOf(cache);
  }

  /** The Worker has left: everything goes to the slow path. */
  pointNowhere(): void {
    this.words = NOWHERE;
  }

  /** Words from the base of the window that this path is pointed to: for a block in it, its word index. */
  placeOf(pointer: Pointer): number {
    const place = pointer / 4 - this.span * SPAN_WORDS;
    // In the representation of integers, whenever it is one of 32 bits.
    return (place | 0) === place ? place | 0 : place;
  }

  /**
   * A block for `size` bytes: from the cache, or the kept one or from the slow path if that is empty, damaged, or not
   * asked. One call of the rest keeps the code small enough to be inlined.
   */
  malloc(size: number): Pointer {
    let taken = 0;
    if (typeof size === "number" && (size | 0) === size && size >= 0) {
      const granules = (size + 23) >>> 4;
      if (granules < classForRequest.length) {
        const words = this.words;
        const entry = this.entries + (classForRequest[granules]! << 1);
        const block = words[entry]!;
        if (block > 0 && block < words.length) {
          const bytes = words[block - 2]! & SIZE_MASK;
          const check = Math.imul(block ^ this.secret ^ bytes, MIX_PLACE) & CHECK_MASK;
          const slack = (bytes - 8 - size) | 0;
          // Check, state, slot and (cleared) tail in one comparison: an overwritten link leads to something else, or
          // to a block of a smaller class.
          if (words[block - 1] === (check | this.cachedMine) && slack >= 0) {
            words[entry] = words[block]!;
            words[entry + 1] = (words[entry + 1]! + 1) | 0;
            words[block - 1] =
              check | this.mine | ((slack < TAIL_UNKNOWN ? slack : TAIL_UNKNOWN) << TAIL_SHIFT);
            taken = block;
          }
        }
      }
    }
    if (taken === 0) taken = this.mallocKept(size);
    return ((this.span * SPAN_WORDS + 0 + taken) * 4 + 0) as Pointer;
  }

  /**
   * The next block of the cache for `size` bytes, if it is undamaged and happens to be aligned; else 0, as for all that
   * is no size, or no power of two.
   */
  mallocAligned(alignment: number, size: number): Pointer | 0 {
    if (typeof alignment !== "number" || (alignment | 0) !== alignment || alignment < 4) return 0;
    if (typeof size !== "number" || (size | 0) !== size || size < 0) return 0;
    const granules = (size + 23) >>> 4;
    if ((alignment & (alignment - 1)) !== 0 || granules >= classForRequest.length) return 0;
    const words = this.words;
    const entry = this.entries + (classForRequest[granules]! << 1);
    const block = words[entry]!;
    // The base of a window is a multiple of every alignment.
    if (block <= 0 || block >= words.length || (block & ((alignment >>> 2) - 1)) !== 0) return 0;
    const bytes = words[block - 2]! & SIZE_MASK;
    const check = Math.imul(block ^ this.secret ^ bytes, MIX_PLACE) & CHECK_MASK;
    const slack = (bytes - 8 - size) | 0;
    if (words[block - 1] !== (check | this.cachedMine) || slack < 0) return 0;
    words[entry] = words[block]!;
    words[entry + 1] = (words[entry + 1]! + 1) | 0;
    words[block - 1] = check | this.mine | ((slack < TAIL_UNKNOWN ? slack : TAIL_UNKNOWN) << TAIL_SHIFT);
    return ((this.span * SPAN_WORDS + 0 + block) * 4 + 0) as Pointer;
  }

  /**
   * `realloc` of a block that has room for the new size: its word 1 is exchanged, so that of several Workers that free or
   * reallocate it exactly one succeeds; no claim is needed. False: the slow path finds out.
   */
  restate(pointer: number, size: number): boolean {
    if (typeof pointer !== "number" || typeof size !== "number" || (size | 0) !== size || size < 0)
      return false;
    const block = pointer >>> 2;
    const { words } = this;
    const isPlace = (this.span * SPAN_WORDS + 0 + block) * 4 + 0 === pointer && (block & 3) === 0;
    if (!isPlace || block >= words.length || block < words[WindowWord.first]!) return false;
    const word0 = words[block - 2]!;
    const word1 = words[block - 1]!;
    const granules = word0 >>> 4;
    const check = Math.imul(block ^ this.secret ^ (word0 & SIZE_MASK), MIX_PLACE) & CHECK_MASK;
    if (((word1 ^ check) & (CHECK_MASK | STATE_MASK)) !== State.inUse) return false;
    if (granules < LEAST_GRANULES || !hasRoom(granules, (size + 23) >>> 4)) return false;
    const slack = granules * GRANULE_BYTES - 8 - size;
    const restated = check | this.mine | ((slack < TAIL_UNKNOWN ? slack : TAIL_UNKNOWN) << TAIL_SHIFT);
    return Atomics.compareExchange(words, block - 1, word1, restated) === word1;
  }

  /**
   * `realloc` of a block that this Worker allocated, to a larger class of which a block is ready: copied, then put into the
   * cache by an exchange of its word 1. Whoever else had freed it meanwhile and got it again has another slot, so that
   * the exchange fails. 0: the slow path finds out.
   */
  move(pointer: number, size: number): Pointer | 0 {
    if (typeof pointer !== "number" || typeof size !== "number" || (size | 0) !== size || size < 0) return 0;
    const block = pointer >>> 2;
    const wanted = (size + 23) >>> 4;
    const { words, entries } = this;
    if ((this.span * SPAN_WORDS + 0 + block) * 4 + 0 !== pointer || block >= words.length) return 0;
    const word0 = words[block - 2]!;
    const word1 = words[block - 1]!;
    const granules = word0 >>> 4;
    const check = Math.imul(block ^ this.secret ^ (word0 & SIZE_MASK), MIX_PLACE) & CHECK_MASK;
    const isMine = ((word1 ^ check) & ~TAIL_MASK) === this.mine;
    if (!isMine || granules >= wanted || wanted > COPIED_GRANULES) return 0;
    const former = entries + classOfBlock[granules]! * ENTRY_WORDS;
    const entry = entries + classForRequest[wanted]! * ENTRY_WORDS;
    const taken = words[entry]!;
    if (words[former + 1]! <= 0 || taken <= 0 || taken >= words.length) return 0;
    const bytes = words[taken - 2]! & SIZE_MASK;
    const fresh = Math.imul(taken ^ this.secret ^ bytes, MIX_PLACE) & CHECK_MASK;
    const slack = (bytes - 8 - size) | 0;
    if (words[taken - 1] !== (fresh | this.cachedMine) || slack < 0) return 0;
    words[entry] = words[taken]!;
    words[entry + 1] = (words[entry + 1]! + 1) | 0;
    words[taken - 1] = fresh | this.mine | ((slack < TAIL_UNKNOWN ? slack : TAIL_UNKNOWN) << TAIL_SHIFT);
    words.copyWithin(taken, block, block + granules * 4 - 2);
    // No call from here on: none that finds the stack full.
    if (Atomics.compareExchange(words, block - 1, word1, check | this.cachedMine) === word1) {
      words[block] = words[former]!;
      words[former] = block;
      words[former + 1] = words[former + 1]! - 1;
      return ((this.span * SPAN_WORDS + 0 + taken) * 4 + 0) as Pointer;
    }
    words[taken - 1] = fresh | this.cachedMine;
    words[taken] = words[entry]!;
    words[entry] = taken;
    words[entry + 1] = words[entry + 1]! - 1;
    return 0;
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
      if ((this.span * SPAN_WORDS + 0 + block) * 4 + 0 === pointer && block < words.length) {
        const word0 = words[block - 2]!;
        const check = Math.imul(block ^ this.secret ^ (word0 & SIZE_MASK), MIX_PLACE) & CHECK_MASK;
        const granules = word0 >>> 4;
        if (((words[block - 1]! ^ check) & ~TAIL_MASK) === this.mine && granules < classOfBlock.length) {
          const entry = this.entries + (classOfBlock[granules]! << 1);
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
    this.freeKept(pointer);
  }

  /** The kept block, if it is undamaged and neither too small nor much too large; else the slow path's answer. */
  private mallocKept(size: number): number {
    const { words, entries } = this;
    const block = words[entries + CacheWord.kept]!;
    if (typeof size === "number" && (size | 0) === size && size >= 0 && block > 0 && block < words.length) {
      const word0 = words[block - 2]!;
      const granules = word0 >>> 4;
      const wanted = (size + 23) >>> 4;
      const check = Math.imul(block ^ this.secret ^ (word0 & SIZE_MASK), MIX_PLACE) & CHECK_MASK;
      const isFit = granules >= wanted && granules - wanted <= wanted >>> KEPT_SLACK_SHIFT;
      if (isFit && words[block - 1] === (check | this.cachedMine) && words[block] === 0) {
        const slack = granules * 16 - 8 - size;
        words[entries + CacheWord.kept] = 0;
        words[block - 1] = check | this.mine | ((slack < TAIL_UNKNOWN ? slack : TAIL_UNKNOWN) << TAIL_SHIFT);
        return block;
      }
    }
    return this.slowPath.mallocSlow(size, this);
  }

  /**
   * Keeps a large block that this Worker allocated, if it keeps none yet. By an exchange: beside a large block it costs
   * little, and of several frees exactly one succeeds.
   */
  private freeKept(pointer: number): void {
    const { words, entries, keptGranules } = this;
    if (typeof pointer === "number" && words[entries + CacheWord.kept] === 0) {
      const block = pointer >>> 2;
      if ((this.span * SPAN_WORDS + 0 + block) * 4 + 0 === pointer && block < words.length) {
        const word0 = words[block - 2]!;
        const word1 = words[block - 1]!;
        const check = Math.imul(block ^ this.secret ^ (word0 & SIZE_MASK), MIX_PLACE) & CHECK_MASK;
        const granules = word0 >>> 4;
        const isMine = ((word1 ^ check) & ~TAIL_MASK) === this.mine;
        if (isMine && granules > CACHE_SMALL_BYTES / GRANULE_BYTES && granules <= keptGranules) {
          this.slowPath.keepSlow();
          const cached = check | this.cachedMine;
          if (Atomics.compareExchange(words, block - 1, word1, cached) === word1) {
            words[block] = 0;
            words[entries + CacheWord.kept] = block;
            return;
          }
        }
      }
    }
    this.freeForeign(pointer);
  }

  /**
   * The same for a block that another Worker allocated: it is claimed first, so that of several Workers exactly one
   * frees it. Between the claim and the list the block is busy, and named by the word `freeing`.
   */
  private freeForeign(pointer: number): void {
    if (typeof pointer === "number") {
      const block = pointer >>> 2;
      const { words, entries } = this;
      const isPlace = (this.span * SPAN_WORDS + 0 + block) * 4 + 0 === pointer && (block & 3) === 0;
      if (isPlace && block < words.length && block >= words[WindowWord.first]!) {
        const word0 = words[block - 2]!;
        const word1 = words[block - 1]!;
        const granules = word0 >>> 4;
        const check = Math.imul(block ^ this.secret ^ (word0 & SIZE_MASK), MIX_PLACE) & CHECK_MASK;
        const isInUse = ((word1 ^ check) & (CHECK_MASK | STATE_MASK)) === State.inUse;
        if (isInUse && granules >= LEAST_GRANULES && granules < classOfBlock.length) {
          const entry = entries + classOfBlock[granules]! * ENTRY_WORDS;
          const stale = words[entries + CacheWord.freeing]! | words[entries + CacheWord.reallocating]!;
          if (words[entry + 1]! > 0 && stale === 0) {
            words[entries + CacheWord.freeing] = block;
            if (Atomics.compareExchange(words, block - 1, word1, check | this.busyMine) === word1) {
              words[block - 1] = check | this.cachedMine;
              words[block] = words[entry]!;
              words[entry] = block;
              words[entry + 1] = words[entry + 1]! - 1;
              words[entries + CacheWord.freeing] = 0;
              return;
            }
            words[entries + CacheWord.freeing] = 0;
          }
        }
      }
    }
    this.slowPath.freeSlow(pointer);
  }
}

function spanOf(cache: WindowCache): number {
  return (cache.base / (SPAN_WORDS * 4)) | 0;
}
