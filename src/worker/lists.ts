/**
 * A Worker's lists in one window: the blocks with headers that it has freed, or had brought, one list a size class. The fast
 * path (fast-path.ts) takes from them and puts back; many at a time are moved in batches.ts and heap/kept.ts.
 *
 * Shared words, all in the Worker's own part of the window's cache area (memory/layout.ts) and written by that Worker alone
 * (by others only once it is dead, under the lock): for each class its first block, 0 = none; word b of each block holds
 * the next. How many granules the lists have together is written before a block is put on a list and after one is taken, so
 * that it is 0 only where they are empty, unless a link was overwritten.
 */

import { classOfBlock } from "../core/size-classes.ts";
import type { SlotNumber } from "../core/types.ts";
import { CHECK_MASK, SLOT_SHIFT, State } from "../memory/header.ts";
import { CacheWord, cacheOfSlot, LISTS } from "../memory/layout.ts";
import type { Window } from "../memory/window.ts";

export class WindowCache {
  words: Int32Array;
  readonly base: number;
  /** Word index of what this Worker has in the window. */
  readonly entries: number;

  constructor(
    readonly window: Window,
    /** Number of the window in the arena. */
    readonly number: number,
    readonly secret: number,
    readonly slot: SlotNumber,
  ) {
    this.words = window.words;
    this.base = window.base;
    this.entries = cacheOfSlot(slot);
  }

  /** Follows the window's view after it has grown. */
  sync(): void {
    this.words = this.window.words;
  }

  /** First block of a class's list, 0 = none. */
  first(cls: number): number {
    return this.words[this.entries + LISTS + cls]!;
  }

  /** Granules in all lists. */
  get kept(): number {
    return this.words[this.entries + CacheWord.kept]!;
  }

  /** Puts a block that this Worker has claimed (state busy) on its list. */
  put(block: number): void {
    const { words, entries } = this;
    const granules = words[block - 2]! >>> 4;
    const entry = entries + LISTS + classOfBlock(granules);
    words[entries + CacheWord.kept] = words[entries + CacheWord.kept]! + granules;
    words[block - 1] = (words[block - 1]! & CHECK_MASK) | (this.slot << SLOT_SHIFT) | State.cached;
    words[block] = words[entry]!;
    words[entry] = block;
  }
}
