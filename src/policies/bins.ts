/**
 * `bins`: two-level segregated fit (M. Masmano, I. Ripoll, A. Crespo, J. Real: "TLSF: a new dynamic memory
 * allocator for real-time systems", 2004). Constant-time good fit, split on allocation, immediate merge with both
 * neighbours.
 *
 * Free blocks of similar size share a list. The first level is the power of two, the second divides it into 16:
 *
 *   granules below 16: first level 0, second level = granules (exact)
 *   else:              first level = floor(log2) - 3, second level = the four bits behind the leading one
 *
 * Policy area: word 0 the first-level bitmap, words 1.. the second-level bitmaps, then the list heads.
 * A list is doubly linked through words b (next) and b + 1 (previous); 0 ends it. A new block goes in front.
 */
import type { WordIndex } from "../core/types.ts";
import { POLICY_AREA, POLICY_WORDS } from "../memory/layout.ts";
import { DivisiblePolicy } from "./divisible.ts";
import { forEachLinked, pushFront, takeOut } from "./links.ts";
import type { PolicyMaker } from "./policy.ts";

const SECOND_LOG = 4;
const SECOND_LEVELS = 1 << SECOND_LOG;
/** floor(log2) of the largest block, 2^28 granules, less 3, plus one. */
const FIRST_LEVELS = 26;

/** Blocks that are looked at in the list a request's own size belongs to. */
const PROBES = 8;

const FIRST_MAP = POLICY_AREA;
const SECOND_MAPS = (POLICY_AREA + 1) | 0;
const HEADS = (POLICY_AREA + 32) | 0;

if (HEADS + FIRST_LEVELS * SECOND_LEVELS > POLICY_AREA + POLICY_WORDS)
  throw new Error("bins: policy area too small");

/** List number of a block: first level x 16 + second level. */
export function binOf(granules: number): number {
  if (granules < SECOND_LEVELS) return granules;
  const log = 31 - Math.clz32(granules);
  return ((log - SECOND_LOG + 1) << SECOND_LOG) | ((granules >>> (log - SECOND_LOG)) & (SECOND_LEVELS - 1));
}

/** The first list whose blocks all have at least `granules`. */
export function binFor(granules: number): number {
  if (granules < SECOND_LEVELS) return granules;
  const log = 31 - Math.clz32(granules);
  return binOf(granules + (1 << (log - SECOND_LOG)) - 1);
}

class Bins extends DivisiblePolicy {
  remove(block: WordIndex): void {
    const space = this.space;
    const bin = binOf(space.granules(block));
    takeOut(space, HEADS + bin, block);
    if (space.words[HEADS + bin] === 0) this.markEmpty(bin);
    space.conceal(block);
  }

  reset(): void {
    this.space.words.fill(0, POLICY_AREA, POLICY_AREA + POLICY_WORDS);
  }

  forEachFree(granules: number, visit: (block: WordIndex) => void): void {
    const words = this.space.words;
    const look = (block: WordIndex) => {
      if (this.space.granules(block) >= granules) visit(block);
    };
    for (let bin = binOf(granules); bin < FIRST_LEVELS * SECOND_LEVELS; bin++) {
      if (this.isMarked(bin) !== (words[HEADS + bin] !== 0)) throw this.space.damaged(words[HEADS + bin]!);
      forEachLinked(this.space, HEADS + bin, look);
    }
  }

  /** Whether the bitmaps say that a list has blocks. */
  private isMarked(bin: number): boolean {
    const words = this.space.words;
    const first = bin >>> SECOND_LOG;
    const inSecond = (words[SECOND_MAPS + first]! & (1 << (bin & (SECOND_LEVELS - 1)))) !== 0;
    const inFirst = (words[FIRST_MAP]! & (1 << first)) !== 0;
    return inSecond && inFirst;
  }

  insert(block: WordIndex): void {
    const words = this.space.words;
    const bin = binOf(this.space.granules(block));
    pushFront(this.space, HEADS + bin, block);
    words[SECOND_MAPS + (bin >>> SECOND_LOG)]! |= 1 << (bin & (SECOND_LEVELS - 1));
    words[FIRST_MAP]! |= 1 << (bin >>> SECOND_LOG);
    this.space.announce(block);
  }

  /**
   * A block that fits, or 0: one of the first few of the list that the size itself belongs to, so that a freed block
   * serves the same request again; else the first of the first list whose blocks are all large enough.
   */
  find(granules: number): WordIndex | 0 {
    const words = this.space.words;
    const own = binOf(granules);
    const bin = binFor(granules);
    if (own !== bin) {
      let block = words[HEADS + own]!;
      for (let probes = PROBES; block !== 0 && probes > 0; probes--) {
        if (!this.space.isFree(block)) throw this.space.damaged(block);
        if (this.space.granules(block as WordIndex) >= granules) return block as WordIndex;
        block = words[block]!;
      }
    }
    let first = bin >>> SECOND_LOG;
    let map = words[SECOND_MAPS + first]! & (-1 << (bin & (SECOND_LEVELS - 1)));
    if (map === 0) {
      const higher = words[FIRST_MAP]! & (-1 << (first + 1));
      if (higher === 0) return 0;
      first = lowestBit(higher);
      map = words[SECOND_MAPS + first]!;
    }
    const block = words[HEADS + (first << SECOND_LOG) + lowestBit(map)]! as WordIndex;
    if (!this.space.isFree(block)) throw this.space.damaged(block);
    return block;
  }

  private markEmpty(bin: number): void {
    const words = this.space.words;
    const first = bin >>> SECOND_LOG;
    const map = words[SECOND_MAPS + first]! & ~(1 << (bin & (SECOND_LEVELS - 1)));
    words[SECOND_MAPS + first] = map;
    if (map === 0) words[FIRST_MAP] = words[FIRST_MAP]! & ~(1 << first);
  }
}

function lowestBit(map: number): number {
  return 31 - Math.clz32(map & -map);
}

export const bins: PolicyMaker = {
  name: "bins",
  options: [],
  largestBytes: () => Infinity,
  create: (space) => new Bins(space),
};
