/**
 * Segments: blocks of the heap of 128 KiB, cut into units that the spans of all Workers are made of (as the page heap of
 * tcmalloc: S. Ghemawat and P. Menage, "TCMalloc: Thread-Caching Malloc", 2005). In the header chain a segment is a block
 * that slot 0 has cached; the span table says that it is one. Free units are found first fit, by address; a segment that has
 * only free ones goes back to the heap. What takes a part of the heap only runs under the lock too.
 *
 * A page of a segment is marked as touched when a span takes it.
 */

import { leastUnits, SEGMENT_GRANULES, spanGranules, UNIT_GRANULES, UNITS } from "../core/span-classes.ts";
import { SEGMENT_BYTES, UNIT_BYTES } from "../core/tunables.ts";
import type { Address, WordIndex } from "../core/types.ts";
import { fits } from "../large/stock.ts";
import { checkBits, packState, State } from "../memory/header.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble, WindowWord } from "../memory/layout.ts";
import {
  BACK_SHIFT,
  CELL_BYTES,
  FREE_UNIT,
  IS_SPAN,
  NOT_LISTED,
  OWNER_SHIFT,
  publishSpanTable,
  RECORD_WORDS,
  RecordWord,
  SEGMENT_WORDS,
  SegmentKind,
  SegmentWord,
  STATES_BYTES,
  spanTableBytes,
  UNITS_SHIFT,
} from "../memory/span-table.ts";
import { unitsOfSpan } from "../spans/span.ts";
import type { Heap, HeapWindow } from "./heap.ts";

const SEGMENT_BLOCK_WORDS = SEGMENT_BYTES / 4;
const UNIT_WORDS = UNIT_BYTES / 4;
const UNIT_CELLS = UNIT_BYTES / CELL_BYTES;
const ALL_FREE = -1;

/**
 * A span of about `wanted` units for a class, of any window, with all blocks free; its owner is this Worker's slot. `servedBy`
 * tells the window. 0 = refused, `refusal` says why.
 */
export function cutSpan(heap: Held<Heap>, preferred: number, cls: number, wanted: number): number {
  const count = heap.windows.length;
  for (let turn = 0; turn < count; turn++) {
    const span = cutIn(heap, (preferred + turn) % count, cls, wanted);
    if (span !== 0) return span;
  }
  const index = makeSegment(heap, preferred);
  return index < 0 ? 0 : cutIn(heap, index, cls, wanted);
}

function cutIn(heap: Held<Heap>, index: number, cls: number, wanted: number): number {
  const least = leastUnits[cls]!;
  let units = Math.max(wanted, least);
  let span = takeUnits(heap, index, units);
  if (span === 0 && units > least) {
    units = least;
    span = takeUnits(heap, index, units);
  }
  if (span === 0) return 0;
  const { map, records } = heap.windows[index]!.spans;
  const record = span * RECORD_WORDS;
  // The last granule of a segment belongs to the header of the block behind it.
  const granules = units * UNIT_GRANULES - ((span + units) % UNITS === 0 ? 1 : 0);
  const blocks = Math.floor(granules / spanGranules[cls]!);
  records.fill(0, record, record + RECORD_WORDS);
  records[record + RecordWord.free] = blocks;
  records[record + RecordWord.next] = NOT_LISTED;
  records[record + RecordWord.shape] = blocks | (units << UNITS_SHIFT);
  const entry = cls | (heap.slot << OWNER_SHIFT) | IS_SPAN;
  // With the first unit's word the span exists.
  for (let unit = units - 1; unit > 0; unit--) map[span + unit] = entry | (unit << BACK_SHIFT);
  Atomics.store(map, span, entry);
  heap.servedBy = index;
  return span;
}

/** Gives the units of a span back; none of its blocks is in use. */
export function dropSpan(heap: Held<Heap>, index: number, span: number): void {
  const { spans, space } = heap.windows[index]!;
  const units = unitsOfSpan(spans, span);
  const { map, segments, states } = spans;
  // With this store the span has ceased to exist.
  Atomics.store(map, span, FREE_UNIT);
  map.fill(FREE_UNIT, span + 1, span + units);
  states.fill(0, span * UNIT_CELLS, (span + units) * UNIT_CELLS);
  const group = Math.floor(span / UNITS);
  const segment = group * SEGMENT_WORDS;
  const { words } = space;
  const free = segments[segment + SegmentWord.freeUnits]! | maskOf(span % UNITS, units);
  segments[segment + SegmentWord.freeUnits] = free;
  segments[segment + SegmentWord.freeSince] = words[WindowWord.look]!;
  words[WindowWord.freeUnits] = words[WindowWord.freeUnits]! + units;
  words[WindowWord.firstFree] = Math.min(words[WindowWord.firstFree]!, group);
  heap.control.add(ControlDouble.unitBytes, -units * UNIT_BYTES);
  // With a header that was overwritten it stays a segment, until a repair mends that.
  if (free === ALL_FREE && space.isIntact(group * SEGMENT_BLOCK_WORDS)) dissolve(heap, index, group);
}

/** Writes the header of a segment anew if it was overwritten: what it said is known. Before the chain is walked. */
export function mendSegment({ space }: HeapWindow, group: number): void {
  const block = group * SEGMENT_BLOCK_WORDS;
  if (space.isIntact(block)) return;
  const behind = block + SEGMENT_BLOCK_WORDS;
  // A remainder smaller than a block stays with what it was cut from.
  const isLonger = !space.isIntact(behind) && (space.isIntact(behind + 4) || space.top === behind + 4);
  const word0 = (SEGMENT_GRANULES + (isLonger ? 1 : 0)) << 4;
  space.words[block - 2] = word0;
  space.words[block - 1] = packState(checkBits(block, word0, space.secret), State.cached, 0, 0);
}

/** Whether a block of the chain is a segment. */
export function isSegment({ spans }: HeapWindow, block: number): boolean {
  if (block % SEGMENT_BLOCK_WORDS !== 0) return false;
  const group = block / SEGMENT_BLOCK_WORDS;
  return spans.segments[group * SEGMENT_WORDS + SegmentWord.kind] === SegmentKind.segment;
}

/**
 * Calls back for each run of units that no span has: words from the base, and the look since which they are free. Of the last
 * unit of a segment without the two words of the next block's header.
 */
export function forEachFreeUnits(
  { spans }: HeapWindow,
  visit: (from: number, end: number, since: number) => void,
): void {
  const { segments, groups } = spans;
  for (let group = 0; group < groups; group++) {
    const free = segments[group * SEGMENT_WORDS + SegmentWord.freeUnits]!;
    const since = segments[group * SEGMENT_WORDS + SegmentWord.freeSince]!;
    for (let unit = 0; unit < UNITS; unit++) {
      const first = unit;
      while (unit < UNITS && ((free >>> unit) & 1) !== 0) unit++;
      if (unit === first) continue;
      const from = group * UNITS + first;
      visit(from * UNIT_WORDS, (group * UNITS + unit) * UNIT_WORDS - (unit === UNITS ? 2 : 0), since);
    }
  }
}

/** Whether the words `from` to `end` belong to segments that are gone, so that their states can be given back. */
export function forEachStale(
  heap: Held<Heap>,
  { spans, space }: HeapWindow,
  release: (address: Address, byteLength: number) => boolean,
): void {
  if (space.words[WindowWord.staleSegments] === 0) return;
  const { segments, groups } = spans;
  const perPage = Math.max(1, heap.platform.pages.pageSize / STATES_BYTES);
  const kindOf = (group: number) => segments[group * SEGMENT_WORDS + SegmentWord.kind] ?? SegmentKind.none;
  const isIdle = (page: number) => {
    for (let group = page * perPage; group < (page + 1) * perPage; group++)
      if (kindOf(group) === SegmentKind.segment) return false;
    return true;
  };
  const pages = Math.ceil(groups / perPage);
  for (let page = 0; page < pages; page++) {
    const first = page;
    let stale = 0;
    for (; page < pages && isIdle(page); page++)
      for (let group = page * perPage; group < (page + 1) * perPage; group++)
        if (kindOf(group) === SegmentKind.stale) stale++;
    if (stale === 0) continue;
    const from = first * perPage;
    const end = Math.min(page * perPage, groups);
    if (!release(spans.statesOf(from), (end - from) * STATES_BYTES)) continue;
    for (let group = from; group < end; group++)
      segments[group * SEGMENT_WORDS + SegmentWord.kind] = SegmentKind.none;
    space.words[WindowWord.staleSegments] = space.words[WindowWord.staleSegments]! - stale;
    countStates(heap, -stale);
  }
}

/** Charges, or takes back the charge for, the states of so many segments. */
function countStates(heap: Held<Heap>, segments: number): void {
  heap.control.add(ControlDouble.stateBytes, segments * STATES_BYTES);
  heap.control.add(ControlDouble.committed, segments * STATES_BYTES);
}

/** So many free units side by side, touched now, in no span yet. 0 = none. */
function takeUnits(heap: Held<Heap>, index: number, count: number): number {
  const { spans, space } = heap.windows[index]!;
  const { words } = space;
  if (words[WindowWord.freeUnits]! < count) return 0;
  spans.refresh();
  const { segments, groups } = spans;
  let isFirst = true;
  for (let group = words[WindowWord.firstFree]!; group < groups; group++) {
    const free = segments[group * SEGMENT_WORDS + SegmentWord.freeUnits]!;
    if (free === 0) continue;
    if (isFirst) words[WindowWord.firstFree] = group;
    isFirst = false;
    let runs = free;
    for (let more = 1; more < count && runs !== 0; more++) runs &= free >>> more;
    if (runs === 0) continue;
    const unit = 31 - Math.clz32(runs & -runs);
    const span = group * UNITS + unit;
    if (!touchUnits(heap, index, span, count)) return 0;
    segments[group * SEGMENT_WORDS + SegmentWord.freeUnits] = free & ~maskOf(unit, count);
    words[WindowWord.freeUnits] = words[WindowWord.freeUnits]! - count;
    heap.control.add(ControlDouble.unitBytes, count * UNIT_BYTES);
    return span;
  }
  return 0;
}

function touchUnits(heap: Held<Heap>, index: number, unit: number, count: number): boolean {
  const { touched } = heap.windows[index]!.space;
  const from = unit * UNIT_WORDS;
  const end = from + count * UNIT_WORDS;
  if (heap.isLimited && !fits(heap, touched.untouchedBytes(from, end))) return heap.refuse("limit", 0);
  touched.touch(from, end);
  heap.control.notePeak();
  return true;
}

/** Makes a new segment. Returns the number of its window, or -1. */
function makeSegment(heap: Held<Heap>, preferred: number): number {
  if (heap.isLimited && !fits(heap, SEGMENT_BYTES)) {
    heap.refuse("limit", 0);
    return -1;
  }
  const block = heap.takeSegment(preferred);
  if (block === 0) return -1;
  const index = heap.servedBy;
  const part = heap.windows[index]!;
  if (!hasTable(heap, part)) {
    heap.dropSegment(index, block);
    return -1;
  }
  const { space, spans } = part;
  spans.refresh();
  const { words } = space;
  const { map, segments } = spans;
  const group = block / SEGMENT_BLOCK_WORDS;
  const segment = group * SEGMENT_WORDS;
  words[block - 1] = packState(checkBits(block, words[block - 2]!, space.secret), State.cached, 0, 0);
  segments[segment + SegmentWord.freeUnits] = ALL_FREE;
  segments[segment + SegmentWord.freeSince] = words[WindowWord.look]!;
  if (segments[segment + SegmentWord.kind] === SegmentKind.stale)
    words[WindowWord.staleSegments] = words[WindowWord.staleSegments]! - 1;
  else countStates(heap, 1);
  // With this store the block is a segment.
  segments[segment + SegmentWord.kind] = SegmentKind.segment;
  // Behind it: after a death no unit is marked as one of a segment that there is not.
  map.fill(FREE_UNIT, group * UNITS, (group + 1) * UNITS);
  words[WindowWord.segments] = words[WindowWord.segments]! + 1;
  words[WindowWord.freeUnits] = words[WindowWord.freeUnits]! + UNITS;
  words[WindowWord.firstFree] = Math.min(words[WindowWord.firstFree]!, group);
  return index;
}

/** A segment has free units only: it is an ordinary free block again. */
function dissolve(heap: Held<Heap>, index: number, group: number): void {
  const { spans, space } = heap.windows[index]!;
  const { words } = space;
  retire(spans.map, spans.segments, group);
  words[WindowWord.segments] = words[WindowWord.segments]! - 1;
  words[WindowWord.staleSegments] = words[WindowWord.staleSegments]! + 1;
  words[WindowWord.freeUnits] = words[WindowWord.freeUnits]! - UNITS;
  heap.dropSegment(index, (group * SEGMENT_BLOCK_WORDS) as WordIndex);
}

/** With the store of its kind the segment has ceased to exist; its states are all 0, and its units are not marked any more. */
export function retire(map: Int32Array, segments: Int32Array, group: number): void {
  map.fill(0, group * UNITS, (group + 1) * UNITS);
  segments[group * SEGMENT_WORDS + SegmentWord.kind] = SegmentKind.stale;
  segments[group * SEGMENT_WORDS + SegmentWord.freeUnits] = 0;
}

/** Maps the window's span table, once. False if the system refuses that. */
export function hasTable(heap: Held<Heap>, { window }: HeapWindow): boolean {
  if (window.words[WindowWord.spanTable] !== 0) return true;
  const byteLength = spanTableBytes(window.byteLength);
  const base = heap.platform.pages.map(byteLength, 0);
  if (base < 0) return heap.refuse("system", base);
  heap.passage.note(base, byteLength);
  publishSpanTable(window, base as Address);
  heap.passage.arrived();
  return true;
}

function maskOf(first: number, count: number): number {
  return (count === 32 ? -1 : (1 << count) - 1) << first;
}
