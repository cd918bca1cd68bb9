/**
 * What policies share whose blocks may begin and end at any granule: merging at once through boundary tags
 * (D. E. Knuth, "The Art of Computer Programming", volume 1, 1968, section 2.5), resizing into a neighbour, and aligned
 * blocks cut out of larger ones.
 */

import { GRANULE_BYTES, LEAST_GRANULES } from "../core/size-classes.ts";
import type { WordIndex } from "../core/types.ts";
import { WindowWord } from "../memory/layout.ts";
import type { BlockSpace } from "../memory/space.ts";
import type { Policy } from "./policy.ts";

/** What cutting needs of a policy. `insert` files a block as it is. */
interface Cuttable {
  insert(block: WordIndex): void;
  free(block: WordIndex): void;
}

export abstract class DivisiblePolicy implements Policy {
  readonly divisible = true;

  constructor(protected readonly space: BlockSpace) {}

  /** A filed block of at least `granules`, still filed, or 0. */
  abstract find(granules: number): WordIndex | 0;
  /** Files a free block as it is, and announces it. */
  abstract insert(block: WordIndex): void;
  /** Takes a filed block out, and its announcement back. */
  abstract remove(block: WordIndex): void;
  abstract reset(): void;
  abstract forEachFree(granules: number, visit: (block: WordIndex) => void): void;

  allocate(least: number, most: number): WordIndex | 0 {
    return this.take(least, most) || this.space.carve(most) || this.space.carve(least);
  }

  allocateAligned(granules: number, alignment: number): WordIndex | 0 {
    const span = alignedSpan(granules, alignment);
    const block =
      this.takeAligned(granules, alignment) ||
      this.take(span, span) ||
      carveAligned(this.space, granules, alignment);
    return block === 0 ? 0 : cutAligned(this.space, this, block, granules, alignment);
  }

  /** Merged with a longer block, it counts as free since that one is. */
  free(block: WordIndex): void {
    const space = this.space;
    space.disown(block);
    let longest = space.granules(block);
    let since = space.words[WindowWord.look]!;
    const behind = space.freeBehind(block);
    if (behind !== 0) {
      if (space.granules(behind) > longest) {
        longest = space.granules(behind);
        since = space.freeSince(behind);
      }
      this.remove(behind);
      space.absorb(block, behind);
    }
    let whole = block;
    const before = space.freeBefore(block);
    if (before !== 0) {
      if (space.granules(before) > longest) since = space.freeSince(before);
      this.remove(before);
      space.absorb(before, block);
      whole = before;
    }
    if (space.next(whole) === space.top) space.retreat(whole);
    else {
      this.insert(whole);
      space.setFreeSince(whole, since);
    }
  }

  resize(block: WordIndex, granules: number): boolean {
    const space = this.space;
    const present = space.granules(block);
    if (granules > present) {
      const behind = space.next(block);
      if (behind === space.top) {
        if (!space.extend(block, granules - present)) return false;
      } else {
        if (!space.isFree(behind) || present + space.granules(behind) < granules) return false;
        this.remove(behind);
        space.absorb(block, behind);
      }
    }
    const rest = space.split(block, granules);
    if (rest !== 0) this.free(rest);
    return true;
  }

  /** Nothing is put off. */
  compact(): void {}

  /** The block that a request without an alignment would get, out of every list, if an aligned one fits into it; or 0. */
  private takeAligned(granules: number, alignment: number): WordIndex | 0 {
    const block = this.find(granules);
    if (block === 0 || alignedPlace(block, alignment) + granules * 4 > this.space.next(block)) return 0;
    this.remove(block);
    return block;
  }

  /** A filed block of at least `least` granules, out of every list, with as much of it as `most`; or 0. */
  private take(least: number, most: number): WordIndex | 0 {
    const { space } = this;
    const block = this.find(least);
    if (block === 0) return 0;
    const since = space.freeSince(block);
    this.remove(block);
    const rest = space.split(block, most);
    if (rest !== 0) {
      this.insert(rest);
      space.setFreeSince(rest, since);
    }
    return block;
  }
}

/** Granules that hold an aligned block wherever they begin, and before it nothing or a whole block. */
export function alignedSpan(granules: number, alignment: number): number {
  return granules + alignment / GRANULE_BYTES + LEAST_GRANULES;
}

/** The first place from `block` on where an aligned block can begin. */
function alignedPlace(block: WordIndex, alignment: number): number {
  let aligned = (Math.ceil((block * 4) / alignment) * alignment) / 4;
  while (aligned !== block && aligned - block < LEAST_GRANULES * 4) aligned += alignment / 4;
  return aligned;
}

/** A fresh block that reaches from the end of the chain to the end of an aligned one. What is skipped stays untouched. */
function carveAligned(space: BlockSpace, granules: number, alignment: number): WordIndex | 0 {
  const skipped = (alignedPlace(space.top, alignment) - space.top) / 4;
  return space.carve(skipped + granules, skipped);
}

/** An aligned block out of a larger one, which is in no list; what is cut off goes back. */
export function cutAligned(
  space: BlockSpace,
  policy: Cuttable,
  block: WordIndex,
  granules: number,
  alignment: number,
): WordIndex {
  const aligned = alignedPlace(block, alignment);
  if (aligned === block) return cutTail(space, policy, block, granules);
  const start = space.split(block, (aligned - block) / 4) as WordIndex;
  // Not `free`: it would merge with `start`, which is free still.
  policy.insert(block);
  return cutTail(space, policy, start, granules);
}

function cutTail(space: BlockSpace, policy: Cuttable, block: WordIndex, granules: number): WordIndex {
  const rest = space.split(block, granules);
  if (rest !== 0) policy.free(rest);
  return block;
}

/** Takes the free blocks at the end of the chain off it. */
export function retreatFree(space: BlockSpace, remove: (block: WordIndex) => void): void {
  for (let last = space.freeBefore(space.top); last !== 0; last = space.freeBefore(space.top)) {
    remove(last);
    space.retreat(last);
  }
}
