/**
 * `husky`: the allocator that the lecture builds first, to the letter: one singly linked list of free cells in the
 * order of addresses, first fit, merged with both neighbours at every free, and a page more when nothing fits. It is
 * the base line: every call walks the list.
 *
 * A page is 4096 bytes, whatever the system's. Pages lie one behind the other from the window's first block on, so
 * that cells merge across their borders. Requests of a page or more, header included, get a mapping of their own.
 * A block that is a page and needs all of it is unmapped when it is freed: the chain's last page leaves it, another one
 * waits on a list of its own (links.ts) and is the next page to be mapped. What a cell has grown to stays a cell (until `compact`).
 * docs/policies.md says what was decided where the lecture leaves it open.
 *
 * Policy area: word 0 the list of cells, word 1 that of unmapped pages, then four counters that outlive a reset. Cells
 * are linked through word b, so a link is named by the cell it is in, or by word 0 of the area.
 */

import { GRANULE_BYTES, HEADER_BYTES, LEAST_GRANULES } from "../core/size-classes.ts";
import type { WordIndex } from "../core/types.ts";
import { State, stateOf, tailOf } from "../memory/header.ts";
import { POLICY_AREA } from "../memory/layout.ts";
import type { BlockSpace } from "../memory/space.ts";
import { alignedSpan, cutAligned } from "./divisible.ts";
import { forEachLinked, pushFront, takeOut } from "./links.ts";
import type { Policy, PolicyMaker } from "./policy.ts";

const PAGE_BYTES = 4096;
const PAGE_GRANULES = PAGE_BYTES / GRANULE_BYTES;
const PAGE_WORDS = PAGE_BYTES / 4;

const CELLS = POLICY_AREA as WordIndex;
const PAGES = (POLICY_AREA + 1) | 0;
const MAPPED = (POLICY_AREA + 2) | 0;
const UNMAPPED = (POLICY_AREA + 3) | 0;
const ALLOCATED = (POLICY_AREA + 4) | 0;
const FREED = (POLICY_AREA + 5) | 0;

class Husky implements Policy {
  readonly divisible = true;

  constructor(private readonly space: BlockSpace) {}

  allocate(least: number, most: number): WordIndex | 0 {
    const space = this.space;
    const block = this.takeCell(least) || this.mapPages(Math.ceil(least / PAGE_GRANULES));
    if (block === 0) return 0;
    const since = space.freeSince(block);
    const rest = space.split(block, most);
    if (rest !== 0) {
      this.insert(rest);
      space.setFreeSince(rest, since);
    }
    this.count(ALLOCATED, 1);
    return block;
  }

  allocateAligned(granules: number, alignment: number): WordIndex | 0 {
    const span = alignedSpan(granules, alignment);
    const block = this.allocate(span, span);
    return block === 0 ? 0 : cutAligned(this.space, this, block, granules, alignment);
  }

  resize(block: WordIndex, granules: number): boolean {
    return granules <= this.space.granules(block);
  }

  free(block: WordIndex): void {
    const space = this.space;
    const word1 = space.words[block - 1]!;
    // What was cut off a block, and what a rebuild found, is free already.
    const isWhole = stateOf(word1) !== State.free;
    const isPage = isWhole && this.isPage(block, tailOf(word1));
    space.disown(block);
    if (isWhole) this.count(FREED, 1);
    if (isPage) this.unmapPage(block);
    else this.insert(block);
  }

  /** Files a cell in its place, as one with the cells that it touches. */
  insert(block: WordIndex): void {
    const space = this.space;
    const words = space.words;
    const link = this.linkBefore(block);
    const next = words[link]! as WordIndex | 0;
    words[block] = next;
    if (next !== 0 && space.next(block) === next) {
      words[block] = words[next]!;
      space.absorb(block, next);
    }
    if (link !== CELLS && space.next(link) === block) {
      words[link] = words[block]!;
      space.absorb(link, block);
      space.announce(link);
    } else {
      words[link] = block;
      space.announce(block);
    }
  }

  /** Unmaps the pages at the end of the chain that hold nothing. */
  compact(): void {
    const space = this.space;
    for (let last = space.freeBefore(space.top); last !== 0; last = space.freeBefore(space.top)) {
      const link = this.linkBefore(last);
      const isCell = space.words[link] === last;
      const page = isCell ? this.firstPageIn(last) : last;
      if (page === space.top) return;
      if (isCell) {
        space.words[link] = 0;
        this.count(UNMAPPED, (space.top - page) / PAGE_WORDS);
      } else takeOut(space, PAGES, last);
      if (page !== last) space.split(last, (page - last) / 4);
      space.retreat(page);
      if (page !== last) this.insert(last);
    }
  }

  reset(): void {
    this.space.words[CELLS] = 0;
    this.space.words[PAGES] = 0;
  }

  forEachFree(granules: number, visit: (block: WordIndex) => void): void {
    const look = (block: WordIndex) => {
      if (this.space.granules(block) >= granules) visit(block);
    };
    for (let cell = this.follow(CELLS); cell !== 0; cell = this.follow(cell)) look(cell);
    forEachLinked(this.space, PAGES, look);
  }

  figures(): Record<string, number> {
    const words = this.space.words;
    let freeLength = 0;
    for (let cell = this.follow(CELLS); cell !== 0; cell = this.follow(cell)) freeLength++;
    return {
      pagesMapped: words[MAPPED]!,
      pagesUnmapped: words[UNMAPPED]!,
      blocksAllocated: words[ALLOCATED]!,
      blocksFreed: words[FREED]!,
      freeLength,
    };
  }

  /** The first cell of at least `granules`, out of the list, or 0. */
  private takeCell(granules: number): WordIndex | 0 {
    const space = this.space;
    let link = CELLS;
    let cell = this.follow(link);
    while (cell !== 0 && space.granules(cell) < granules) {
      link = cell;
      cell = this.follow(link);
    }
    if (cell === 0) return 0;
    space.words[link] = space.words[cell]!;
    space.conceal(cell);
    return cell;
  }

  private mapPages(count: number): WordIndex | 0 {
    const space = this.space;
    const waiting = space.words[PAGES]! as WordIndex | 0;
    if (waiting !== 0 && count === 1) {
      takeOut(space, PAGES, waiting);
      space.conceal(waiting);
      this.count(MAPPED, 1);
      return waiting;
    }
    const block = space.carve(count * PAGE_GRANULES, count * PAGE_GRANULES);
    if (block !== 0) this.count(MAPPED, count);
    return block;
  }

  private unmapPage(page: WordIndex): void {
    const space = this.space;
    this.count(UNMAPPED, 1);
    if (space.next(page) === space.top) space.retreat(page);
    else {
      pushFront(space, PAGES, page);
      space.announce(page);
    }
  }

  /** The first page border in the chain's last cell that leaves nothing or a cell before it. */
  private firstPageIn(cell: WordIndex): WordIndex {
    const skipped = (this.space.first - cell) & (PAGE_WORDS - 1);
    const isTooClose = skipped !== 0 && skipped < LEAST_GRANULES * 4;
    return (cell + skipped + (isTooClose ? PAGE_WORDS : 0)) as WordIndex;
  }

  /**
   * Whether a block is a page of its own. One that only keeps the last granule of its page, because no cell fits
   * there, is not: in the lecture that granule is a cell. Nor is one that a Worker has kept, which has no tail any more: no
   * request that a window serves leaves nothing of a page.
   */
  private isPage(block: WordIndex, tailBytes: number): boolean {
    const space = this.space;
    const isAtBorder = ((block - space.first) & (PAGE_WORDS - 1)) === 0;
    const needsAll = tailBytes > 0 && tailBytes < GRANULE_BYTES;
    return isAtBorder && space.granules(block) === PAGE_GRANULES && needsAll;
  }

  /** The last link before a place: its cell is the last one before it. */
  private linkBefore(place: WordIndex): WordIndex {
    let link = CELLS;
    for (let cell = this.follow(link); cell !== 0 && cell < place; cell = this.follow(link)) link = cell;
    return link;
  }

  /** What a link leads to. Addresses rise: an overwritten link is noticed and never followed in a circle. */
  private follow(link: WordIndex): WordIndex | 0 {
    const cell = this.space.words[link]!;
    if (cell === 0) return 0;
    if (cell <= link || !this.space.isFree(cell)) throw this.space.damaged(link === CELLS ? cell : link);
    return cell as WordIndex;
  }

  private count(counter: number, more: number): void {
    const words = this.space.words;
    words[counter] = words[counter]! + more;
  }
}

export const husky: PolicyMaker = {
  name: "husky",
  options: [],
  /** What is below a page, header included. */
  largestBytes: () => PAGE_BYTES - HEADER_BYTES - 1,
  create: (space) => new Husky(space),
};
