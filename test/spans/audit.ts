/**
 * The states of all blocks of spans against everything that is made from them: magazines, counts, lists of spans. Nobody
 * may be in the middle of anything.
 */
import { expect } from "bun:test";
import { magazineRoom, SPAN_CLASSES } from "../../src/core/span-classes.ts";
import { SLOTS } from "../../src/core/tunables.ts";
import type { Heap, HeapWindow } from "../../src/heap/heap.ts";
import { cacheOfSlot, HAS_MAGAZINES, ORPHAN_AREA } from "../../src/memory/layout.ts";
import {
  BlockState,
  CAPACITIES,
  HEADS,
  MAGAZINE_SHIFT,
  NOT_LISTED,
  RECORD_WORDS,
  RecordWord,
} from "../../src/memory/span-table.ts";
import { blocksOfSpan, classOfSpan, stateAt } from "../../src/spans/span.ts";
import { forEachBlock, forEachSpan } from "../../src/spans/walk.ts";

export interface Counts {
  spans: number;
  orphans: number;
  inUse: number;
  ready: number;
  remote: number;
  free: number;
}

/** What is expected of one slot's magazines, from the spans that are its own; slot 0: of the orphans. */
class Expected {
  readonly ready = Array.from({ length: SPAN_CLASSES }, () => new Set<number>());
  readonly listed = Array.from({ length: SPAN_CLASSES }, () => new Set<number>());
  readonly blocks = new Array<number>(SPAN_CLASSES).fill(0);
}

/** Counts the blocks of all spans. Throws if an index does not say what the states say. */
export function auditSpans(heap: Heap): Counts {
  const counts: Counts = { spans: 0, orphans: 0, inUse: 0, ready: 0, remote: 0, free: 0 };
  heap.refresh();
  for (const part of heap.windows) auditWindow(part, counts);
  return counts;
}

function auditWindow(part: HeapWindow, counts: Counts): void {
  const { space, spans } = part;
  const slots = Array.from({ length: SLOTS + 1 }, () => new Expected());
  forEachSpan(spans, (span, owner) => {
    const cls = classOfSpan(spans, span);
    const expected = slots[owner]!;
    let free = 0;
    forEachBlock(spans, span, (granule) => {
      const state = stateAt(spans, granule);
      if (state === BlockState.inUse) counts.inUse++;
      else if (state === BlockState.remote) counts.remote++;
      else if (state === BlockState.ready) {
        expected.ready[cls]!.add(granule);
        counts.ready++;
      } else free++;
    });
    counts.free += free;
    counts.spans++;
    if (owner === 0) counts.orphans++;
    expected.blocks[cls] = expected.blocks[cls]! + blocksOfSpan(spans, span);
    const record = span * RECORD_WORDS;
    // Of a span that nobody owns the number is made anew by whoever looks at it.
    if (owner !== 0) expect(spans.records[record + RecordWord.free]).toBe(free);
    const isListed = spans.records[record + RecordWord.next] !== NOT_LISTED;
    if (isListed) expected.listed[cls]!.add(span);
    else expect(free === 0 && owner !== 0).toBe(true);
  });
  for (let cls = 2; cls < SPAN_CLASSES; cls++)
    expect(listFrom(part, space.words[ORPHAN_AREA + cls] ?? 0)).toEqual(sorted(slots[0]!.listed[cls]!));
  expect(slots[0]!.ready.every((blocks) => blocks.size === 0)).toBe(true);
  for (let slot = 1; slot <= SLOTS; slot++) {
    if (space.words[cacheOfSlot(slot) + HAS_MAGAZINES] === 0) {
      expect(slots[slot]!.blocks.every((blocks) => blocks === 0)).toBe(true);
    } else auditMagazines(part, spans.magazines(slot), slots[slot]!);
  }
}

function auditMagazines(part: HeapWindow, words: Int32Array, expected: Expected): void {
  for (let cls = 2; cls < SPAN_CLASSES; cls++) {
    const magazine = cls << MAGAZINE_SHIFT;
    const count = words[magazine]!;
    expect(count).toBeLessThanOrEqual(magazineRoom[cls]!);
    const ready = [...words.subarray(magazine + 1, magazine + 1 + count)];
    expect(ready.toSorted((one, other) => one - other)).toEqual(sorted(expected.ready[cls]!));
    expect(listFrom(part, words[HEADS + cls]!)).toEqual(sorted(expected.listed[cls]!));
    expect(words[CAPACITIES + cls]).toBe(expected.blocks[cls]!);
  }
}

/** The spans of a list, in the order of addresses, each once. */
function listFrom({ spans }: HeapWindow, first: number): number[] {
  const found = new Set<number>();
  for (let span = first; span !== 0; span = spans.records[span * RECORD_WORDS + RecordWord.next]!) {
    if (found.has(span)) throw new Error(`span ${span} is on a list twice`);
    found.add(span);
  }
  return sorted(found);
}

function sorted(numbers: Set<number>): number[] {
  return [...numbers].toSorted((one, other) => one - other);
}
