/**
 * `unordered`: one doubly linked list of all free blocks, the newest in front, freed in constant time through boundary
 * tags (D. E. Knuth, "The Art of Computer Programming", volume 1, 1968, section 2.5, algorithms A and C); or, to compare
 * with that, in the order of addresses.
 *
 * Options:
 *   fit    first: the first block that is large enough, from the front of the list; next: the same from where the
 *          last search ended; best: the smallest one of all
 *   merge  always: at every free; deferred: all neighbours at once, when a search fails and by the first request after
 *          `every` frees;
 *          never: blocks are only ever cut; what is free at the end of the chain leaves it, as with all policies
 *   every  for merge=deferred; 0 = only when a search fails
 *   order  newest: in front; address: a block's place is looked for from where the list last changed, in either
 *          direction, so that beside a neighbour that was taken in it is found at once
 *
 * A free block's words: b next, b + 1 previous; 0 ends the list.
 */

import type { WordIndex } from "../core/types.ts";
import { POLICY_AREA } from "../memory/layout.ts";
import type { BlockSpace } from "../memory/space.ts";
import { DivisiblePolicy, retreatFree } from "./divisible.ts";
import { forEachLinked, pushFront, putBehind, takeOut } from "./links.ts";
import type { PolicyMaker } from "./policy.ts";
import { type PolicyOption, unpack } from "./policy-options.ts";

const HEAD = POLICY_AREA;
/** Where the next search begins (fit=next); 0 = at the front. */
const ROVER = (POLICY_AREA + 1) | 0;
/** Frees that were not merged yet (merge=deferred). */
const PENDING = (POLICY_AREA + 2) | 0;
/** The block that was filed last, or the one before it that was taken out last (order=address); 0 = the list's front. */
const FINGER = (POLICY_AREA + 3) | 0;

const options = [
  { name: "fit", values: ["first", "next", "best"] },
  { name: "merge", values: ["always", "deferred", "never"] },
  { name: "every", least: 0, most: 1_000_000, usual: 0 },
  { name: "order", values: ["newest", "address"] },
] as const satisfies readonly PolicyOption[];

const [NEXT, BEST] = [1, 2];
const [ALWAYS, DEFERRED] = [0, 1];
const ADDRESS = 1;

class Unordered extends DivisiblePolicy {
  constructor(
    space: BlockSpace,
    private readonly fit: number,
    private readonly merge: number,
    private readonly every: number,
    private readonly order: number,
  ) {
    super(space);
  }

  find(granules: number): WordIndex | 0 {
    const { words } = this.space;
    if (this.every !== 0 && words[PENDING]! >= this.every) this.mergeAll();
    const block = this.search(granules);
    if (block !== 0 || words[PENDING] === 0) return block;
    this.mergeAll();
    return this.search(granules);
  }

  override free(block: WordIndex): void {
    if (this.merge === ALWAYS) super.free(block);
    else {
      const { space } = this;
      space.disown(block);
      this.insert(block);
      if (space.next(block) === space.top) retreatFree(space, (last) => this.remove(last));
      else if (this.merge === DEFERRED) space.words[PENDING] = space.words[PENDING]! + 1;
    }
  }

  insert(block: WordIndex): void {
    if (this.order === ADDRESS) {
      putBehind(this.space, HEAD, this.placeOf(block), block);
      this.space.words[FINGER] = block;
    } else pushFront(this.space, HEAD, block);
    this.space.announce(block);
  }

  remove(block: WordIndex): void {
    const { words } = this.space;
    takeOut(this.space, HEAD, block);
    if (words[ROVER] === block) words[ROVER] = words[block]!;
    if (this.order === ADDRESS) words[FINGER] = words[block + 1]!;
    this.space.conceal(block);
  }

  override compact(): void {
    if (this.merge === DEFERRED) this.mergeAll();
  }

  reset(): void {
    this.space.words.fill(0, HEAD, FINGER + 1);
  }

  forEachFree(granules: number, visit: (block: WordIndex) => void): void {
    forEachLinked(this.space, HEAD, (block) => {
      if (this.space.granules(block) >= granules) visit(block);
    });
  }

  private search(granules: number): WordIndex | 0 {
    const words = this.space.words;
    if (this.fit === BEST) return this.findBest(granules);
    if (this.fit !== NEXT) return this.findFrom(words[HEAD]!, 0, granules);
    const start = words[ROVER]!;
    let block = this.findFrom(start, 0, granules);
    if (block === 0) block = this.findFrom(words[HEAD]!, start, granules);
    // Removing the block moves the rover on to the one behind it.
    words[ROVER] = block;
    return block;
  }

  /** The last filed block before a place; 0 = none. Addresses fall one way and rise the other: no cycle is followed. */
  private placeOf(place: WordIndex): WordIndex | 0 {
    const { space } = this;
    const { words } = space;
    let last = words[FINGER]! as WordIndex | 0;
    while (last > place) last = this.follow(last, words[last + 1]!, -1);
    for (let next = words[last || HEAD]!; next !== 0 && next < place; next = words[last]!) {
      last = this.follow(last, next, 1);
    }
    return last;
  }

  /** What a link leads to: a free block in this direction, or 0. */
  private follow(from: number, to: number, direction: 1 | -1): WordIndex | 0 {
    if (to !== 0 && ((to - from) * direction <= 0 || !this.space.isFree(to)))
      throw this.space.damaged(from || to);
    return to as WordIndex | 0;
  }

  /** The first block of at least `granules` from `start` on and before `end`. */
  private findFrom(start: number, end: number, granules: number): WordIndex | 0 {
    const space = this.space;
    const words = space.words;
    for (let block = start; block !== end && block !== 0; block = words[block]!) {
      if (!space.isFree(block)) throw space.damaged(block);
      if (space.granules(block as WordIndex) >= granules) return block as WordIndex;
      const next = words[block]!;
      if (next !== 0 && words[next + 1] !== block) throw space.damaged(next);
    }
    return 0;
  }

  private findBest(granules: number): WordIndex | 0 {
    let best = 0 as WordIndex | 0;
    let least = Infinity;
    this.forEachFree(granules, (block) => {
      const size = this.space.granules(block);
      if (size < least) {
        best = block;
        least = size;
      }
    });
    return best;
  }

  /** Every filed block takes in the free ones behind it. */
  private mergeAll(): void {
    const space = this.space;
    const words = space.words;
    words[PENDING] = 0;
    let block = words[HEAD]! as WordIndex | 0;
    while (block !== 0) {
      if (!space.isFree(block)) throw space.damaged(block);
      let behind = space.freeBehind(block);
      const grows = behind !== 0;
      while (behind !== 0) {
        this.remove(behind);
        space.absorb(block, behind);
        behind = space.freeBehind(block);
      }
      if (grows) space.announce(block);
      block = words[block]! as WordIndex | 0;
    }
  }
}

export const unordered: PolicyMaker = {
  name: "unordered",
  options,
  largestBytes: () => Infinity,
  create(space, choice) {
    const [fit, merge, every, order] = unpack(options, choice) as [number, number, number, number];
    return new Unordered(space, fit, merge, every, order);
  },
};
