/** Walks over the spans of a window and the blocks of a span. */
import { spanGranules, UNIT_GRANULES, UNITS } from "../core/span-classes.ts";
import {
  BACK_SHIFT,
  IS_SPAN,
  SEGMENT_WORDS,
  SegmentKind,
  SegmentWord,
  type SpanTable,
} from "../memory/span-table.ts";
import { blocksOfSpan, classOfSpan, ownerOfSpan } from "./span.ts";

/** Calls back for each span of a window. Without the lock the caller's own are exact, of the rest an answer may be old. */
export function forEachSpan(spans: SpanTable, visit: (span: number, owner: number) => void): void {
  const { groups, map, segments } = spans;
  for (let group = 0; group < groups; group++) {
    if (segments[group * SEGMENT_WORDS + SegmentWord.kind] !== SegmentKind.segment) continue;
    const end = (group + 1) * UNITS;
    for (let unit = group * UNITS; unit < end; unit++) {
      const entry = map[unit]!;
      if ((entry & IS_SPAN) === 0 || ((entry >>> BACK_SHIFT) & 0xff) !== 0) continue;
      visit(unit, ownerOfSpan(spans, unit));
    }
  }
}

/** Calls back for each block of a span: its granule. */
export function forEachBlock(spans: SpanTable, span: number, visit: (granule: number) => void): void {
  const blocks = blocksOfSpan(spans, span);
  const granules = spanGranules[classOfSpan(spans, span)]!;
  const first = span * UNIT_GRANULES;
  for (let i = 0; i < blocks; i++) visit(first + i * granules);
}
