/**
 * The fast path: `malloc` and `free` of a cached size are loads and stores of the window's view. There is no call, no
 * loop and no Atomics between a block being "not mine" and "mine".
 *
 * One object for an attachment: made when all is known, and changed only when a view or a window does.
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
  classForRequest,
  classOfBlock,
  LARGEST_CACHED_BYTES,
} from "../core/size-classes.ts";
import type { Pointer } from "../core/types.ts";
import { CACHE_WORDS } from "../memory/layout.ts";
import type { WindowCache } from "./cache.ts";

/** Who answers what the fast path cannot. Tail calls: nothing is pending when they are made. */
export interface SlowPath {
  /** `size` may be anything. */
  mallocSlow(size: number): Pointer;
  /** `pointer` may be anything. */
  freeSlow(pointer: number): void;
}

/** An empty cache and no block: what the fast path looks at while it is pointed nowhere. */
const NOWHERE: Int32Array = new Int32Array(CACHE_WORDS);

export class FastPath {
  private words: Int32Array;
  /** NaN equals no pointer. */
  private base: number;
  private readonly secret: number;
  /** Word index of the cache's entries. */
  private readonly entries: number;
  /** Word 1 of a block in use and of a cached block of this Worker, without check and tail. */
  private readonly mine: number;
  private readonly cachedMine: number;

  /** Without a cache everything goes to the slow path. */
  constructor(
    private readonly slowPath: SlowPath,
    cache?: WindowCache,
  ) {
    this.words = cache?.words ?? NOWHERE;
    this.base = cache?.base ?? Number.NaN;
    this.secret = cache?.secret ?? 0;
    this.entries = cache?.entries ?? 0;
    const slot = (cache?.slot ?? 0) << SLOT_SHIFT;
    this.mine = slot | State.inUse;
    this.cachedMine = slot | State.cached;
  }

  /** Serves from this cache of the same Worker from now on. */
  pointTo(cache: WindowCache): void {
    if (this.words !== cache.words) this.words = cache.words;
    if (this.base !== cache.base) this.base = cache.base;
  }

  /** The Worker has left: everything goes to the slow path. */
  pointNowhere(): void {
    this.words = NOWHERE;
    this.base = Number.NaN;
  }

  /**
   * A block for `size` bytes: from the cache, or from the slow path if it is empty, damaged, or not asked. One
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
      if (this.base + block * 4 === pointer && block < words.length) {
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
}
