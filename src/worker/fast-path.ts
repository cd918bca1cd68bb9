/**
 * The fast path: `malloc` and `free` of a block of this Worker's spans are loads and stores of the span table's views, those
 * of a block in a list of the window's. There is no call, no loop and no Atomics between a block being "not mine" and "mine".
 *
 * One object for an attachment: made when all is known, and changed only when a view or a window does. What the code
 * looks like for the compiler's sake is explained in docs/runtime.md, "The fast path".
 */

import {
  COPIED_GRANULES,
  classForRequest,
  classOfBlock,
  GRANULE_BYTES,
  hasRoom,
  LEAST_GRANULES,
  ROUNDED_GRANULES,
  SMALL_GRANULES,
} from "../core/size-classes.ts";
import { magazineRoom, spanClassFor, spanGranules, UNIT_GRANULES } from "../core/span-classes.ts";
import { CLASSES_PER_DOUBLING, LARGE_THRESHOLD_BYTES, SPAN_MOST_BYTES } from "../core/tunables.ts";
import type { Address, Pointer } from "../core/types.ts";
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
} from "../memory/header.ts";
import { CacheWord, LISTS, WindowWord } from "../memory/layout.ts";
import {
  BLOCK_STATE_MASK,
  BlockState,
  FORMER_SHIFT,
  MAGAZINE_SHIFT,
  OWNER_MASK,
  OWNER_SHIFT,
  type SpanTable,
} from "../memory/span-table.ts";
import type { PageSource } from "../platform/platform.ts";
import { freeRemotely } from "../spans/remote.ts";
import type { WindowCache } from "./lists.ts";
import type { Magazines } from "./magazines.ts";

/** Who answers what the fast path cannot, or has no block for. Nothing is pending when it is asked. */
export interface SlowPath {
  /** `size` may be anything. */
  mallocSlow(size: number): Pointer;
  /** Both may be anything. */
  alignedSlow(alignment: number, size: number): Pointer;
  reallocSlow(pointer: unknown, size: number): Pointer;
  freeSlow(pointer: unknown): void;
}

/** Words, and granules, from one multiple of 4 GiB to the next: windows begin there (memory/window.ts). */
const RANGE_WORDS = 1 << 30;
const RANGE_GRANULES = 1 << 28;

const [IN_USE, READY] = [BlockState.inUse | 0, BlockState.ready | 0];
const UNIT_SHIFT = Math.log2(UNIT_GRANULES) | 0;
/** Of blocks that are not small one in so many, and 1, is left to the slow path, which looks at the clock. */
const WATCHED_MASK = 63;
/** Larger requests are never served by a window. */
const LISTED_BYTES = LARGE_THRESHOLD_BYTES | 0;

export class FastPath {
  // `declare`: a field that is set once, in the constructor, is a constant for the compiler; defined first, it is not.
  private declare readonly slowPath: SlowPath;
  private declare readonly pages: PageSource;
  private declare words: Int32Array;
  /** The window's base divided by 4 GiB. */
  private declare range: number;
  private declare table: SpanTable;
  private declare states: Uint8Array;
  private declare map: Int32Array;
  private declare magazines: Int32Array;
  /** Fills and empties them. */
  private declare stock: Magazines;
  /** This Worker's slot, as the page map has it. */
  private declare readonly owner: number;
  private declare readonly secret: number;
  /** Word index of what this Worker has in the window, and of its lists there. */
  private declare readonly entries: number;
  private declare readonly lists: number;
  /** Word 1 of a block in use and of a cached and a claimed block of this Worker, without check and tail. */
  private declare readonly mine: number;
  private declare readonly cachedMine: number;
  private declare readonly busyMine: number;
  /** Requests of each class that lists serve before it has spans. */
  private declare readonly untilSpans: Int32Array;
  /** Granules of the largest block that is kept. */
  private declare readonly largestKept: number;
  /** One block more is kept as long as all have fewer granules together. */
  private declare keptMost: number;
  /** Blocks that were freed and are not small, modulo WATCHED_MASK + 1. */
  private declare keeps: number;

  constructor(
    slowPath: SlowPath,
    pages: PageSource,
    cache: WindowCache,
    magazines: Magazines,
    untilSpans: Int32Array,
    largestKept: number,
    keptMost: number,
  ) {
    this.slowPath = slowPath;
    this.pages = pages;
    this.words = cache.words;
    this.range = rangeOf(cache);
    this.table = magazines.table;
    this.states = magazines.table.states;
    this.map = magazines.table.map;
    this.magazines = magazines.words;
    this.stock = magazines;
    this.owner = cache.slot << OWNER_SHIFT;
    this.secret = cache.secret;
    this.entries = cache.entries;
    this.lists = cache.entries + LISTS;
    const slot = cache.slot << SLOT_SHIFT;
    this.mine = slot | State.inUse;
    this.cachedMine = slot | State.cached;
    this.busyMine = slot | State.busy;
    this.untilSpans = untilSpans;
    this.largestKept = largestKept;
    this.keptMost = keptMost;
    this.keeps = 0;
  }

  /** Serves from this cache of the same Worker from now on. */
  pointTo(cache: WindowCache, magazines: Magazines, keptMost: number): void {
    const { table } = magazines;
    // Before the first store, as the last call: if the stack is full, all is still of one window.
    const range = rangeOf(cache);
    this.keptMost = keptMost;
    if (this.words !== cache.words) this.words = cache.words;
    if (this.range !== range) this.range = range;
    if (this.table !== table) this.table = table;
    if (this.states !== table.states) this.states = table.states;
    if (this.map !== table.map) this.map = table.map;
    if (this.magazines !== magazines.words) this.magazines = magazines.words;
    if (this.stock !== magazines) this.stock = magazines;
  }

  /**
   * A block for `size` bytes: from a magazine, or from whoever has one. One call of the rest keeps the code small enough to
   * be inlined; and all results are pointers by the same sum, which the compiler then knows to be one.
   */
  malloc(size: number): Pointer {
    let granule = 0;
    if (typeof size === "number" && (size | 0) === size && size >= 0 && size <= SPAN_MOST_BYTES) {
      const magazines = this.magazines;
      const at = spanClassFor[(size + 15) >>> 4]! << MAGAZINE_SHIFT;
      const count = magazines[at]!;
      if (count > 0) {
        const states = this.states;
        const ready = magazines[at + count]!;
        // Another attachment of this thread may have put it there: it may lie behind the end of this one's view.
        if (ready >>> 1 < states.length) {
          magazines[at] = count - 1;
          states[ready >>> 1] = IN_USE | (ready & 1);
          granule = ready;
        }
      }
    }
    if (granule === 0) granule = this.mallocBlock(size, true);
    return ((this.range * RANGE_GRANULES + 0 + granule) * 16 + 0) as Pointer;
  }

  /** The same of what is ready; 0 = nothing is. For the slow path, after it has found something. */
  mallocReady(size: number): Pointer | 0 {
    const popped = size <= SPAN_MOST_BYTES ? this.pop(spanClassFor[(size + 15) >>> 4]!) : 0;
    const granule = popped !== 0 ? popped : this.mallocBlock(size, false);
    return granule === 0 ? 0 : this.pointerTo(granule);
  }

  /**
   * A block for `size` bytes that is aligned: from a magazine, or from whoever has one. In spans, which begin with a unit, blocks
   * whose size is a multiple of the alignment have it.
   */
  mallocAligned(alignment: number, size: number): Pointer {
    let granule = 0;
    if (areAlignedSizes(alignment, size)) {
      // For no bytes as for one.
      const rounded = (Math.max(size, 1) + alignment - 1) & -alignment;
      if (rounded > 0 && rounded <= SPAN_MOST_BYTES) granule = this.pop(spanClassFor[(rounded + 15) >>> 4]!);
    }
    if (granule === 0) granule = this.mallocAlignedBlock(alignment, size);
    return ((this.range * RANGE_GRANULES + 0 + granule) * 16 + 0) as Pointer;
  }

  /** The same from the list of its size, if that begins with an aligned block, or from the slow path: its granule. */
  private mallocAlignedBlock(alignment: number, size: number): number {
    if (areAlignedSizes(alignment, size)) {
      const { words, entries } = this;
      const entry = this.listFor((size + 23) >>> 4);
      const block = words[entry]!;
      // The base of a window is a multiple of every alignment.
      if (block > 0 && block < words.length && (block & ((alignment >>> 2) - 1)) === 0) {
        const bytes = words[block - 2]! & SIZE_MASK;
        const check = Math.imul(block ^ this.secret ^ bytes, MIX_PLACE) & CHECK_MASK;
        const slack = (bytes - 8 - size) | 0;
        if (words[block - 1] === (check | this.cachedMine) && slack >= 0) {
          words[entry] = words[block]!;
          words[entries + CacheWord.kept] = (words[entries + CacheWord.kept]! - (bytes >>> 4)) | 0;
          words[block - 1] =
            check | this.mine | ((slack < TAIL_UNKNOWN ? slack : TAIL_UNKNOWN) << TAIL_SHIFT);
          return block >>> 2;
        }
      }
    }
    return this.placeOf(this.slowPath.alignedSlow(alignment, size));
  }

  /** `realloc` where the block stands, by a copy into a ready one, or by the slow path. */
  realloc(pointer: number, size: number): Pointer {
    if (this.restate(pointer, size)) return pointer as Pointer;
    let granule = this.move(pointer, size);
    if (granule === 0) granule = this.placeOf(this.slowPath.reallocSlow(pointer, size));
    return ((this.range * RANGE_GRANULES + 0 + granule) * 16 + 0) as Pointer;
  }

  /**
   * `realloc` of a block that has room for the new size: its word 1 is exchanged, so that of several Workers that free or
   * reallocate it exactly one succeeds; no claim is needed. False: the slow path finds out.
   */
  private restate(pointer: number, size: number): boolean {
    if (typeof pointer !== "number" || typeof size !== "number" || (size | 0) !== size || size < 0)
      return false;
    const block = pointer >>> 2;
    const { words } = this;
    const isPlace = (this.range * RANGE_WORDS + 0 + block) * 4 + 0 === pointer && (block & 3) === 0;
    if (isPlace) {
      const state = this.states[block >>> 3]!;
      if ((state & (BLOCK_STATE_MASK | 1)) === (IN_USE | ((block >>> 2) & 1)))
        return hasRoom(spanGranules[this.map[block >>> (UNIT_SHIFT + 2)]! & 0xff]!, (size + 15) >>> 4);
    }
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
   * the exchange fails. Its granule; 0: the slow path finds out.
   */
  private move(pointer: number, size: number): number {
    if (typeof pointer !== "number" || typeof size !== "number" || (size | 0) !== size || size < 0) return 0;
    const block = pointer >>> 2;
    const wanted = (size + 23) >>> 4;
    const { words, entries } = this;
    if ((this.range * RANGE_WORDS + 0 + block) * 4 + 0 !== pointer || block >= words.length) return 0;
    if (this.states[block >>> 3] === (IN_USE | ((block >>> 2) & 1)))
      return this.moveBetween(block >>> 2, size);
    const word0 = words[block - 2]!;
    const word1 = words[block - 1]!;
    const granules = word0 >>> 4;
    const check = Math.imul(block ^ this.secret ^ (word0 & SIZE_MASK), MIX_PLACE) & CHECK_MASK;
    const isMine = ((word1 ^ check) & ~TAIL_MASK) === this.mine;
    if (!isMine || granules >= wanted || wanted > COPIED_GRANULES) return 0;
    const former = this.lists + classOfBlock(granules);
    // One that is up to twice as long: what grows by steps has room for the next ones.
    let entry = this.lists + classForRequest(wanted);
    const end = entry + CLASSES_PER_DOUBLING;
    while (entry < end && words[entry] === 0) entry++;
    const taken = words[entry]!;
    const kept = words[entries + CacheWord.kept]!;
    if (kept >= this.keptMost || granules > this.largestKept || taken <= 0 || taken >= words.length) return 0;
    const bytes = words[taken - 2]! & SIZE_MASK;
    const fresh = Math.imul(taken ^ this.secret ^ bytes, MIX_PLACE) & CHECK_MASK;
    const slack = (bytes - 8 - size) | 0;
    if (words[taken - 1] !== (fresh | this.cachedMine) || slack < 0) return 0;
    words[entry] = words[taken]!;
    words[taken - 1] = fresh | this.mine | ((slack < TAIL_UNKNOWN ? slack : TAIL_UNKNOWN) << TAIL_SHIFT);
    try {
      this.pages.copy(
        this.pointerTo(taken >>> 2) as number as Address,
        pointer as Address,
        granules * GRANULE_BYTES - 8,
      );
    } catch (error) {
      // The stack is full: the block that was taken is ready as before.
      words[taken - 1] = fresh | this.cachedMine;
      words[taken] = words[entry]!;
      words[entry] = taken;
      throw error;
    }
    // No call from here on: none that finds the stack full.
    if (Atomics.compareExchange(words, block - 1, word1, check | this.cachedMine) === word1) {
      words[entries + CacheWord.kept] = kept + granules - (bytes >>> 4);
      words[block] = words[former]!;
      words[former] = block;
      return taken >>> 2;
    }
    words[taken - 1] = fresh | this.cachedMine;
    words[taken] = words[entry]!;
    words[entry] = taken;
    return 0;
  }

  private pointerTo(granule: number): Pointer {
    return ((this.range * RANGE_GRANULES + 0 + granule) * 16 + 0) as Pointer;
  }

  /** The same between two magazines. */
  private moveBetween(granule: number, size: number): number {
    const { magazines, map, states } = this;
    const entry = map[granule >>> UNIT_SHIFT]!;
    if (size > SPAN_MOST_BYTES || (entry & OWNER_MASK) !== this.owner) return 0;
    const former = (entry & 0xff) << MAGAZINE_SHIFT;
    const at = spanClassFor[(size + 15) >>> 4]! << MAGAZINE_SHIFT;
    const count = magazines[at]!;
    if (count <= 0 || magazines[former]! >= magazineRoom[entry & 0xff]! || at === former) return 0;
    const taken = magazines[at + count]!;
    if (taken >>> 1 >= states.length) return 0;
    const length = Math.min(spanGranules[entry & 0xff]!, spanGranules[at >>> MAGAZINE_SHIFT]!) << 4;
    magazines[at] = count - 1;
    states[taken >>> 1] = IN_USE | (taken & 1);
    try {
      const [target, source] = [this.pointerTo(taken), this.pointerTo(granule)] as number[];
      this.pages.copy(target as Address, source as Address, length);
    } catch (error) {
      // As above.
      states[taken >>> 1] = READY | (taken & 1);
      magazines[at] = count;
      throw error;
    }
    // No call from here on: none that finds the stack full.
    const inUse = IN_USE | (granule & 1);
    if (Atomics.compareExchange(states, granule >>> 1, inUse, READY | (granule & 1)) === inUse) {
      const filed = (magazines[former]! + 1) | 0;
      magazines[former + filed] = granule;
      magazines[former] = filed;
      return taken;
    }
    states[taken >>> 1] = READY | (taken & 1);
    magazines[at] = count;
    return 0;
  }

  /**
   * Puts a block of this Worker's own spans into its magazine. Whatever else `pointer` is, and if the magazine is full,
   * others find out.
   */
  free(pointer: number): void {
    if (typeof pointer === "number") {
      const granule = pointer >>> 4;
      // One comparison for "a whole number, a multiple of 16, inside this window's 4 GiB".
      if ((this.range * RANGE_GRANULES + 0 + granule) * 16 + 0 === pointer) {
        const states = this.states;
        if (states[granule >>> 1] === (IN_USE | (granule & 1))) {
          const entry = this.map[granule >>> UNIT_SHIFT]!;
          if ((entry & OWNER_MASK) === this.owner) {
            const magazines = this.magazines;
            const at = (entry & 0xff) << MAGAZINE_SHIFT;
            const count = (magazines[at]! + 1) | 0;
            if (count <= magazineRoom[entry & 0xff]!) {
              states[granule >>> 1] = READY | (granule & 1);
              magazines[at + count] = granule;
              magazines[at] = count;
              return;
            }
          }
        }
      }
    }
    this.freeOther(pointer);
  }

  /** A block of another Worker's span, or one with a header, or for the slow path. */
  private freeOther(pointer: number): void {
    if (pointer === 0 || (pointer as unknown) === null) return;
    let isFreed = false;
    if (typeof pointer === "number") {
      const granule = pointer >>> 4;
      if ((this.range * RANGE_GRANULES + 0 + granule) * 16 + 0 === pointer) {
        const state = this.states[granule >>> 1]!;
        if ((state & (BLOCK_STATE_MASK | 1)) === (IN_USE | (granule & 1))) {
          const entry = this.map[granule >>> UNIT_SHIFT]!;
          const isMine = (entry & OWNER_MASK) === this.owner && state >>> FORMER_SHIFT === 0;
          isFreed = isMine
            ? this.putAfterFlush(entry & 0xff, granule)
            : freeRemotely(this.words, this.table, granule);
        } else isFreed = this.freeBlock(pointer);
      } else isFreed = this.freeBlock(pointer);
    }
    if (!isFreed) this.slowPath.freeSlow(pointer);
  }

  /**
   * Puts a block into its full magazine, of which the older half goes back to its spans. False: the slow path does it, and
   * gives spans that have become empty back.
   */
  private putAfterFlush(cls: number, granule: number): boolean {
    const { magazines, states, stock } = this;
    if (!this.seesAll(stock)) return false;
    stock.flush(cls);
    if (stock.emptied !== 0) return false;
    const at = cls << MAGAZINE_SHIFT;
    const count = (magazines[at]! + 1) | 0;
    states[granule >>> 1] = READY | (granule & 1);
    magazines[at + count] = granule;
    magazines[at] = count;
    return true;
  }

  /** A block of this Worker's spans, after its magazine has run out. 0: the slow path finds one. */
  private takeAfterFill(cls: number): number {
    const { stock } = this;
    return this.seesAll(stock) && stock.fillOwn(cls) > 0 ? this.pop(cls) : 0;
  }

  /** The block on top of a magazine; 0 if it is empty, or the block not in this path's view. */
  private pop(cls: number): number {
    const { magazines, states } = this;
    const at = cls << MAGAZINE_SHIFT;
    const count = magazines[at]!;
    const granule = magazines[at + count]!;
    if (count <= 0 || granule >>> 1 >= states.length) return 0;
    magazines[at] = count - 1;
    states[granule >>> 1] = IN_USE | (granule & 1);
    return granule;
  }

  /** Whether all that the magazines lead to, and the spans behind them, lies within this path's views. */
  private seesAll(stock: Magazines): boolean {
    return !stock.isShared && this.states === stock.table.states;
  }

  /** Whether a class has no spans yet. Counts the request. */
  private isBeforeSpans(size: number): boolean {
    const { untilSpans } = this;
    const cls = spanClassFor[(size + 15) >>> 4]!;
    const left = untilSpans[cls]!;
    if (left <= 0) return false;
    untilSpans[cls] = left - 1;
    return true;
  }

  /**
   * A block that no magazine had, or one with a header. Its granule from the window's base; 0 = there is none, and the slow
   * path is not to be asked. Long, so that it is not inlined where magazines serve (docs/runtime.md).
   */
  private mallocBlock(size: number, mayAsk: boolean): number {
    if (typeof size === "number" && (size | 0) === size && size >= 0 && size <= LISTED_BYTES) {
      if (size > SPAN_MOST_BYTES || this.isBeforeSpans(size)) {
        const { words, entries } = this;
        const entry = this.listFor((size + 23) >>> 4);
        const block = words[entry]!;
        if (block > 0 && block < words.length) {
          const bytes = words[block - 2]! & SIZE_MASK;
          const check = Math.imul(block ^ this.secret ^ bytes, MIX_PLACE) & CHECK_MASK;
          const slack = (bytes - 8 - size) | 0;
          // Check, state, slot and (cleared) tail in one comparison: an overwritten link leads to something else, or
          // to a block of a smaller class.
          if (words[block - 1] === (check | this.cachedMine) && slack >= 0) {
            words[entry] = words[block]!;
            words[entries + CacheWord.kept] = (words[entries + CacheWord.kept]! - (bytes >>> 4)) | 0;
            words[block - 1] =
              check | this.mine | ((slack < TAIL_UNKNOWN ? slack : TAIL_UNKNOWN) << TAIL_SHIFT);
            return block >>> 2;
          }
        }
      } else {
        const granule = this.takeAfterFill(spanClassFor[(size + 15) >>> 4]!);
        if (granule !== 0) return granule;
      }
    }
    return mayAsk ? this.placeOf(this.slowPath.mallocSlow(size)) : 0;
  }

  /** Granules from the base of the window to a block that may lie in another one, or in none. */
  private placeOf(pointer: Pointer): number {
    const place = pointer / 16 - this.range * RANGE_GRANULES;
    // In the representation of integers, whenever it is one of 32 bits.
    return (place | 0) === place ? place | 0 : place;
  }

  /**
   * Word of the list that serves a request of so many granules. Of sizes that are not rounded up it is the class below, if its
   * first block is long enough, since sizes come again; else that of the class above, or of the next one.
   */
  private listFor(granules: number): number {
    if (granules <= ROUNDED_GRANULES) return this.lists + classForRequest(granules);
    const { words } = this;
    const entry = this.lists + classOfBlock(granules);
    const block = words[entry]!;
    if (block > 0 && block < words.length && words[block - 2]! >>> 4 >= granules) return entry;
    return words[entry + 1] !== 0 ? entry + 1 : entry + 2;
  }

  /** Puts a block with a header that this Worker allocated on the list of its class, if more may be kept. */
  private freeBlock(pointer: number): boolean {
    if (typeof pointer === "number") {
      const block = pointer >>> 2;
      const { words, entries } = this;
      // One comparison for "a whole number, a multiple of 4, inside this window's 4 GiB".
      if ((this.range * RANGE_WORDS + 0 + block) * 4 + 0 === pointer && block < words.length) {
        const word0 = words[block - 2]!;
        const word1 = words[block - 1]!;
        const check = Math.imul(block ^ this.secret ^ (word0 & SIZE_MASK), MIX_PLACE) & CHECK_MASK;
        const granules = word0 >>> 4;
        const kept = words[entries + CacheWord.kept]!;
        const isMine = ((word1 ^ check) & ~TAIL_MASK) === this.mine && granules >= LEAST_GRANULES;
        if (isMine && kept < this.keptMost && granules <= this.largestKept) {
          if (granules > SMALL_GRANULES)
            return this.keepLarger(block, word1, check | this.cachedMine, granules);
          const entry = this.lists + classOfBlock(granules);
          words[entries + CacheWord.kept] = kept + granules;
          words[block - 1] = check | this.cachedMine;
          words[block] = words[entry]!;
          words[entry] = block;
          return true;
        }
      }
    }
    return this.freeForeign(pointer);
  }

  /** The same for one that is not small. By an exchange: beside such a block it costs little. */
  private keepLarger(block: number, word1: number, cached: number, granules: number): boolean {
    const { words, entries } = this;
    const entry = this.lists + classOfBlock(granules);
    // The purge timer asks for itself whether anything is kept; this is for a Worker whose event loop stands still.
    this.keeps = (this.keeps + 1) & WATCHED_MASK;
    if (this.keeps === 0 || Atomics.compareExchange(words, block - 1, word1, cached) !== word1) return false;
    words[entries + CacheWord.kept] = words[entries + CacheWord.kept]! + granules;
    words[block] = words[entry]!;
    words[entry] = block;
    return true;
  }

  /**
   * The same for a block that another Worker allocated: it is claimed first, so that of several Workers exactly one
   * frees it. Between the claim and the list the block is busy, and named by the word `freeing`.
   */
  private freeForeign(pointer: number): boolean {
    if (typeof pointer === "number") {
      const block = pointer >>> 2;
      const { words, entries } = this;
      const isPlace = (this.range * RANGE_WORDS + 0 + block) * 4 + 0 === pointer && (block & 3) === 0;
      if (isPlace && block < words.length && block >= words[WindowWord.first]!) {
        const word0 = words[block - 2]!;
        const word1 = words[block - 1]!;
        const granules = word0 >>> 4;
        const check = Math.imul(block ^ this.secret ^ (word0 & SIZE_MASK), MIX_PLACE) & CHECK_MASK;
        const isInUse = ((word1 ^ check) & (CHECK_MASK | STATE_MASK)) === State.inUse;
        const kept = words[entries + CacheWord.kept]!;
        const isSmall =
          granules >= LEAST_GRANULES && granules <= SMALL_GRANULES && granules <= this.largestKept;
        if (isInUse && isSmall && kept < this.keptMost) {
          const entry = this.lists + classOfBlock(granules);
          const stale = words[entries + CacheWord.freeing]! | words[entries + CacheWord.reallocating]!;
          if (stale === 0) {
            words[entries + CacheWord.freeing] = block;
            if (Atomics.compareExchange(words, block - 1, word1, check | this.busyMine) === word1) {
              words[entries + CacheWord.kept] = kept + granules;
              words[block - 1] = check | this.cachedMine;
              words[block] = words[entry]!;
              words[entry] = block;
              words[entries + CacheWord.freeing] = 0;
              return true;
            }
            words[entries + CacheWord.freeing] = 0;
          }
        }
      }
    }
    return false;
  }
}

/** Whether these are an alignment, and a size that a window may serve. */
function areAlignedSizes(alignment: number, size: number): boolean {
  if (typeof alignment !== "number" || typeof size !== "number") return false;
  if ((alignment | 0) !== alignment || (size | 0) !== size) return false;
  return alignment >= 4 && (alignment & (alignment - 1)) === 0 && size >= 0 && size <= LISTED_BYTES;
}

function rangeOf(cache: WindowCache): number {
  return (cache.base / (RANGE_WORDS * 4)) | 0;
}
