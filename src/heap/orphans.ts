/**
 * Spans whose Worker died or left: nobody owns them, until a Worker that needs a span of their class adopts one. What is in
 * use in them stays its allocator's: at an adoption those blocks are marked with the number of a former owner, of which a
 * span can tell FORMERS apart. What takes a part of the heap only runs under the lock too.
 */
import { SPAN_CLASSES, UNITS } from "../core/span-classes.ts";
import { SLOTS, UNIT_BYTES } from "../core/tunables.ts";
import type { Held } from "../memory/held.ts";
import {
  ControlDouble,
  cacheOfSlot,
  HAS_MAGAZINES,
  ORPHAN_AREA,
  ORPHAN_WORDS,
  PENDING,
  WindowWord,
} from "../memory/layout.ts";
import {
  BACK_SHIFT,
  BLOCK_STATE_MASK,
  BlockState,
  CELL_BYTES,
  FORMER_SHIFT,
  FORMERS,
  FREE_UNIT,
  IS_SPAN,
  LAST_OWNER_SHIFT,
  NOT_LISTED,
  OWNER_MASK,
  OWNER_SHIFT,
  RECORD_WORDS,
  RecordWord,
  SEGMENT_WORDS,
  SegmentKind,
  SegmentWord,
  type SpanTable,
  STATES_BYTES,
} from "../memory/span-table.ts";
import { exchangeAndTell } from "../spans/remote.ts";
import { allocatorOf, blocksOfSpan, formerOwner, ownerOfSpan, unitsOfSpan } from "../spans/span.ts";
import { forEachBlock, forEachSpan } from "../spans/walk.ts";
import type { Heap, HeapWindow } from "./heap.ts";
import { dropSpan, mendSegment, retire } from "./segments.ts";

const UNIT_CELLS = UNIT_BYTES / CELL_BYTES;
/** Orphans of a class that are looked at for one that can be adopted, before a span is cut. */
export const ADOPTION_LOOKS = 8;

/** What the last walk over a span's blocks found: one object, since garbage at each lock would stay. */
const found = { inUse: 0, free: 0, formers: 0 };

/**
 * Makes a span without an owner this Worker's: one of the class that has free blocks, of the first `looks` in each window.
 * `servedBy` tells its window. 0 = there is none.
 */
export function adoptSpan(heap: Held<Heap>, preferred: number, cls: number, looks: number): number {
  const count = heap.windows.length;
  for (let turn = 0; turn < count; turn++) {
    const index = (preferred + turn) % count;
    const span = adoptIn(heap, heap.windows[index]!, cls, looks);
    if (span === 0) continue;
    heap.servedBy = index;
    return span;
  }
  return 0;
}

/** Takes the spans of a slot whose Worker leaves away from it. Its magazines are empty. */
export function disownSpans(heap: Held<Heap>, index: number, slot: number): void {
  forEachSpan(heap.windows[index]!.spans, (span, owner) => {
    if (owner === slot) orphan(heap, index, span);
  });
}

/** Drops the orphans of which others have freed all blocks. */
export function sweepOrphans(heap: Held<Heap>, index: number): void {
  const { space, spans } = heap.windows[index]!;
  for (let cls = 0; cls < SPAN_CLASSES; cls++) {
    if (space.words[ORPHAN_AREA + cls] === 0) continue;
    let before = 0;
    for (let span = space.words[ORPHAN_AREA + cls]!; span !== 0; ) {
      const next = spans.records[span * RECORD_WORDS + RecordWord.next]!;
      if (spans.records[span * RECORD_WORDS + RecordWord.remote] !== 0) settle(spans, span);
      const isEmpty = spans.records[span * RECORD_WORDS + RecordWord.free] === blocksOfSpan(spans, span);
      if (isEmpty) {
        unlist(space.words, spans, cls, span, before);
        dropSpan(heap, index, span);
      } else before = span;
      span = next;
    }
  }
}

/** Frees all blocks of spans that a slot has left. Returns their number. */
export function reclaimSpans(heap: Held<Heap>, index: number, slot: number): number {
  const { space, spans } = heap.windows[index]!;
  const { states } = spans;
  let count = 0;
  forEachSpan(spans, (span) => {
    forEachBlock(spans, span, (granule) => {
      const state = states[granule >>> 1]!;
      if ((state & BLOCK_STATE_MASK) !== BlockState.inUse || allocatorOf(spans, span, granule) !== slot)
        return;
      if (exchangeAndTell(space.words, spans, span, granule, state, BlockState.remote)) count++;
    });
  });
  sweepOrphans(heap, index);
  return count;
}

/** Marks the slots that have blocks of spans in use. */
export function noteAllocators({ spans }: HeapWindow, inUse: Uint8Array): void {
  forEachSpan(spans, (span) => {
    forEachBlock(spans, span, (granule) => {
      if ((spans.states[granule >>> 1]! & BLOCK_STATE_MASK) === BlockState.inUse)
        inUse[allocatorOf(spans, span, granule)] = 1;
    });
  });
}

/** The blocks that these slots left become nobody's. */
export function forgetAllocators({ spans }: HeapWindow, forgotten: Uint8Array): void {
  const { records } = spans;
  forEachSpan(spans, (span, owner) => {
    const record = span * RECORD_WORDS;
    const shape = records[record + RecordWord.shape]!;
    if (owner === 0 && forgotten[shape >>> LAST_OWNER_SHIFT] === 1) setLastOwner(spans, span, 0);
    for (let former = 1; former <= FORMERS; former++)
      if (forgotten[formerOwner(spans, span, former)] === 1) setFormer(spans, span, former, 0);
  });
}

/**
 * After a death: spans of lost slots lose their owner, segments and lists are counted anew. The page map's word of a span's
 * first unit, its record's shape and the states are the truth.
 */
export function recoverSpans(heap: Held<Heap>, index: number, lost: Uint8Array): void {
  const { space, spans } = heap.windows[index]!;
  const { words } = space;
  if (words[WindowWord.spanTable] === 0) return;
  spans.refresh();
  for (let slot = 1; slot <= SLOTS; slot++) {
    const at = cacheOfSlot(slot);
    if (lost[slot] !== 1 || (words[at + HAS_MAGAZINES]! | words[at + PENDING]!) === 0) continue;
    spans.magazines(slot).fill(0);
    words[at + PENDING] = 0;
    words[at + HAS_MAGAZINES] = 0;
  }
  words.fill(0, ORPHAN_AREA, ORPHAN_AREA + ORPHAN_WORDS);
  words[WindowWord.freeUnits] = 0;
  words[WindowWord.firstFree] = 0;
  words[WindowWord.segments] = 0;
  words[WindowWord.staleSegments] = 0;
  for (let group = 0; group < spans.groups; group++) recoverSegment(heap, index, group, lost);
}

function recoverSegment(heap: Held<Heap>, index: number, group: number, lost: Uint8Array): void {
  const { space, spans } = heap.windows[index]!;
  const { words } = space;
  const { map, segments, states } = spans;
  const kind = segments[group * SEGMENT_WORDS + SegmentWord.kind]!;
  // Somebody died while the segment was made or dissolved.
  if (kind !== SegmentKind.segment) segments[group * SEGMENT_WORDS + SegmentWord.freeUnits] = 0;
  if (kind === SegmentKind.none) return;
  heap.control.add(ControlDouble.stateBytes, STATES_BYTES);
  if (kind === SegmentKind.stale) {
    words[WindowWord.staleSegments] = words[WindowWord.staleSegments]! + 1;
    return;
  }
  mendSegment(heap.windows[index]!, group);
  let free = 0;
  for (let unit = 0; unit < UNITS; ) {
    const span = group * UNITS + unit;
    const entry = map[span]!;
    const isFirst = (entry & IS_SPAN) !== 0 && ((entry >>> BACK_SHIFT) & 0xff) === 0;
    const units = isFirst ? unitsOfSpan(spans, span) : 1;
    if (!isFirst || !recoverSpan(spans, words, span, units, lost)) {
      map.fill(FREE_UNIT, span, span + units);
      states.fill(0, span * UNIT_CELLS, (span + units) * UNIT_CELLS);
      for (let i = 0; i < units; i++) free |= 1 << (unit + i);
    } else heap.control.add(ControlDouble.unitBytes, units * UNIT_BYTES);
    unit += units;
  }
  segments[group * SEGMENT_WORDS + SegmentWord.freeUnits] = free;
  if (free === -1) {
    // Its block, cached by nobody, is filed with the rest of the chain.
    retire(map, segments, group);
    words[WindowWord.staleSegments] = words[WindowWord.staleSegments]! + 1;
    return;
  }
  words[WindowWord.segments] = words[WindowWord.segments]! + 1;
  for (let bits = free; bits !== 0; bits &= bits - 1)
    words[WindowWord.freeUnits] = words[WindowWord.freeUnits]! + 1;
}

/** False if nothing in the span is in use and nobody owns it any more. */
function recoverSpan(
  spans: SpanTable,
  words: Int32Array,
  span: number,
  units: number,
  lost: Uint8Array,
): boolean {
  const owner = ownerOfSpan(spans, span);
  if (owner !== 0 && lost[owner] !== 1) {
    setOwner(spans, span, units, owner);
    tellOfRemote(spans, words, span);
    return true;
  }
  if (owner !== 0) setLastOwner(spans, span, owner);
  settle(spans, span);
  if (found.inUse === 0) return false;
  setOwner(spans, span, units, 0);
  list(words, spans, span);
  return true;
}

/** Who died between a block's state and the mark has told its owner nothing. */
function tellOfRemote(spans: SpanTable, words: Int32Array, span: number): void {
  if (Atomics.load(spans.records, span * RECORD_WORDS + RecordWord.remote) !== 0) return;
  forEachBlock(spans, span, (granule) => {
    const state = spans.states[granule >>> 1]!;
    if ((state & BLOCK_STATE_MASK) === BlockState.remote)
      exchangeAndTell(words, spans, span, granule, state, BlockState.remote);
  });
}

/** Takes a span away from its owner, or drops it if nothing in it is in use. */
function orphan(heap: Held<Heap>, index: number, span: number): void {
  const { space, spans } = heap.windows[index]!;
  setLastOwner(spans, span, ownerOfSpan(spans, span));
  settle(spans, span);
  if (found.inUse === 0) {
    dropSpan(heap, index, span);
    return;
  }
  setOwner(spans, span, unitsOfSpan(spans, span), 0);
  list(space.words, spans, span);
}

function adoptIn(heap: Held<Heap>, { space, spans }: HeapWindow, cls: number, looks: number): number {
  const { words } = space;
  let before = 0;
  let span = words[ORPHAN_AREA + cls]!;
  for (let left = looks; span !== 0 && left > 0; left--) {
    const record = span * RECORD_WORDS;
    const former = mayHaveFree(spans, record) ? lookAt(spans, span) : 0;
    if (former !== 0) {
      unlist(words, spans, cls, span, before);
      setFormer(spans, span, former, spans.records[record + RecordWord.shape]! >>> LAST_OWNER_SHIFT);
      markFormer(spans, span, former);
      setLastOwner(spans, span, 0);
      setOwner(spans, span, unitsOfSpan(spans, span), heap.slot);
      return span;
    }
    before = span;
    span = spans.records[record + RecordWord.next]!;
  }
  return 0;
}

/** Whether an orphan had free blocks when it was looked at last, or has got one since. */
function mayHaveFree({ records }: SpanTable, record: number): boolean {
  return records[record + RecordWord.free] !== 0 || records[record + RecordWord.remote] !== 0;
}

/** The number that the last owner of an orphan gets at an adoption; 0 = none is left, or nothing is free. */
function lookAt(spans: SpanTable, span: number): number {
  settle(spans, span);
  return found.free > 0 ? freeFormer() : 0;
}

/** A number that no block in use of the last span looked at carries; 0 = none is left. */
function freeFormer(): number {
  for (let former = 1; former <= FORMERS; former++) if ((found.formers & (1 << former)) === 0) return former;
  return 0;
}

/** The last owner's blocks in use become a former owner's. They may be freed at any time. */
function markFormer(spans: SpanTable, span: number, former: number): void {
  const { states } = spans;
  forEachBlock(spans, span, (granule) => {
    const state = states[granule >>> 1]!;
    if ((state & BLOCK_STATE_MASK) !== BlockState.inUse || state >>> FORMER_SHIFT !== 0) return;
    Atomics.compareExchange(states, granule >>> 1, state, state | (former << FORMER_SHIFT));
  });
}

/** What is not in use in a span without a Worker is free. Notes in `found` what there is. */
function settle(spans: SpanTable, span: number): void {
  const { records, states } = spans;
  const record = span * RECORD_WORDS;
  records[record + RecordWord.cursor] = 0;
  Atomics.exchange(records, record + RecordWord.remote, 0);
  found.inUse = 0;
  found.free = 0;
  found.formers = 0;
  forEachBlock(spans, span, (granule) => {
    const state = Atomics.load(states, granule >>> 1);
    if ((state & BLOCK_STATE_MASK) === BlockState.inUse) {
      found.inUse++;
      found.formers |= 1 << (state >>> FORMER_SHIFT);
    } else {
      found.free++;
      if ((state & BLOCK_STATE_MASK) > BlockState.inUse)
        states[granule >>> 1] = BlockState.free | (granule & 1);
    }
  });
  records[record + RecordWord.free] = found.free;
}

function list(words: Int32Array, { map, records }: SpanTable, span: number): void {
  const head = ORPHAN_AREA + (map[span]! & 0xff);
  records[span * RECORD_WORDS + RecordWord.next] = words[head]!;
  words[head] = span;
}

function unlist(words: Int32Array, { records }: SpanTable, cls: number, span: number, before: number): void {
  const next = records[span * RECORD_WORDS + RecordWord.next]!;
  if (before === 0) words[ORPHAN_AREA + cls] = next;
  else records[before * RECORD_WORDS + RecordWord.next] = next;
  records[span * RECORD_WORDS + RecordWord.next] = NOT_LISTED;
}

/** With the first unit's word, stored last, the span has another owner. */
function setOwner({ map }: SpanTable, span: number, units: number, owner: number): void {
  const entry = (map[span]! & ~OWNER_MASK) | (owner << OWNER_SHIFT);
  for (let unit = units - 1; unit > 0; unit--) map[span + unit] = entry | (unit << BACK_SHIFT);
  Atomics.store(map, span, entry);
}

function setLastOwner({ records }: SpanTable, span: number, owner: number): void {
  const at = span * RECORD_WORDS + RecordWord.shape;
  records[at] = (records[at]! & ((1 << LAST_OWNER_SHIFT) - 1)) | (owner << LAST_OWNER_SHIFT);
}

function setFormer({ records }: SpanTable, span: number, former: number, owner: number): void {
  const at = span * RECORD_WORDS + RecordWord.formers + ((former - 1) >>> 2);
  const shift = ((former - 1) & 3) * 8;
  records[at] = (records[at]! & ~(0xff << shift)) | (owner << shift);
}
