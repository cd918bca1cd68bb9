/** Size classes of spans: what a request gets, and how a span is cut into it. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  leastUnits,
  magazineRoom,
  SPAN_CLASSES,
  spanClassFor,
  spanGranules,
  UNIT_GRANULES,
  UNITS,
} from "../../src/core/span-classes.ts";
import { SPAN_MOST_BYTES } from "../../src/core/tunables.ts";
import { ORPHAN_WORDS } from "../../src/memory/layout.ts";
import { MAGAZINE_SHIFT } from "../../src/memory/span-table.ts";
import { simulatedArena } from "../support/simulated-arena.ts";
import { auditSpans } from "./audit.ts";

test("what is counted for each class has room in the words of the classes 0 and 1, and of the lists without an owner", () => {
  expect(SPAN_CLASSES).toBeLessThanOrEqual(1 << MAGAZINE_SHIFT);
  expect(SPAN_CLASSES).toBeLessThanOrEqual(ORPHAN_WORDS);
});

test("every request has the smallest class that is large enough, and wastes an eighth at the most", () => {
  for (let bytes = 0; bytes <= SPAN_MOST_BYTES; bytes++) {
    const granules = Math.ceil(bytes / 16);
    const cls = spanClassFor[granules]!;
    expect(spanGranules[cls]! >= granules && cls >= 2).toBe(true);
    if (cls > 2) expect(spanGranules[cls - 1]!).toBeLessThan(granules);
    if (granules > 2) expect(spanGranules[cls]! - granules).toBeLessThan(granules / 8);
  }
  expect(spanGranules[SPAN_CLASSES - 1]).toBe(SPAN_MOST_BYTES / 16);
});

test("the smallest span of a class leaves a tenth over at the most, also in the last units of a segment", () => {
  for (let cls = 2; cls < SPAN_CLASSES; cls++) {
    const granules = leastUnits[cls]! * UNIT_GRANULES;
    expect(granules % spanGranules[cls]!).toBeLessThanOrEqual(granules / 10);
    expect(leastUnits[cls]!).toBeLessThan(UNITS);
    // One granule less, where a header follows, and still a block.
    expect(granules - 1).toBeGreaterThanOrEqual(spanGranules[cls]!);
    // The count and the blocks are the words of a magazine.
    expect(magazineRoom[cls]! + 1).toBeLessThanOrEqual(1 << MAGAZINE_SHIFT);
  }
});

const request = fc.record({
  size: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: SPAN_MOST_BYTES })),
  alignment: fc.integer({ min: 0, max: 10 }).map((log) => 2 ** log),
  count: fc.integer({ min: 1, max: 60 }),
  frees: fc.integer({ min: 0, max: 60 }),
});

test("blocks are large enough, aligned, apart from each other, and of the size that is told", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 30 }), (requests) => {
      const { arena, heap } = simulatedArena({ reserve: 2 ** 24 });
      const live: number[] = [];
      for (const { size, alignment, count, frees } of requests) {
        for (let i = 0; i < count; i++) {
          const block = arena.alignedAlloc(alignment, size);
          expect(block % Math.max(alignment, 16)).toBe(0);
          expect(arena.usableSize(block)).toBeGreaterThanOrEqual(size);
          live.push(block);
        }
        for (let i = 0; i < Math.min(frees, live.length - 1); i++)
          arena.free(live.splice((i * 7919) % live.length, 1)[0]!);
      }
      let end = 0;
      for (const block of live.toSorted((one, other) => one - other)) {
        expect(block).toBeGreaterThanOrEqual(end);
        end = block + arena.usableSize(block);
      }
      const told = [...arena.blocks()].map(({ pointer, byteLength }) => [pointer, byteLength]);
      expect(told.length).toBe(live.length);
      expect(told.every(([pointer, byteLength]) => arena.usableSize(pointer!) === byteLength)).toBe(true);
      // All of them lie in spans, none has a header.
      expect(auditSpans(heap).inUse).toBe(live.length);
      arena.check();
    }),
    { numRuns: 60, includeErrorInReport: true },
  );
});
