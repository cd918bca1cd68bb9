/** `realloc`, `calloc` and `alignedAlloc` of blocks of spans. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { SPAN_MOST_BYTES } from "../../src/core/tunables.ts";
import { Crew } from "../arena/simulated-crew.ts";
import { expectNothingLeft } from "../support/nothing-left.ts";
import { simulatedArena } from "../support/simulated-arena.ts";
import { auditSpans } from "./audit.ts";

const size = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: SPAN_MOST_BYTES }) },
  { weight: 1, arbitrary: fc.integer({ min: SPAN_MOST_BYTES, max: 5000 }) },
);

test("a block that is reallocated keeps its contents, whether it moves between classes, to a header or back", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(size, fc.nat({ max: 7 })), { maxLength: 80 }), (steps) => {
      const { arena, heap, platform } = simulatedArena({ reserve: 2 ** 24 });
      const { pages } = platform;
      const live: { pointer: number; bytes: Uint8Array }[] = [];
      for (const [i, [byteLength, at]] of steps.entries()) {
        const old = live[at] ?? { pointer: 0, bytes: new Uint8Array(0) };
        const pointer = arena.realloc(old.pointer, byteLength);
        expect(arena.usableSize(pointer)).toBeGreaterThanOrEqual(byteLength);
        const kept = Math.min(old.bytes.length, byteLength);
        expect(Buffer.compare(pages.bytes(pointer, kept), old.bytes.subarray(0, kept))).toBe(0);
        const bytes = new Uint8Array(byteLength).fill(i + 1);
        pages.bytes(pointer, byteLength).set(bytes);
        live[old.pointer === 0 ? live.length : at] = { pointer, bytes };
      }
      for (const { pointer, bytes } of live)
        expect(Buffer.compare(pages.bytes(pointer, bytes.length), bytes)).toBe(0);
      expect(arena.stats().liveBlocks).toBe(live.length);
      auditSpans(heap);
      arena.check();
      for (const { pointer } of live) arena.free(pointer);
      arena.trim();
      expectNothingLeft(arena);
    }),
    { numRuns: 80, includeErrorInReport: true },
  );
});

test("within its class a block stays where it is, also if another Worker asks; and it does not stay much too large", () => {
  const crew = new Crew();
  const [{ arena }, { arena: other }] = [crew.join(100), crew.join(200)];
  for (const [from, sizes, far] of [
    [100, [112, 97, 60, 1], [113, 600]],
    [600, [640, 577, 400], [641, 100, 1]],
    [1024, [1000, 600], [1025, 300]],
  ] as const) {
    const block = arena.malloc(from);
    const present = arena.usableSize(block);
    for (const byteLength of sizes) {
      // At most 48 bytes are left unused, or as much as is used.
      const stays = byteLength * 2 > present - 16 || present - byteLength < 64;
      for (const caller of [arena, other]) if (stays) expect(caller.realloc(block, byteLength)).toBe(block);
    }
    expect(arena.usableSize(block)).toBe(present);
    for (const byteLength of far) {
      const fresh = arena.malloc(from);
      const moved = arena.realloc(fresh, byteLength);
      expect(moved).not.toBe(fresh);
      expect(() => arena.usableSize(fresh)).toThrow(expect.objectContaining({ code: "invalid-pointer" }));
      expect(arena.usableSize(moved)).toBeLessThan(byteLength + Math.max(64, byteLength));
    }
  }
});

test("a block that another Worker frees while it is copied is freed once, and the copy is given up", () => {
  const crew = new Crew();
  const [member, other] = [crew.join(100), crew.join(200)];
  const { arena, heap } = member;
  for (const isReady of [true, false]) {
    const block = arena.malloc(100);
    // A ready block of the new class: the fast path copies.
    if (isReady) arena.free(arena.malloc(400));
    const copy = crew.pages.copy.bind(crew.pages);
    let copies = 0;
    crew.pages.copy = (...range) => {
      if (copies++ === 0) other.arena.free(block);
      copy(...range);
    };
    const target = isReady ? 400 : 900;
    expect(() => arena.realloc(block, target)).toThrow(expect.objectContaining({ code: "double-free" }));
    crew.pages.copy = copy;
    expect(copies).toBe(1);
    expect(auditSpans(heap)).toMatchObject({ inUse: 0 });
  }
  arena.trim();
  expectNothingLeft(arena);
});

test("without memory for a copy a block that shrinks stays, and one that grows is as it was", () => {
  const { arena, platform } = simulatedArena({ limit: 2 ** 19 });
  const blocks: number[] = [];
  const fill = (byteLength: number) => {
    for (;;) blocks.push(arena.malloc(byteLength));
  };
  for (const byteLength of [1024, 800, 500, 300, 60, 30]) expect(() => fill(byteLength)).toThrow("limit");
  const [block] = blocks as [number];
  platform.pages.bytes(block, 1024).fill(9);
  expect<number>(arena.realloc(block, 30)).toBe(block);
  expect(() => arena.realloc(block, 3000)).toThrow("limit");
  expect(arena.usableSize(block)).toBe(1024);
  expect(platform.pages.bytes(block, 1024).every((byte) => byte === 9)).toBe(true);
  arena.check();
});

test("calloc zeroes what a block held before, all that is asked for", () => {
  const { arena, platform } = simulatedArena();
  for (let byteLength = 1; byteLength <= SPAN_MOST_BYTES; byteLength += 7) {
    const dirty = arena.malloc(byteLength);
    platform.pages.bytes(dirty, arena.usableSize(dirty)).fill(0xff);
    arena.free(dirty);
    const clean = arena.calloc(1, byteLength);
    expect(clean).toBe(dirty);
    expect(platform.pages.bytes(clean, byteLength).every((byte) => byte === 0)).toBe(true);
  }
});

test("alignments up to 1024 bytes come from spans, without more than the size rounded up", () => {
  const { arena, heap } = simulatedArena();
  let count = 0;
  for (let alignment = 1; alignment <= SPAN_MOST_BYTES; alignment *= 2) {
    for (const byteLength of [0, 1, alignment - 1, alignment, alignment + 1, 500, 1000]) {
      const block = arena.alignedAlloc(alignment, byteLength);
      const rounded = Math.ceil(Math.max(byteLength, 1) / alignment) * alignment;
      expect(block % Math.max(alignment, 16)).toBe(0);
      if (rounded > SPAN_MOST_BYTES) continue;
      count++;
      expect(arena.usableSize(block)).toBeGreaterThanOrEqual(rounded);
      expect(arena.usableSize(block)).toBeLessThan(rounded * 1.125 + 32);
    }
  }
  expect(auditSpans(heap).inUse).toBe(count);
  arena.check();
});
