/**
 * `slabs`: single-size free lists. The window is cut into runs of 64 KiB, each run into cells of one size (J. Bonwick,
 * "The slab allocator: an object-caching kernel memory allocator", 1994). A run whose cells are all free is given back
 * and serves any size. Requests above 8 KiB get a mapping of their own.
 *
 * A run begins with a free block of the chain that holds the words of the run; slab-runs.ts says where its cells lie.
 * Whatever else is free in it is a list of pieces, one or several cells long: neighbours are not merged, and a long piece
 * is cut when a cell is taken off its front. The run is empty when as many cells are free as fit.
 *
 * Policy area: the list of scrap (memory in runs whose words are damaged), of empty runs, of full ones, and for each
 * class that of the runs with free cells, all doubly linked. A list of pieces is singly linked through word b.
 */

import { classForRequest, classGranules, GRANULE_BYTES, payloadBytes } from "../core/size-classes.ts";
import type { WordIndex } from "../core/types.ts";
import { POLICY_AREA } from "../memory/layout.ts";
import type { BlockSpace } from "../memory/space.ts";
import { forEachLinked, pushFront, takeOut } from "./links.ts";
import type { Policy, PolicyMaker } from "./policy.ts";
import { cellsIn, endOf, headOf, MOST_GRANULES, placeOf, RUN_GRANULES } from "./slab-runs.ts";

/** The words of a run, behind its links and the word of `trim`. */
const CLASS = 3;
const FREE_CELLS = 4;
const PIECES = 5;

const SCRAP = POLICY_AREA;
const EMPTY = (POLICY_AREA + 1) | 0;
const FULL = (POLICY_AREA + 2) | 0;
const PARTIAL = (POLICY_AREA + 3) | 0;
const CLASSES: number = classForRequest(MOST_GRANULES) + 1;

class Slabs implements Policy {
  readonly divisible = false;

  constructor(private readonly space: BlockSpace) {}

  allocate(least: number): WordIndex | 0 {
    if (least > MOST_GRANULES) return 0;
    const { space } = this;
    const cls = classForRequest(least);
    const size = classGranules[cls]!;
    const run = (space.words[PARTIAL + cls] || this.openRun(cls)) as WordIndex | 0;
    if (run === 0) return 0;
    const { words } = space;
    const piece = words[run + PIECES]! as WordIndex;
    if (!space.isFree(run) || !space.isFree(piece) || this.runOf(piece) !== run) throw space.damaged(run);
    const next = words[piece]!;
    const rest = space.granules(piece) < 2 * size ? 0 : space.split(piece, size);
    if (rest === 0) space.conceal(piece);
    else {
      words[rest] = next;
      space.announce(rest);
    }
    words[run + PIECES] = rest === 0 ? next : rest;
    this.count(run, cls, -1);
    return piece;
  }

  allocateAligned(granules: number, alignment: number): WordIndex | 0 {
    const least = Math.max(granules, alignment / GRANULE_BYTES);
    return this.allocate(2 ** Math.ceil(Math.log2(least)));
  }

  resize(block: WordIndex, granules: number): boolean {
    return granules <= this.space.granules(block);
  }

  /** After a rebuild a block may have any place and size: it is cut where runs begin. */
  free(block: WordIndex): void {
    const { space } = this;
    space.disown(block);
    let rest: WordIndex | 0 = block;
    while (rest !== 0) {
      const end = endOf(rest);
      const behind: WordIndex | 0 = space.next(rest) > end ? space.split(rest, (end - rest) / 4) : 0;
      this.file(rest);
      rest = behind;
    }
  }

  /** Nothing is put off. */
  compact(): void {}

  reset(): void {
    this.space.words.fill(0, POLICY_AREA, PARTIAL + CLASSES);
  }

  forEachFree(granules: number, visit: (block: WordIndex) => void): void {
    const { space } = this;
    const { words } = space;
    const look = (block: WordIndex) => {
      if (space.granules(block) >= granules) visit(block);
    };
    forEachLinked(space, SCRAP, look);
    forEachLinked(space, EMPTY, look);
    forEachLinked(space, FULL, look);
    for (let cls = 0; cls < CLASSES; cls++) {
      forEachLinked(space, PARTIAL + cls, (run) => {
        look(run);
        let cells = 0;
        for (let piece = words[run + PIECES]! as WordIndex; piece !== 0; piece = words[piece]! as WordIndex) {
          if (!space.isFree(piece)) throw space.damaged(run);
          look(piece);
          cells += Math.floor(space.granules(piece) / classGranules[cls]!);
          // Also rules out a cycle.
          if (cells > words[run + FREE_CELLS]!) throw space.damaged(piece);
        }
        if (cells !== words[run + FREE_CELLS]) throw space.damaged(run);
      });
    }
  }

  /** Files what is free, and lies within one run. */
  private file(block: WordIndex): void {
    const run = this.runOf(block);
    if (block !== run) this.filePiece(run, block);
    else if (this.space.next(run) >= endOf(run)) this.giveBack(run);
    else if (this.isRun(run)) this.startRun(run);
    else this.scrap(run);
  }

  private filePiece(run: WordIndex, piece: WordIndex): void {
    const { space } = this;
    const { words } = space;
    const cls = this.isRun(run) ? words[run + CLASS]! : 0;
    const cells = Math.floor(space.granules(piece) / classGranules[cls]!);
    if (cls === 0 || cells === 0) this.scrap(piece);
    else {
      words[piece] = words[run + PIECES]!;
      words[run + PIECES] = piece;
      space.announce(piece);
      this.count(run, cls, cells);
      if (words[run + FREE_CELLS] === cellsIn(run, classGranules[cls]!)) this.closeRun(run, cls);
    }
  }

  /** Whether a run's first block is free and holds its words. */
  private isRun(run: WordIndex): boolean {
    const cls = this.space.words[run + CLASS]!;
    if (cls < 2 || cls >= CLASSES || !this.space.isFree(run)) return false;
    return this.space.granules(run) >= headOf(run, classGranules[cls]!);
  }

  /** Begins a run of which the first block is free, its class is known and the rest of that block is free too. */
  private startRun(run: WordIndex): void {
    const { space } = this;
    const { words } = space;
    words[run + FREE_CELLS] = 0;
    words[run + PIECES] = 0;
    const rest = space.split(run, headOf(run, classGranules[words[run + CLASS]!]!));
    space.announce(run);
    pushFront(space, FULL, run);
    if (rest !== 0) this.file(rest);
  }

  /** A run of this class with all its cells free, or 0. */
  private openRun(cls: number): WordIndex | 0 {
    const { space } = this;
    const size = classGranules[cls]!;
    let run = space.words[EMPTY]! as WordIndex | 0;
    while (run !== 0 && cellsIn(run, size) <= 0) run = space.words[run]! as WordIndex;
    if (run !== 0) takeOut(space, EMPTY, run);
    else run = this.carveRun(size);
    if (run === 0) return 0;
    // Not before: fresh memory renews the view.
    const { words } = space;
    // The class first: a death after the split leaves a run that a rebuild understands.
    words[run + CLASS] = cls;
    const rest = space.split(run, headOf(run, size)) as WordIndex;
    words[run + FREE_CELLS] = cellsIn(run, size);
    words[run + PIECES] = rest;
    words[rest] = 0;
    space.announce(run);
    space.announce(rest);
    pushFront(space, PARTIAL + cls, run);
    return run;
  }

  private carveRun(size: number): WordIndex | 0 {
    const { space } = this;
    const granules = (endOf(space.top) - space.top) / 4;
    const run = space.carve(granules, granules);
    if (run === 0 || cellsIn(run, size) > 0) return run;
    // The first run of a window may be too short.
    pushFront(space, EMPTY, run);
    space.announce(run);
    const next = space.carve(RUN_GRANULES, RUN_GRANULES);
    if (next === 0) this.retreat();
    return next;
  }

  /** Ends a run that has no cell in use. */
  private closeRun(run: WordIndex, cls: number): void {
    const { space } = this;
    takeOut(space, PARTIAL + cls, run);
    for (let behind = space.next(run); behind < endOf(run); behind = space.next(run)) {
      if (!space.isFree(behind)) throw space.damaged(behind);
      space.absorb(run, behind);
    }
    this.giveBack(run);
  }

  private giveBack(run: WordIndex): void {
    const { space } = this;
    pushFront(space, EMPTY, run);
    space.announce(run);
    if (space.next(run) === space.top) this.retreat();
  }

  /** Takes the empty runs at the end of the chain off it. */
  private retreat(): void {
    const { space } = this;
    let last = space.freeBefore(space.top);
    while (last !== 0 && this.runOf(last) === last) {
      takeOut(space, EMPTY, last);
      space.retreat(last);
      last = space.freeBefore(space.top);
    }
  }

  private scrap(block: WordIndex): void {
    pushFront(this.space, SCRAP, block);
    this.space.announce(block);
  }

  /** Notes that `cells` more are free in a run, which changes its list when it was or is full. */
  private count(run: WordIndex, cls: number, cells: number): void {
    const { space } = this;
    const { words } = space;
    const before = words[run + FREE_CELLS]!;
    words[run + FREE_CELLS] = before + cells;
    if (before !== 0 && before + cells !== 0) return;
    takeOut(space, before === 0 ? FULL : PARTIAL + cls, run);
    pushFront(space, before === 0 ? PARTIAL + cls : FULL, run);
  }

  private runOf(block: WordIndex): WordIndex {
    return Math.max(placeOf(block), this.space.first) as WordIndex;
  }
}

export const slabs: PolicyMaker = {
  name: "slabs",
  options: [],
  largestBytes: () => payloadBytes(MOST_GRANULES),
  create: (space) => new Slabs(space),
};
