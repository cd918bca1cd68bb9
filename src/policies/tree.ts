/**
 * `tree`: best fit from a balanced tree of all free blocks, kept in the blocks themselves and ordered by size, then
 * address; merging at once.
 *
 * The tree is a treap (C. R. Aragon, R. G. Seidel: "Randomized search trees", 1989; J. Vuillemin, "A unifying look at
 * data structures", 1980): ordered by key from left to right and by priority from the root down, so its shape follows
 * from what is in it. The priority is not drawn but a mix of the block's place, which differs for any two blocks;
 * no balance has to be stored or mended, and the same requests always give the same tree. The expected depth is
 * about 2 ln n.
 *
 * A free block's words: b left, b + 1 right; 0 = nothing there.
 */

import type { WordIndex } from "../core/types.ts";
import { MIX_PLACE } from "../memory/header.ts";
import { POLICY_AREA } from "../memory/layout.ts";
import { DivisiblePolicy } from "./divisible.ts";
import type { PolicyMaker } from "./policy.ts";

/** The word that names the root. A word that names a subtree is called its link. */
const ROOT = POLICY_AREA;

/** Multiplication by an odd number, and x ^ x >>> 15, map different places to different priorities. */
function priorityOf(block: number): number {
  const mixed = Math.imul(block, MIX_PLACE);
  return mixed ^ (mixed >>> 15);
}

class Tree extends DivisiblePolicy {
  insert(block: WordIndex): void {
    const words = this.space.words;
    const priority = priorityOf(block);
    let link: number = ROOT;
    let other = this.child(link, 0);
    while (other !== 0 && priorityOf(other) > priority) {
      link = this.precedes(block, other) ? other : other + 1;
      other = this.child(link, other);
    }
    words[link] = block;
    this.divide(other, block);
    this.space.announce(block);
  }

  remove(block: WordIndex): void {
    const space = this.space;
    let link: number = ROOT;
    let other = this.child(link, 0);
    while (other !== block) {
      if (other === 0) throw space.damaged(block);
      link = this.precedes(block, other) ? other : other + 1;
      other = this.child(link, other);
    }
    this.join(link, block);
    space.conceal(block);
  }

  reset(): void {
    this.space.words[ROOT] = 0;
  }

  forEachFree(granules: number, visit: (block: WordIndex) => void): void {
    this.walk(this.child(ROOT, 0), granules, visit);
  }

  /** The smallest block of at least `granules`, of several the one with the lowest address. */
  find(granules: number): WordIndex | 0 {
    let best = 0 as WordIndex | 0;
    let block = this.child(ROOT, 0);
    while (block !== 0) {
      if (this.space.granules(block) >= granules) {
        best = block;
        block = this.child(block, block);
      } else block = this.child(block + 1, block);
    }
    return best;
  }

  /** Hangs the tree at `block`'s place below it: what precedes it left, the rest right. */
  private divide(tree: WordIndex | 0, block: WordIndex): void {
    const words = this.space.words;
    let left: number = block;
    let right: number = block + 1;
    let other = tree;
    while (other !== 0) {
      if (this.precedes(other, block)) {
        words[left] = other;
        left = other + 1;
        other = this.child(left, other);
      } else {
        words[right] = other;
        right = other;
        other = this.child(right, other);
      }
    }
    words[left] = 0;
    words[right] = 0;
  }

  /** Puts the two subtrees of `block`, as one, in its place. */
  private join(place: number, block: WordIndex): void {
    const words = this.space.words;
    let link = place;
    let left = this.child(block, block);
    let right = this.child(block + 1, block);
    while (left !== 0 && right !== 0) {
      if (priorityOf(left) > priorityOf(right)) {
        words[link] = left;
        link = left + 1;
        left = this.child(link, left);
      } else {
        words[link] = right;
        link = right;
        right = this.child(link, right);
      }
    }
    words[link] = left === 0 ? right : left;
  }

  private walk(block: WordIndex | 0, granules: number, visit: (block: WordIndex) => void): void {
    if (block === 0) return;
    if (this.space.granules(block) >= granules) {
      this.walk(this.child(block, block), granules, visit);
      visit(block);
    }
    this.walk(this.child(block + 1, block), granules, visit);
  }

  /** What a link leads to. Below `parent` priorities fall: an overwritten link is noticed and never walked in a circle. */
  private child(link: number, parent: number): WordIndex | 0 {
    const block = this.space.words[link]!;
    if (block === 0) return 0;
    const falls = parent === 0 || priorityOf(block) < priorityOf(parent);
    if (!falls || !this.space.isFree(block)) throw this.space.damaged(parent === 0 ? block : parent);
    return block as WordIndex;
  }

  private precedes(block: WordIndex, other: WordIndex): boolean {
    const difference = this.space.granules(block) - this.space.granules(other);
    return difference < 0 || (difference === 0 && block < other);
  }
}

export const tree: PolicyMaker = {
  name: "tree",
  options: [],
  largestBytes: () => Infinity,
  create: (space) => new Tree(space),
};
