/** Segments: units are handed out and come back, and a segment that has only free ones is an ordinary block again. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { leastUnits, SPAN_CLASSES, UNITS } from "../../src/core/span-classes.ts";
import { SEGMENT_BYTES, UNIT_BYTES } from "../../src/core/tunables.ts";
import type { Heap } from "../../src/heap/heap.ts";
import { cutSpan, dropSpan } from "../../src/heap/segments.ts";
import { ControlDouble, WindowWord } from "../../src/memory/layout.ts";
import {
  BlockState,
  SEGMENT_WORDS,
  SegmentKind,
  SegmentWord,
  STATES_BYTES,
} from "../../src/memory/span-table.ts";
import { spanAt, unitsOfSpan } from "../../src/spans/span.ts";
import { Crew } from "../arena/simulated-crew.ts";
import { locked } from "../support/locked.ts";
import { expectNothingLeft } from "../support/nothing-left.ts";
import { simulatedArena } from "../support/simulated-arena.ts";

function segments({ windows }: Heap): number {
  return windows.reduce((sum, { space }) => sum + space.words[WindowWord.segments]!, 0);
}

const request = fc.record({
  cls: fc.integer({ min: 2, max: SPAN_CLASSES - 1 }),
  wanted: fc.integer({ min: 0, max: 16 }),
  drop: fc.nat(),
});

test("spans have the units they were cut from, to themselves, and all of them come back", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 120 }), (requests) => {
      const { arena, heap } = simulatedArena();
      const live = new Map<number, number>();
      const unitBytes = () => heap.control.doubles[ControlDouble.unitBytes];
      for (const { cls, wanted, drop } of requests) {
        if (drop % 3 === 0 && live.size > 0) {
          const span = [...live.keys()][drop % live.size]!;
          locked(heap, (held) => dropSpan(held, 0, span));
          live.delete(span);
        } else {
          const span = locked(heap, (held) => cutSpan(held, 0, cls, wanted));
          const { spans } = heap.windows[heap.servedBy]!;
          const units = unitsOfSpan(spans, span);
          expect([Math.max(wanted, leastUnits[cls]!), leastUnits[cls]!]).toContain(units);
          for (const [other, length] of live)
            expect(span + units <= other || other + length <= span).toBe(true);
          for (let unit = 0; unit < units; unit++) expect(spanAt(spans, (span + unit) * 256)).toBe(span);
          live.set(span, units);
        }
        expect(unitBytes()).toBe([...live.values()].reduce((sum, units) => sum + units, 0) * UNIT_BYTES);
        // No more segments than their units are needed for: each has a span.
        const used = new Set([...live.keys()].map((span) => Math.floor(span / UNITS)));
        expect(segments(heap)).toBe(used.size);
        arena.check();
      }
      for (const span of live.keys()) locked(heap, (held) => dropSpan(held, 0, span));
      arena.trim();
      expectNothingLeft(arena);
    }),
    { numRuns: 40, includeErrorInReport: true },
  );
});

test("units that were given back are used before a new segment is made", () => {
  const { heap } = simulatedArena();
  const spans = Array.from({ length: 2 * UNITS }, () => locked(heap, (held) => cutSpan(held, 0, 4, 1)));
  expect(segments(heap)).toBe(2);
  const free = [spans[3]!, spans[40]!, spans[41]!];
  for (const span of free) locked(heap, (held) => dropSpan(held, 0, span));
  // First fit by address; two side by side are in the second one alone.
  expect(locked(heap, (held) => cutSpan(held, 0, 4, 2))).toBe(free[1]!);
  expect(locked(heap, (held) => cutSpan(held, 0, 4, 1))).toBe(free[0]!);
  expect(segments(heap)).toBe(2);
  locked(heap, (held) => cutSpan(held, 0, 4, 1));
  expect(segments(heap)).toBe(3);
});

test.each([
  2, 3, 7, 32,
])("the last block of a segment, of class %d, does not reach the header behind it", (cls) => {
  const { arena, heap, platform } = simulatedArena();
  const size = cls * 16;
  const blocks: number[] = [];
  while (segments(heap) < 3) blocks.push(arena.malloc(size));
  for (const block of blocks) platform.pages.bytes(block, size).fill(0xff);
  // A block with a header stands behind.
  const behind = arena.malloc(5000);
  platform.pages.bytes(behind, 5000).fill(0xee);
  arena.check();
  const ends = blocks.map((block) => (block + size) % SEGMENT_BYTES);
  const { space } = heap.windows[0]!;
  // The last unit is used, but for the granule of the header.
  expect(Math.max(...ends.map((end) => (end === 0 ? Infinity : end)))).toBeGreaterThan(
    SEGMENT_BYTES - size - 16,
  );
  expect(Math.max(...ends.map((end) => (end === 0 ? Infinity : end)))).toBeLessThanOrEqual(
    SEGMENT_BYTES - 16,
  );
  expect(space.isIntact((behind - arena.handle.address) / 4)).toBe(true);
  for (const block of blocks) arena.free(block);
  arena.free(behind);
  arena.trim();
  expectNothingLeft(arena);
});

test("a segment without spans is an ordinary block, and becomes one again where it stands", () => {
  const { arena, heap } = simulatedArena();
  const first = arena.malloc(1000);
  const others = Array.from({ length: 1000 }, () => arena.malloc(1000));
  for (const block of [first, ...others]) arena.free(block);
  arena.trim();
  expect(segments(heap)).toBe(0);
  const whole = arena.malloc(6 * SEGMENT_BYTES);
  expect(whole <= first && first < whole + 6 * SEGMENT_BYTES).toBe(true);
  // A pointer into it is told as one into a block with a header.
  expect(() => arena.free(first)).toThrow(expect.objectContaining({ code: "interior-pointer" }));
  arena.free(whole);
  arena.trim();
  expect(arena.malloc(1000)).toBe(first);
  arena.check();
});

test("states of segments that are gone are given back and not charged, and are 0 for the next one", () => {
  const { arena, heap, platform } = simulatedArena();
  const { doubles } = heap.control;
  const blocks = Array.from({ length: 9000 }, () => arena.malloc(1000));
  const made = segments(heap);
  expect(doubles[ControlDouble.stateBytes]).toBe(made * STATES_BYTES);
  const { spans } = heap.windows[0]!;
  const kinds = () =>
    Array.from(
      { length: spans.groups },
      (_, group) => spans.segments[group * SEGMENT_WORDS + SegmentWord.kind],
    );
  for (const block of blocks) arena.free(block);
  const released: number[] = [];
  const release = platform.pages.release.bind(platform.pages);
  platform.pages.release = (address, byteLength) => {
    if (address >= spans.base) released.push(address, byteLength);
    return release(address, byteLength);
  };
  arena.trim();
  expect(segments(heap)).toBe(0);
  expect(released.length).toBeGreaterThan(0);
  expect(doubles[ControlDouble.stateBytes]).toBe(0);
  expect(kinds().every((kind) => kind === SegmentKind.none)).toBe(true);
  expectNothingLeft(arena);
  arena.check();
  expect(spans.states.every((state) => state === 0)).toBe(true);
  const again = Array.from({ length: 9000 }, () => arena.malloc(500));
  expect(new Set(again).size).toBe(9000);
  expect(spans.states.filter((state) => (state & 14) === BlockState.inUse).length).toBe(9000);
  arena.check();
});

test("while the system refuses to take them back, states of gone segments stay charged, and are tried again", () => {
  const { arena, heap, platform } = simulatedArena();
  const { doubles } = heap.control;
  for (const block of Array.from({ length: 3000 }, () => arena.malloc(1000))) arena.free(block);
  platform.pages.refuse = (call) => call === "release";
  arena.trim();
  expect(doubles[ControlDouble.stateBytes]).toBeGreaterThan(0);
  // Whoever takes the units next finds nothing there.
  expect(heap.windows[0]!.spans.states.every((state) => state === 0)).toBe(true);
  arena.check();
  platform.pages.refuse = () => false;
  arena.trim();
  expect(doubles[ControlDouble.stateBytes]).toBe(0);
  expectNothingLeft(arena);
});

test.each([
  "made",
  "dissolved",
])("after a death while a segment is %s its units are those of ordinary blocks", (how) => {
  const crew = new Crew();
  const [survivor, victim] = [crew.join(100), crew.join(200)];
  survivor.arena.stats();
  const block = victim.arena.malloc(1000);
  const group = Math.floor((block - survivor.arena.handle.address) / SEGMENT_BYTES);
  const die = () => {
    crew.alive.delete(200);
    survivor.arena.trim();
    throw new RangeError("the end of this Worker");
  };
  const { map } = victim.heap.windows[0]!.spans;
  const fill = map.fill.bind(map);
  if (how === "made") {
    victim.arena.free(block);
    victim.arena.trim();
    // The units are marked by now, the segment is not.
    map.fill = (value, from, end) => {
      fill(value, from, end);
      return end! - from! === UNITS && value !== 0 ? die() : map;
    };
    expect(() => victim.arena.malloc(1000)).toThrow("the end of this Worker");
  } else {
    victim.arena.free(block);
    map.fill = (value, from, end) => (value === 0 ? die() : fill(value, from, end));
    expect(() => victim.arena.trim()).toThrow("the end of this Worker");
  }
  expect(segments(survivor.heap)).toBe(0);
  // A block with a header over the place of that segment.
  const whole = survivor.arena.malloc((group + 2) * SEGMENT_BYTES);
  expect(whole < block && block < whole + (group + 2) * SEGMENT_BYTES).toBe(true);
  const inside = expect.objectContaining({ code: "interior-pointer" });
  expect(() => survivor.arena.free(block)).toThrow(inside);
  survivor.arena.free(whole);
  survivor.arena.trim();
  survivor.arena.check();
  expectNothingLeft(survivor.arena);
});
