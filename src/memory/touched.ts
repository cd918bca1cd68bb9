/**
 * Which pages of a window are touched: one bit each, in the head of the window. A page is touched from before the
 * first store to it until the system has taken its content back. Touched pages are what can be resident, and what an
 * arena's limit bounds; memory that was skipped for an alignment, and free memory that was given back, is not.
 *
 * Page p is bit p & 31 of word TOUCHED_AREA + (p >>> 5). Bits are written under the arena's lock only, each before the
 * first store to its page and after the system call that gives it back: a death in between leaves a page that counts
 * for nothing, never one that does not count. Nobody else reads them.
 *
 * Ranges are given in words from the base of the window.
 */
import { TOUCHED_AREA } from "./layout.ts";
import type { Window } from "./window.ts";

export class TouchedPages {
  private readonly shift: number;

  constructor(
    private readonly window: Window,
    readonly pageSize: number,
    /** Told by how many bytes the touched pages have become more, or less. */
    private readonly changed: (bytes: number) => void,
  ) {
    this.shift = (Math.log2(pageSize) - 2) | 0;
  }

  /** Marks every page that has a word of the range. */
  touch(from: number, end: number): void {
    const { words } = this.window;
    const { shift } = this;
    const first = from >>> shift;
    const last = (end - 1) >>> shift;
    // Most blocks lie in one page, which is touched already.
    if (first === last && (words[TOUCHED_AREA + (first >>> 5)]! & (1 << (first & 31))) !== 0) return;
    let more = 0;
    for (let at = first >>> 5; at <= last >>> 5; at++) {
      const present = words[TOUCHED_AREA + at]!;
      const fresh = maskOf(at, first, last) & ~present;
      if (fresh === 0) continue;
      words[TOUCHED_AREA + at] = present | fresh;
      more += bitCount(fresh);
    }
    if (more !== 0) this.changed(more * this.pageSize);
  }

  /** Bytes by which `touch` would make them more. */
  untouchedBytes(from: number, end: number): number {
    const pages = from < end ? this.pagesIn(from, end) : 0;
    return pages * this.pageSize - this.bytesIn(from, end);
  }

  /** Bytes of the touched pages that have a word of the range. */
  bytesIn(from: number, end: number): number {
    if (from >= end) return 0;
    const { words } = this.window;
    const first = from >>> this.shift;
    const last = (end - 1) >>> this.shift;
    let pages = 0;
    for (let at = first >>> 5; at <= last >>> 5; at++) {
      const present = words[TOUCHED_AREA + at]! & maskOf(at, first, last);
      if (present !== 0) pages += bitCount(present);
    }
    return pages * this.pageSize;
  }

  /** The system has the content of these pages back. Both ends lie on borders of pages. */
  forget(from: number, end: number): void {
    const less = this.bytesIn(from, end);
    if (less === 0) return;
    const { words } = this.window;
    const first = from >>> this.shift;
    const last = (end - 1) >>> this.shift;
    for (let at = first >>> 5; at <= last >>> 5; at++) {
      words[TOUCHED_AREA + at] = words[TOUCHED_AREA + at]! & ~maskOf(at, first, last);
    }
    this.changed(-less);
  }

  private pagesIn(from: number, end: number): number {
    return ((end - 1) >>> this.shift) - (from >>> this.shift) + 1;
  }
}

/** The bits of word `at` that stand for pages from `first` to `last`. */
function maskOf(at: number, first: number, last: number): number {
  const above = at === first >>> 5 ? -1 << (first & 31) : -1;
  const below = at === last >>> 5 ? -1 >>> (31 - (last & 31)) : -1;
  return above & below;
}

/** Bits of a word that are set (H. S. Warren, "Hacker's Delight", 2002, section 5-1). */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
