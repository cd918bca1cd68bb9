/**
 * What a number of a window is to its spans: read from the span table, never from the blocks themselves. A span is a run of
 * units of one segment, cut into blocks of one class; it is named by its first unit, counted from the window's base.
 * A block is named by its granule, counted from the window's base too.
 *
 * Everything here only reads. Any Worker, any time: what is in use stays what it is, of the rest an answer may be old.
 */
import { spanGranules, UNIT_GRANULES } from "../core/span-classes.ts";
import {
  BACK_SHIFT,
  BLOCK_STATE_MASK,
  BLOCKS_MASK,
  BlockState,
  FORMER_SHIFT,
  IS_SPAN,
  LAST_OWNER_SHIFT,
  OWNER_SHIFT,
  RECORD_WORDS,
  RecordWord,
  type SpanTable,
  UNITS_MASK,
  UNITS_SHIFT,
} from "../memory/span-table.ts";

const UNIT_SHIFT = Math.log2(UNIT_GRANULES) | 0;

/** The span that a granule lies in, 0 = none. */
export function spanAt({ map }: SpanTable, granule: number): number {
  const unit = granule >>> UNIT_SHIFT;
  const entry = map[unit] ?? 0;
  return (entry & IS_SPAN) === 0 ? 0 : unit - ((entry >>> BACK_SHIFT) & 0xff);
}

export function classOfSpan({ map }: SpanTable, span: number): number {
  return map[span]! & 0xff;
}

/** Slot of the owner, 0 = nobody. */
export function ownerOfSpan({ map }: SpanTable, span: number): number {
  return (map[span]! >>> OWNER_SHIFT) & 0xff;
}

export function blocksOfSpan({ records }: SpanTable, span: number): number {
  return records[span * RECORD_WORDS + RecordWord.shape]! & BLOCKS_MASK;
}

export function unitsOfSpan({ records }: SpanTable, span: number): number {
  return (records[span * RECORD_WORDS + RecordWord.shape]! >>> UNITS_SHIFT) & UNITS_MASK;
}

/** The block that a granule of a span lies in, or beyond its last one the end of the span's blocks. */
export function blockAround(table: SpanTable, span: number, granule: number): number {
  const granules = spanGranules[classOfSpan(table, span)]!;
  const index = Math.min(Math.floor((granule - span * UNIT_GRANULES) / granules), blocksOfSpan(table, span));
  return span * UNIT_GRANULES + index * granules;
}

/** State of the block that begins at a granule: one of BlockState, or 0. */
export function stateAt({ states }: SpanTable, granule: number): number {
  const state = states[granule >>> 1] ?? 0;
  return ((state ^ granule) & 1) === 0 ? state & BLOCK_STATE_MASK : 0;
}

/** Whether a block that begins at a granule is in use. */
export function isInUse(table: SpanTable, granule: number): boolean {
  return Number.isInteger(granule) && stateAt(table, granule) === BlockState.inUse;
}

/** Slot of whoever allocated a block in use. */
export function allocatorOf(table: SpanTable, span: number, granule: number): number {
  const former = table.states[granule >>> 1]! >>> FORMER_SHIFT;
  if (former !== 0) return formerOwner(table, span, former);
  return (
    ownerOfSpan(table, span) || table.records[span * RECORD_WORDS + RecordWord.shape]! >>> LAST_OWNER_SHIFT
  );
}

/** Slot of the n-th former owner, from 1 on. */
export function formerOwner({ records }: SpanTable, span: number, number: number): number {
  const word = span * RECORD_WORDS + RecordWord.formers + ((number - 1) >>> 2);
  return (records[word]! >>> (((number - 1) & 3) * 8)) & 0xff;
}
