/**
 * `buddy`: binary buddies (K. C. Knowlton, "A fast storage allocator", 1965; D. E. Knuth, "The Art of Computer
 * Programming", volume 1, 1968, section 2.5, algorithms R and S). A block of 2^k granules lies at a multiple of its
 * size, so that its buddy, the only block it may merge with, is found by exclusive-or; it is also aligned to its size.
 *
 *   place in granules:  0                       16                      32
 *                       |           16          |           16          |
 *                       |     8     |     8     |     8     |     8     |
 *                       |  4  |  4  |  4  |  4  |  4  |  4  |  4  |  4  |
 *
 * Fresh memory that is skipped to reach a multiple is cut into blocks too. Memory at a place where no buddy can be (a
 * window's first blocks lie at an odd one) is scrap: filed, so that it is merged by a rebuild, but never handed out.
 *
 * Policy area: word 0 a bitmap of the lists that have blocks, then the list heads, number k for 2^k granules, number 0
 * for scrap.
 */

import { GRANULE_BYTES, LEAST_GRANULES, payloadBytes } from "../core/size-classes.ts";
import type { WordIndex } from "../core/types.ts";
import { POLICY_AREA } from "../memory/layout.ts";
import type { BlockSpace } from "../memory/space.ts";
import { retreatFree } from "./divisible.ts";
import { forEachLinked, pushFront, takeOut } from "./links.ts";
import type { Policy, PolicyMaker } from "./policy.ts";

const MAP = POLICY_AREA;
const HEADS = (POLICY_AREA + 1) | 0;
const SCRAP = 0;
/** log2 of the largest block a window of 4 GiB can have, in granules, plus one. */
const LISTS = 28;

/** The least k with 2^k >= granules. */
function logAbove(granules: number): number {
  return 32 - Math.clz32(granules - 1);
}

class Buddy implements Policy {
  readonly divisible = false;

  constructor(private readonly space: BlockSpace) {}

  allocate(least: number): WordIndex | 0 {
    return this.find(logAbove(least), logAbove(least));
  }

  allocateAligned(granules: number, alignment: number): WordIndex | 0 {
    const log = logAbove(granules);
    return this.find(log, Math.max(log, logAbove(alignment / GRANULE_BYTES)));
  }

  /** Grows into free buddies on the right, shrinks by halves. */
  resize(block: WordIndex, granules: number): boolean {
    const space = this.space;
    let size = space.granules(block);
    for (let reach = size; reach < granules; reach *= 2)
      if (this.freeOnRight(block, reach) === 0) return false;
    for (; size < granules; size *= 2) {
      const buddy = this.freeOnRight(block, size) as WordIndex;
      this.remove(buddy);
      space.absorb(block, buddy);
    }
    for (size /= 2; size >= granules && size >= LEAST_GRANULES; size /= 2) {
      this.free(space.split(block, size) as WordIndex);
    }
    return true;
  }

  /** After a rebuild a block may have any place and size: it is cut into the largest buddies that lie in it. */
  free(block: WordIndex): void {
    const space = this.space;
    space.disown(block);
    let rest: WordIndex | 0 = block;
    while (rest !== 0) {
      const size = pieceAt(rest, space.granules(rest));
      const behind: WordIndex | 0 = space.split(rest, size);
      this.merge(rest);
      rest = behind;
    }
  }

  /** Nothing is put off. */
  compact(): void {}

  reset(): void {
    this.space.words.fill(0, MAP, HEADS + LISTS);
  }

  forEachFree(granules: number, visit: (block: WordIndex) => void): void {
    const { space } = this;
    for (let list = 0; list < LISTS; list++) {
      forEachLinked(space, HEADS + list, (block) => {
        if (space.granules(block) >= granules) visit(block);
      });
    }
  }

  /** A block of 2^log granules at a multiple of 2^place, out of every list, or 0. */
  private find(log: number, place: number): WordIndex | 0 {
    const space = this.space;
    const lists = space.words[MAP]! & (-1 << place);
    if (lists === 0) return this.carve(log, place);
    let present = 31 - Math.clz32(lists & -lists);
    const block = space.words[HEADS + present]! as WordIndex;
    this.remove(block);
    for (; present > log; present--) this.insert(space.split(block, 1 << (present - 1)) as WordIndex);
    return block;
  }

  /** A fresh block of 2^log granules at a multiple of 2^place. */
  private carve(log: number, place: number): WordIndex | 0 {
    const space = this.space;
    const size = 1 << log;
    const step = 1 << place;
    const skipped = -(space.top >>> 2) & (step - 1);
    if (skipped === 0) return space.carve(size);
    // A block has two granules or more, and so has what stands before it.
    const gap = skipped < LEAST_GRANULES ? skipped + step : skipped;
    const fresh = space.carve(gap + size, gap);
    if (fresh === 0) return 0;
    const block = space.split(fresh, gap) as WordIndex;
    this.free(fresh);
    return block;
  }

  /** Files a free block, as one with its buddy while that is free. */
  private merge(block: WordIndex): void {
    const space = this.space;
    let whole = block;
    for (;;) {
      const size = space.granules(whole);
      if (listOf(whole, size) === SCRAP) break;
      const buddy = (whole ^ (size << 2)) as WordIndex;
      if (!space.isFree(buddy) || space.granules(buddy) !== size) break;
      this.remove(buddy);
      space.absorb(Math.min(whole, buddy) as WordIndex, Math.max(whole, buddy) as WordIndex);
      whole = Math.min(whole, buddy) as WordIndex;
    }
    this.insert(whole);
    if (space.next(whole) === space.top) retreatFree(space, (last) => this.remove(last));
  }

  private insert(block: WordIndex): void {
    const { space } = this;
    const list = listOf(block, space.granules(block));
    pushFront(space, HEADS + list, block);
    if (list !== SCRAP) space.words[MAP] = space.words[MAP]! | (1 << list);
    space.announce(block);
  }

  private remove(block: WordIndex): void {
    const { space } = this;
    const list = listOf(block, space.granules(block));
    takeOut(space, HEADS + list, block);
    if (space.words[HEADS + list] === 0) space.words[MAP] = space.words[MAP]! & ~(1 << list);
    space.conceal(block);
  }

  /** The free buddy behind a block that has `size` granules, or will have; 0 = there is none. */
  private freeOnRight(block: WordIndex, size: number): WordIndex | 0 {
    const buddy = (block + size * 4) as WordIndex;
    const isLeft = (block & (size << 2)) === 0;
    return isLeft && this.space.isFree(buddy) && this.space.granules(buddy) === size ? buddy : 0;
  }
}

/** The list of a block: k if it has 2^k granules and lies at a multiple of that. */
function listOf(block: number, granules: number): number {
  const fits = (granules & (granules - 1)) === 0 && ((block >>> 2) & (granules - 1)) === 0;
  return fits ? 31 - Math.clz32(granules) : SCRAP;
}

/** Granules to cut off a free run, so that a buddy or the place of one begins behind. */
function pieceAt(block: number, granules: number): number {
  const place = block >>> 2;
  const most = 1 << (31 - Math.clz32(granules));
  const size = Math.min(place & -place, most);
  return size < LEAST_GRANULES ? Math.min(size + LEAST_GRANULES, granules) : size;
}

export const buddy: PolicyMaker = {
  name: "buddy",
  options: [],
  /** The largest power of two that has room at a multiple of itself behind the control block. */
  largestBytes: (windowBytes) => payloadBytes(2 ** Math.floor(Math.log2(windowBytes / 2)) / GRANULE_BYTES),
  create: (space) => new Buddy(space),
};
