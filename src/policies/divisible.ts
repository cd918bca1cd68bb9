/**
 * What policies share whose blocks may begin and end at any granule: merging at once through boundary tags
 * (D. E. Knuth, "The Art of Computer Programming", volume 1, 1968, section 2.5), resizing into a neighbour, and aligned
 * blocks cut out of larger ones.
 */
import type { BlockSpace } from "../block/space.ts";
import { GRANULE_BYTES, LEAST_GRANULES } from "../core/size-classes.ts";
import type { WordIndex } from "../core/types.ts";
import type { Policy } from "./policy.ts";

/** What cutting needs of a policy. `insert` files a block as it is. */
interface Cuttable {
  allocate(least: number, most: number): WordIndex | 0;
  insert(block: WordIndex): void;
  free(block: WordIndex): void;
}

export abstract class DivisiblePolicy implements Policy {
  readonly divisible = true;

  constructor(protected readonly space: BlockSpace) {}

  abstract allocate(least: number, most: number): WordIndex | 0;
  /** Files a free block as it is, and announces it. */
  abstract insert(block: WordIndex): void;
  /** Takes a filed block out, and its announcement back. */
  abstract remove(block: WordIndex): void;
  abstract reset(): void;
  abstract forEachFree(granules: number, visit: (block: WordIndex) => void): void;

  allocateAligned(granules: number, alignment: number): WordIndex | 0 {
    return cutAligned(this.space, this, granules, alignment);
  }

  free(block: WordIndex): void {
    const space = this.space;
    space.disown(block);
    const behind = space.freeBehind(block);
    if (behind !== 0) {
      this.remove(behind);
      space.absorb(block, behind);
    }
    let whole = block;
    const before = space.freeBefore(block);
    if (before !== 0) {
      this.remove(before);
      space.absorb(before, block);
      whole = before;
    }
    if (space.next(whole) === space.top) space.retreat(whole);
    else this.insert(whole);
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
}

/** An aligned block out of a larger one; what is cut off goes back. */
export function cutAligned(
  space: BlockSpace,
  policy: Cuttable,
  granules: number,
  alignment: number,
): WordIndex | 0 {
  // Two more granules, so that what stands before the aligned place is nothing or a whole block.
  const span = granules + alignment / GRANULE_BYTES + LEAST_GRANULES;
  const block = policy.allocate(span, span);
  if (block === 0) return 0;
  let aligned = (Math.ceil((block * 4) / alignment) * alignment) / 4;
  while (aligned !== block && aligned - block < LEAST_GRANULES * 4) aligned += alignment / 4;
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
