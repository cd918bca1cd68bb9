/** A Worker's magazines: filled from its spans and emptied into them, every block is in exactly one place. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { magazineRoom, spanClassFor } from "../../src/core/span-classes.ts";
import { Crew } from "../arena/simulated-crew.ts";
import { locks } from "../support/count-locks.ts";
import { locked } from "../support/locked.ts";
import { expectNothingLeft } from "../support/nothing-left.ts";
import { simulatedArena } from "../support/simulated-arena.ts";
import { slowCalls } from "../support/slow-calls.ts";
import { auditSpans } from "./audit.ts";

const step = fc.record({
  kind: fc.constantFrom("malloc", "malloc", "free", "free", "remote", "realloc", "trim"),
  member: fc.nat({ max: 2 }),
  size: fc.constantFrom(1, 40, 41, 300, 500, 1000, 1024),
  count: fc.integer({ min: 1, max: 150 }),
  pick: fc.nat(),
});

test("after any operations states, magazines, counts and lists agree", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      const crew = new Crew({ reserve: 2 ** 24 });
      const members = [100, 200, 300].map((thread) => crew.join(thread));
      const live: number[][] = [[], [], []];
      for (const { kind, member, size, count, pick } of steps) {
        const { arena } = members[member]!;
        const own = live[member]!;
        const take = (from: number[], i: number) => from.splice((pick + i * 31) % from.length, 1)[0]!;
        if (kind === "malloc") for (let i = 0; i < count; i++) own.push(arena.malloc(size));
        else if (kind === "free") for (let i = 0; i < count && own.length > 0; i++) arena.free(take(own, i));
        else if (kind === "remote") {
          const theirs = live[(member + 1) % 3]!;
          for (let i = 0; i < count && theirs.length > 0; i++) arena.free(take(theirs, i));
        } else if (kind === "realloc") {
          for (let i = 0; i < count && own.length > 0; i++) own.push(arena.realloc(take(own, i), size));
        } else arena.trim();
        expect(auditSpans(members[0]!.heap).inUse).toBe(live.flat().length);
        members[0]!.arena.check();
      }
      expect(new Set(live.flat()).size).toBe(live.flat().length);
      for (const [member, blocks] of live.entries())
        for (const block of blocks) members[(member + 1) % 3]!.arena.free(block);
      for (const { arena } of members) arena.trim();
      expect(auditSpans(members[0]!.heap)).toEqual({
        spans: 0,
        orphans: 0,
        inUse: 0,
        ready: 0,
        remote: 0,
        free: 0,
      });
      members[0]!.arena.check();
      expectNothingLeft(members[0]!.arena);
    }),
    { numRuns: 60, includeErrorInReport: true },
  );
});

test("the block freed last is served first, and a fill brings the lowest blocks first", () => {
  const { arena } = simulatedArena();
  const blocks = Array.from({ length: 100 }, () => arena.malloc(48));
  expect(blocks).toEqual(blocks.toSorted((one, other) => one - other));
  arena.free(blocks[70]!);
  arena.free(blocks[3]!);
  expect([arena.malloc(48), arena.malloc(48)]).toEqual([blocks[3]!, blocks[70]!]);
});

test.each([40, 1024])("a magazine of %d bytes is filled and flushed by halves, without the lock", (size) => {
  const { arena, heap } = simulatedArena();
  const room = magazineRoom[spanClassFor[Math.ceil(size / 16)]!]!;
  const blocks = Array.from({ length: 40 * room }, () => arena.malloc(size));
  // So that no span becomes empty.
  const kept = blocks.filter((_, i) => i % 3 === 0);
  const others = blocks.filter((_, i) => i % 3 !== 0);
  const { refills } = arena.stats();
  const taken = locks({ heap }, () => {
    for (const block of others) arena.free(block);
  });
  expect(taken).toBe(0);
  const { ready, free } = auditSpans(heap);
  expect(ready).toBeLessThanOrEqual(room);
  expect(ready + free).toBeGreaterThanOrEqual(others.length);
  const again = new Set<number>();
  expect(
    locks({ heap }, () => {
      for (let i = 0; i < others.length; i++) again.add(arena.malloc(size));
    }),
  ).toBe(0);
  expect(arena.stats().refills).toBe(refills);
  expect(new Set([...again, ...kept]).size).toBe(blocks.length);
  auditSpans(heap);
});

test("spans that become empty go back at a flush, but the last one that has free blocks", () => {
  const { arena, heap } = simulatedArena();
  const blocks = Array.from({ length: 4000 }, () => arena.malloc(64));
  const before = auditSpans(heap);
  expect(before.spans).toBeGreaterThan(5);
  for (const block of blocks) arena.free(block);
  const after = auditSpans(heap);
  expect(after.spans).toBeLessThanOrEqual(3);
  expect(after.inUse).toBe(0);
  // To and fro at the border of one span: the lock is not taken each time.
  const first = Array.from({ length: 70 }, () => arena.malloc(64));
  for (const block of first) arena.free(block);
  const turns = locks({ heap }, () => {
    for (let turn = 0; turn < 20; turn++) {
      const some = Array.from({ length: 70 }, () => arena.malloc(64));
      for (const block of some) arena.free(block);
    }
  });
  expect(turns).toBeLessThanOrEqual(20);
  arena.check();
});

test.each([40, 1024])("the fast path fills and empties magazines of %d bytes by itself", (size) => {
  const { arena, heap } = simulatedArena();
  const blocks = Array.from({ length: 600 }, () => arena.malloc(size));
  // So that no span becomes empty.
  const others = blocks.filter((_, i) => i % 3 !== 0);
  const none = { malloc: 0, free: 0 };
  const freed = slowCalls(arena, () => {
    for (const block of others) arena.free(block);
  });
  expect(freed).toEqual(none);
  const taken = slowCalls(arena, () => {
    for (const _ of others) arena.malloc(size);
  });
  expect(taken).toEqual(none);
  expect(auditSpans(heap).inUse).toBe(blocks.length);
  arena.check();
});

test("but for spans that have become empty: those go back under the lock", () => {
  const { arena, heap } = simulatedArena();
  const blocks = Array.from({ length: 4000 }, () => arena.malloc(64));
  let slow = 0;
  const taken = locks({ heap }, () => {
    slow = slowCalls(arena, () => {
      for (const block of blocks) arena.free(block);
    }).free;
  });
  expect(taken).toBeGreaterThan(3);
  expect(slow).toBe(taken);
  expect(auditSpans(heap).inUse).toBe(0);
  arena.check();
});

test.each([
  ["the fast path", 1],
  ["the slow path", 2],
])("a repair that comes with the lock when %s empties a magazine takes the block's span along", (_, attachments) => {
  const crew = new Crew();
  const [member, other] = [crew.join(100), crew.join(200)];
  const { arena, heap } = member;
  if (attachments === 2) crew.join(100).arena.malloc(5000);
  const blocks = Array.from({ length: 4000 }, () => arena.malloc(64));
  // Something of this Worker's own was found damaged: its next passage through the lock repairs.
  locked(heap, (held) => held.doubt());
  let freed = 0;
  while (heap.isDoubtful) arena.free(blocks[freed++]!);
  expect(freed).toBeLessThan(blocks.length);
  expect(auditSpans(heap)).toMatchObject({ inUse: blocks.length - freed, ready: 0 });
  // Whoever adopts the spans and whoever had them never hand out the same.
  const again = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? member : other).arena.malloc(64));
  expect(new Set([...again, ...blocks.slice(freed)]).size).toBe(200 + blocks.length - freed);
  auditSpans(heap);
  arena.check();
});
