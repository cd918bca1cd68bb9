/**
 * A Worker's magazines in one window: ready blocks of its spans, a stack for each class (J. Bonwick and J. Adams,
 * "Magazines and Vmem", 2001). The fast path (fast-path.ts) pops and pushes; here they are filled from the Worker's own
 * spans and emptied into them, by looking at the states of the blocks. None of that takes the lock.
 *
 * A state says what a block is; magazines, counts and lists are indexes of it that can be made anew (heap/orphans.ts). All
 * words here are written by the Worker that has the slot; by others only once it is dead, under the lock.
 */
import { magazineRoom, SPAN_CLASSES, spanGranules, UNIT_GRANULES } from "../core/span-classes.ts";
import { SPAN_SHARE, SPAN_UNITS_MOST } from "../core/tunables.ts";
import type { Heap } from "../heap/heap.ts";
import { ADOPTION_LOOKS, adoptSpan, disownSpans } from "../heap/orphans.ts";
import { cutSpan, dropSpan } from "../heap/segments.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble, cacheOfSlot, HAS_MAGAZINES, PENDING } from "../memory/layout.ts";
import {
  BLOCK_STATE_MASK,
  BLOCKS_MASK,
  BlockState,
  CAPACITIES,
  HEADS,
  MAGAZINE_SHIFT,
  NOT_LISTED,
  RECORD_WORDS,
  RecordWord,
  type SpanTable,
} from "../memory/span-table.ts";
import { blocksOfSpan, classOfSpan, ownerOfSpan } from "../spans/span.ts";
import { forEachSpan } from "../spans/walk.ts";

const NONE: Int32Array = new Int32Array((SPAN_CLASSES + 1) << MAGAZINE_SHIFT);
const UNIT_SHIFT = Math.log2(UNIT_GRANULES) | 0;

export class Magazines {
  /** Empty until the window has a span table. */
  words: Int32Array = NONE;
  /** A class of which spans have become empty since somebody looked; 0 = none. */
  emptied = 0;
  readonly table: SpanTable;
  private readonly pending: number;

  constructor(
    private readonly heap: Heap,
    /** Number of the window. */
    readonly number: number,
  ) {
    this.table = heap.windows[number]!.spans;
    this.pending = cacheOfSlot(heap.slot) + PENDING;
    this.sync();
  }

  /** Follows the window: from its first segment on there is a place for the magazines. */
  sync(): void {
    if (this.words !== NONE || this.table.base === 0) return;
    this.words = this.table.magazines(this.heap.slot);
    this.window[cacheOfSlot(this.heap.slot) + HAS_MAGAZINES] = 1;
  }

  /** Fills the empty magazine of a class from this Worker's spans. False if they have no free block. */
  fill(cls: number): boolean {
    if (this.words === NONE) return false;
    return this.takeFree(cls) > 0 || (this.collect() && this.takeFree(cls) > 0);
  }

  /** The same out of what nobody has to tell of: how many. */
  fillOwn(cls: number): number {
    return this.words === NONE ? 0 : this.takeFree(cls);
  }

  /**
   * Whether another attachment of this thread uses the same magazines, or may have used them: blocks in them, and spans, may
   * lie behind the end of this one's views.
   */
  get isShared(): boolean {
    const { slots, slot, windows } = this.heap;
    return slots.countAttachment(slot, 0) > 1 || !windows[this.number]!.window.isCurrent;
  }

  isEmpty(cls: number): boolean {
    return this.words[cls << MAGAZINE_SHIFT]! === 0;
  }

  isFull(cls: number): boolean {
    return this.words[cls << MAGAZINE_SHIFT]! >= magazineRoom[cls]!;
  }

  /** Puts a block of this Worker's own span into a magazine that is not full. False if it was not in use any more. */
  put(cls: number, granule: number): boolean {
    const { states } = this.table;
    const { words } = this;
    const magazine = cls << MAGAZINE_SHIFT;
    const inUse = BlockState.inUse | (granule & 1);
    // Straight-line from here: a death finds the block ready, or in use as before.
    if (Atomics.compareExchange(states, granule >>> 1, inUse, BlockState.ready | (granule & 1)) !== inUse)
      return false;
    const count = words[magazine]! + 1;
    words[magazine + count] = granule;
    words[magazine] = count;
    return true;
  }

  /** Gives the older half of a class's full magazine back to its spans. If one of them has become empty, `emptied` tells. */
  flush(cls: number): void {
    const count = this.words[cls << MAGAZINE_SHIFT]!;
    if (this.giveBack(cls, (count + 1) >>> 1)) this.emptied = cls;
  }

  /** Empties all magazines and drops the spans that are empty then. */
  drain(heap: Held<Heap>): void {
    if (this.words === NONE) return;
    this.collect();
    // And what nobody has told of, because he died.
    this.collectMarked();
    for (let cls = 2; cls < SPAN_CLASSES; cls++) {
      this.giveBack(cls, this.words[cls << MAGAZINE_SHIFT]!);
      this.dropEmpty(heap, cls, 0);
    }
  }

  /** The same, and this Worker leaves: its spans are nobody's. */
  leave(heap: Held<Heap>): void {
    if (this.words === NONE) return;
    this.drain(heap);
    disownSpans(heap, this.number, heap.slot);
    this.words.fill(0);
    this.window[cacheOfSlot(this.heap.slot) + HAS_MAGAZINES] = 0;
  }

  /** Drops the spans of a class of which no block is in use or in the magazine, but for one, if it alone has free blocks. */
  dropEmpty(heap: Held<Heap>, cls: number, keep: 0 | 1): void {
    const { records } = this.table;
    const { words } = this;
    let before = 0;
    for (let span = words[HEADS + cls]!; span !== 0; ) {
      const record = span * RECORD_WORDS;
      const next = records[record + RecordWord.next]!;
      const blocks = records[record + RecordWord.shape]! & BLOCKS_MASK;
      const isOnly = keep === 1 && before === 0 && next === 0;
      if (records[record + RecordWord.free] === blocks && !isOnly) {
        if (before === 0) words[HEADS + cls] = next;
        else records[before * RECORD_WORDS + RecordWord.next] = next;
        words[CAPACITIES + cls] = words[CAPACITIES + cls]! - blocks;
        dropSpan(heap, this.number, span);
      } else before = span;
      span = next;
    }
  }

  /** A span has become this Worker's. */
  take(span: number): void {
    const { words, table } = this;
    const cls = classOfSpan(table, span);
    table.records[span * RECORD_WORDS + RecordWord.next] = words[HEADS + cls]!;
    words[HEADS + cls] = span;
    words[CAPACITIES + cls] = words[CAPACITIES + cls]! + blocksOfSpan(table, span);
    // Who marked it before it was this Worker's had nobody to tell.
    if (Atomics.load(table.records, span * RECORD_WORDS + RecordWord.remote) !== 0) this.collectSpan(span);
    // A repair may have taken it for a dead Worker's.
    this.window[cacheOfSlot(this.heap.slot) + HAS_MAGAZINES] = 1;
  }

  /** Units of the next span of a class: it grows with what this Worker has of it. */
  unitsFor(cls: number): number {
    const granules = this.words[CAPACITIES + cls]! * spanGranules[cls]!;
    return Math.min(SPAN_UNITS_MOST, Math.floor(granules / (UNIT_GRANULES * SPAN_SHARE)));
  }

  private get window(): Int32Array {
    return this.heap.windows[this.number]!.space.words;
  }

  /** Makes blocks ready that are free, half a magazine at the most, the lowest on top. Returns how many. Without a call. */
  private takeFree(cls: number): number {
    const { words } = this;
    const { records, states } = this.table;
    const granules = spanGranules[cls]!;
    const magazine = cls << MAGAZINE_SHIFT;
    const want = (magazineRoom[cls]! + 1) >>> 1;
    let count = 0;
    for (let span = words[HEADS + cls]!; span !== 0 && count < want; ) {
      const record = span << 3;
      const blocks = records[record + RecordWord.shape]! & BLOCKS_MASK;
      const first = span << UNIT_SHIFT;
      let cursor = records[record + RecordWord.cursor]!;
      let free = records[record + RecordWord.free]!;
      for (let looks = blocks; looks > 0 && free > 0 && count < want; looks--) {
        const granule = first + cursor * granules;
        const state = states[granule >>> 1]!;
        if (state === 0 || (state & BLOCK_STATE_MASK) === BlockState.free) {
          states[granule >>> 1] = BlockState.ready | (granule & 1);
          words[magazine + ++count] = granule;
          free--;
        }
        if (++cursor === blocks) cursor = 0;
      }
      records[record + RecordWord.cursor] = cursor;
      // Enough were found, or all there are.
      if (count < want) free = 0;
      records[record + RecordWord.free] = free;
      if (free !== 0) break;
      const next = records[record + RecordWord.next]!;
      words[HEADS + cls] = next;
      records[record + RecordWord.next] = NOT_LISTED;
      span = next;
    }
    for (let low = 1, high = count; low < high; low++, high--) {
      const granule = words[magazine + low]!;
      words[magazine + low] = words[magazine + high]!;
      words[magazine + high] = granule;
    }
    words[magazine] = count;
    return count;
  }

  /** Frees the `count` oldest blocks of a magazine. True if a span has become empty. Without a call but the last. */
  private giveBack(cls: number, count: number): boolean {
    const { words } = this;
    const { map, records, states } = this.table;
    const magazine = cls << MAGAZINE_SHIFT;
    let isEmpty = false;
    for (let at = 1; at <= count; at++) {
      const granule = words[magazine + at]!;
      const unit = granule >>> UNIT_SHIFT;
      const span = unit - ((map[unit]! >>> 16) & 0xff);
      const record = span << 3;
      states[granule >>> 1] = BlockState.free | (granule & 1);
      const free = records[record + RecordWord.free]! + 1;
      records[record + RecordWord.free] = free;
      if (records[record + RecordWord.next] === NOT_LISTED) {
        records[record + RecordWord.next] = words[HEADS + cls]!;
        words[HEADS + cls] = span;
      }
      if (free === (records[record + RecordWord.shape]! & BLOCKS_MASK)) isEmpty = true;
    }
    const rest = words[magazine]! - count;
    for (let at = 1; at <= rest; at++) words[magazine + at] = words[magazine + count + at]!;
    words[magazine] = rest;
    return isEmpty;
  }

  /** Collects what other Workers have freed. False if they have told of nothing. */
  private collect(): boolean {
    const { window } = this;
    let span = Atomics.exchange(window, this.pending, 0);
    if (span === 0) return false;
    while (span !== 0) {
      // Before the mark goes: then others may put the span on the list again.
      const next = this.table.records[span * RECORD_WORDS + RecordWord.pendingNext]!;
      if (!this.isMarked(span)) {
        // Another's, or met before: a list that leads astray, or in a circle, is followed no further.
        this.collectMarked();
        break;
      }
      this.collectSpan(span);
      span = next;
    }
    return true;
  }

  /** Collects this Worker's marked spans, on its list or not. */
  private collectMarked(): void {
    forEachSpan(this.table, (span) => {
      if (this.isMarked(span)) this.collectSpan(span);
    });
  }

  /** Whether a span is this Worker's, and others have freed blocks of it. */
  private isMarked(span: number): boolean {
    const { table } = this;
    if (ownerOfSpan(table, span) !== this.heap.slot) return false;
    return Atomics.load(table.records, span * RECORD_WORDS + RecordWord.remote) !== 0;
  }

  private collectSpan(span: number): void {
    const { words } = this;
    const { map, records, states } = this.table;
    const record = span << 3;
    const cls = map[span]! & 0xff;
    const granules = spanGranules[cls]!;
    const end = (span << UNIT_SHIFT) + (records[record + RecordWord.shape]! & BLOCKS_MASK) * granules;
    // First the mark, then the states: see spans/remote.ts. The load keeps what follows behind the exchange.
    Atomics.exchange(records, record + RecordWord.remote, 0);
    let free = Atomics.load(records, record + RecordWord.free);
    for (let granule = span << UNIT_SHIFT; granule < end; granule += granules) {
      const state = states[granule >>> 1]!;
      if ((state & BLOCK_STATE_MASK) !== BlockState.remote) continue;
      // By Atomics: its freer may not have come to the mark yet, and what it did with the block before comes first.
      Atomics.exchange(states, granule >>> 1, BlockState.free | (granule & 1));
      free++;
    }
    records[record + RecordWord.free] = free;
    if (free === 0 || records[record + RecordWord.next] !== NOT_LISTED) return;
    records[record + RecordWord.next] = words[HEADS + cls]!;
    words[HEADS + cls] = span;
  }
}

/** This Worker's next span of a class, adopted or cut. Returns the number of its window, or -1. Takes the lock. */
export function growSpans(
  heap: Heap,
  magazines: readonly Magazines[],
  preferred: number,
  cls: number,
): number {
  heap.enter();
  try {
    heap.control.add(ControlDouble.refills, 1);
    // A window that this Worker has no magazines in yet: the caller makes them and comes again.
    if (heap.windows.length > magazines.length) return preferred;
    const wanted = magazines[preferred]!.unitsFor(cls);
    const span =
      adoptSpan(heap, preferred, cls, ADOPTION_LOOKS) ||
      cutSpan(heap, preferred, cls, wanted) ||
      adoptSpan(heap, preferred, cls, Infinity);
    if (span === 0) return -1;
    const taker = magazines[heap.servedBy];
    if (taker === undefined) {
      // Of a new window.
      dropSpan(heap, heap.servedBy, span);
      return heap.servedBy;
    }
    taker.sync();
    taker.take(span);
    return heap.servedBy;
  } catch (error) {
    throw heap.repaired(error, "malloc");
  } finally {
    heap.leave();
  }
}
