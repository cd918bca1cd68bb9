/**
 * The blocks of one window: walking, splitting and merging. Everything here runs under the arena's lock, except
 * where a comment says otherwise.
 *
 * The header chain is the truth: adding up word 0 from the first block must reach `top` at every instant, for any
 * observer. So a split writes the remainder's header before one store shrinks the block, a merge is one store,
 * and fresh memory gets its header before `top` passes it. Each function that moves a border does so in
 * straight-line code without a call, where a death is rare. What it finds half done is named by `changing`.
 *
 * A page is marked as touched before anything is written to it: here for headers, links and footers, by the heap for
 * what is handed out. What else lies in free memory stays untouched.
 */
import { LEAST_GRANULES } from "../core/size-classes.ts";
import type { WordIndex } from "../core/types.ts";
import { DamagedBlock } from "./damage.ts";
import {
  CHECK_MASK,
  checkBits,
  footerIndex,
  granulesOf,
  PREVIOUS_FREE,
  SIZE_MASK,
  State,
  slotOf,
  stateOf,
  wordsOf,
} from "./header.ts";
import { WindowWord } from "./layout.ts";
import type { TouchedPages } from "./touched.ts";
import type { Window } from "./window.ts";

/**
 * Makes the window usable up to the word `end`. False if that is refused, or if touching the words from `from` on would
 * exceed the arena's limit.
 */
export type Grow = (from: number, end: number) => boolean;

/** Words of a free block's payload that are written: two links, and since when it is free. */
const FREE_WORDS = 3;

export class BlockSpace {
  constructor(
    readonly window: Window,
    readonly secret: number,
    readonly touched: TouchedPages,
    private readonly grow: Grow,
  ) {}

  get words(): Int32Array {
    return this.window.words;
  }

  get first(): WordIndex {
    return this.words[WindowWord.first] as WordIndex;
  }

  get top(): WordIndex {
    return this.words[WindowWord.top] as WordIndex;
  }

  /** Word behind the last block. The words before the first header, which nobody uses, count only with a block. */
  get end(): number {
    return this.top === this.first ? this.first - 4 : this.top - 2;
  }

  granules(block: WordIndex): number {
    return granulesOf(this.words[block - 2]!);
  }

  /** The block behind, or `top`. */
  next(block: WordIndex): WordIndex {
    return (block + wordsOf(this.words[block - 2]!)) as WordIndex;
  }

  /** As `next`, for a walk that must end whatever the headers say. Throws DamagedBlock. */
  step(block: WordIndex): WordIndex {
    const behind = this.next(block);
    if (behind <= block || behind > this.top) throw this.damaged(block);
    return behind;
  }

  /** The error for a damaged header or link at `block`. */
  damaged(block: number): DamagedBlock {
    return new DamagedBlock(this.window.base + block * 4);
  }

  /** Whether the header at `block` is undamaged; any index may be asked, by any Worker. */
  isIntact(block: number): boolean {
    const words = this.words;
    if (block < this.first || block >= this.top || (block & 3) !== 0) return false;
    const word0 = words[block - 2]!;
    const word1 = words[block - 1]!;
    const granules = granulesOf(word0);
    if (granules < LEAST_GRANULES || block + granules * 4 > this.top) return false;
    return this.checkFits(block, word0, word1);
  }

  /** Whether the check in word 1 belongs to this place and size. */
  checkFits(block: number, word0: number, word1: number): boolean {
    return ((word1 ^ checkBits(block, word0, this.secret)) & CHECK_MASK) === 0;
  }

  /** Whether `block` is a free block with an undamaged header. */
  isFree(block: number): boolean {
    return this.isIntact(block) && stateOf(this.words[block - 1]!) === State.free;
  }

  /** Whether `block` is undamaged and a slot holds it in this state. */
  isHeldBy(block: number, slot: number, state: number): boolean {
    if (!this.isIntact(block)) return false;
    const word1 = this.words[block - 1]!;
    return stateOf(word1) === state && slotOf(word1) === slot;
  }

  /** The free block right before `block`, which may be `top`, or 0. A damaged footer or neighbour counts as not free. */
  freeBefore(block: WordIndex): WordIndex | 0 {
    const words = this.words;
    if ((words[this.tellsOf(block)]! & PREVIOUS_FREE) === 0 || block === this.first) return 0;
    const granules = words[block - 3]!;
    const before = (block - granules * 4) as WordIndex;
    return this.isFree(before) && this.granules(before) === granules ? before : 0;
  }

  /** The free block right behind `block`, or 0. */
  freeBehind(block: WordIndex): WordIndex | 0 {
    const behind = this.next(block);
    return this.isFree(behind) ? behind : 0;
  }

  /**
   * A fresh block from the end of the chain, or 0 if the window or the arena's limit is full. Its state is free,
   * but it is not announced to its neighbours: the caller hands it out or files it. Of its first `untouched` granules
   * the caller uses a few at the most: the limit need not have room for them.
   */
  carve(granules: number, untouched = 0): WordIndex | 0 {
    const block = this.top;
    const behind = block + granules * 4;
    if (!this.grow(block - 2 + untouched * 4, behind - 2)) return 0;
    this.touched.touch(block - 2, block + FREE_WORDS);
    const words = this.words;
    const word0 = (granules << 4) | words[WindowWord.lastFree]!;
    const word1 = checkBits(block, word0, this.secret) | State.free;
    words[block - 2] = word0;
    words[block - 1] = word1;
    words[WindowWord.lastFree] = 0;
    if (behind - 2 > words[WindowWord.quietFrom]!) words[WindowWord.quietFrom] = behind - 2;
    words[WindowWord.top] = behind;
    return block;
  }

  /**
   * Makes the last block of the chain longer by `granules` of fresh memory; it keeps its state. False if the window
   * or the limit is full.
   */
  extend(block: WordIndex, granules: number): boolean {
    const behind = this.top + granules * 4;
    if (!this.grow(this.top - 2, behind - 2)) return false;
    const words = this.words;
    const newWord0 = words[block - 2]! + (granules << 4);
    const newWord1 = checkBits(block, newWord0, this.secret) | (words[block - 1]! & ~CHECK_MASK);
    if (behind - 2 > words[WindowWord.quietFrom]!) words[WindowWord.quietFrom] = behind - 2;
    words[WindowWord.changing] = block;
    words[block - 1] = newWord1;
    words[block - 2] = newWord0;
    words[WindowWord.top] = behind;
    words[WindowWord.changing] = 0;
    return true;
  }

  /** Gives the last block of the chain back to the untouched rest of the window. */
  retreat(block: WordIndex): void {
    const words = this.words;
    words[WindowWord.lastFree] = words[block - 2]! & PREVIOUS_FREE;
    words[WindowWord.top] = block;
  }

  /**
   * Cuts a block down to `granules` and returns the remainder (state free, not announced), or 0 if the rest
   * would be smaller than a block. The block keeps its state.
   */
  split(block: WordIndex, granules: number): WordIndex | 0 {
    const words = this.words;
    const word0 = words[block - 2]!;
    const restGranules = granulesOf(word0) - granules;
    if (restGranules < LEAST_GRANULES) return 0;
    const rest = (block + granules * 4) as WordIndex;
    this.touched.touch(rest - 2, rest + FREE_WORDS);
    const restWord0 = restGranules << 4;
    const restWord1 = checkBits(rest, restWord0, this.secret) | State.free;
    const newWord0 = (granules << 4) | (word0 & PREVIOUS_FREE);
    const newWord1 = checkBits(block, newWord0, this.secret) | (words[block - 1]! & ~CHECK_MASK);
    words[rest - 2] = restWord0;
    words[rest - 1] = restWord1;
    words[WindowWord.changing] = block;
    words[block - 1] = newWord1;
    words[block - 2] = newWord0;
    words[WindowWord.changing] = 0;
    return rest;
  }

  /**
   * Cuts a block into `count` blocks of `granules`, all in the given state (word 1 without check) and linked through
   * their first words in the order of addresses, the last with 0. Returns the remainder (state free, not announced),
   * or 0: a remainder smaller than a block stays with the last. The new headers lie in the payload until the first
   * block shrinks.
   */
  divide(block: WordIndex, granules: number, count: number, state: number): WordIndex | 0 {
    const { words, secret } = this;
    const word0 = words[block - 2]!;
    const step = granules * 4;
    const left = granulesOf(word0) - granules * count;
    const rest = left < LEAST_GRANULES ? 0 : ((block + count * step) as WordIndex);
    if (rest !== 0) {
      words[rest - 2] = left << 4;
      words[rest - 1] = checkBits(rest, left << 4, secret) | State.free;
    }
    let size = (rest === 0 ? granules + left : granules) << 4;
    let next = 0;
    for (let at: number = block + (count - 1) * step; at > block; at -= step) {
      words[at - 2] = size;
      words[at - 1] = checkBits(at, size, secret) | state;
      words[at] = next;
      next = at;
      size = granules << 4;
    }
    const newWord0 = size | (word0 & PREVIOUS_FREE);
    const newWord1 = checkBits(block, newWord0, secret) | state;
    words[block] = next;
    words[WindowWord.changing] = block;
    words[block - 1] = newWord1;
    words[block - 2] = newWord0;
    words[WindowWord.changing] = 0;
    return rest;
  }

  /** Joins a block with the one behind it; the block keeps its state. Both must be out of every free list. */
  absorb(block: WordIndex, behind: WordIndex): void {
    const words = this.words;
    const word0 = words[block - 2]!;
    const newWord0 = word0 + (words[behind - 2]! & SIZE_MASK);
    const newWord1 = checkBits(block, newWord0, this.secret) | (words[block - 1]! & ~CHECK_MASK);
    words[WindowWord.changing] = block;
    words[block - 1] = newWord1;
    words[block - 2] = newWord0;
    words[WindowWord.changing] = 0;
  }

  /** Makes one free block of all that lies between `block`, which no free block precedes, and `end`. */
  fuse(block: WordIndex, end: WordIndex): void {
    const words = this.words;
    const word0 = (end - block) << 2;
    const word1 = checkBits(block, word0, this.secret) | State.free;
    words[WindowWord.changing] = block;
    words[block - 1] = word1;
    words[block - 2] = word0;
    words[WindowWord.changing] = 0;
  }

  /** After a death in the middle of a change: word 0 is the truth. The check is made to fit it, and `top` to follow. */
  settleChange(): void {
    const words = this.words;
    const block = words[WindowWord.changing]! as WordIndex;
    if (block >= this.first && block < this.top) {
      const check = checkBits(block, words[block - 2]!, this.secret);
      words[block - 1] = check | (words[block - 1]! & ~CHECK_MASK);
      if (this.next(block) > this.top) words[WindowWord.top] = this.next(block);
    }
    words[WindowWord.changing] = 0;
  }

  /** Writes the state "free" into word 1: from here on a second free of the block is recognised. */
  disown(block: WordIndex): void {
    const words = this.words;
    words[block - 1] = checkBits(block, words[block - 2]!, this.secret) | State.free;
  }

  /** Makes a free block known to its neighbours: footer, and the bit in the header behind. It is free since now. */
  announce(block: WordIndex): void {
    const words = this.words;
    const word0 = words[block - 2]!;
    const behind = block + wordsOf(word0);
    const footer = footerIndex(block, wordsOf(word0));
    this.touched.touch(footer, footer + 1);
    words[block + 2] = words[WindowWord.look]!;
    words[footer] = granulesOf(word0);
    const told = this.tellsOf(behind);
    words[told] = words[told]! | PREVIOUS_FREE;
  }

  /** Number of the look for idle memory (heap/trim.ts) since which an announced block has been free. */
  freeSince(block: WordIndex): number {
    return this.words[block + 2]!;
  }

  /** For an announced block that is a part of one which was free before, or takes one in. */
  setFreeSince(block: WordIndex, look: number): void {
    this.words[block + 2] = look;
  }

  /** Bytes of the window's touched pages, but for those of its head. */
  get touchedBytes(): number {
    return this.touched.bytesIn(this.first - 4, this.words[WindowWord.high]!);
  }

  /** Marks a block's pages as touched: it is about to be used. */
  touch(block: WordIndex): void {
    this.touched.touch(block - 2, this.next(block) - 2);
  }

  /** Takes the announcement back: the block is about to be used or joined. */
  conceal(block: WordIndex): void {
    const words = this.words;
    const behind = this.next(block);
    const told = this.tellsOf(behind);
    words[told] = words[told]! & ~PREVIOUS_FREE;
  }

  /** The word whose lowest bit says that the block before `behind` is free. */
  private tellsOf(behind: number): number {
    return behind < this.top ? behind - 2 : WindowWord.lastFree;
  }
}
