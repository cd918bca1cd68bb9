/** Blocks of spans that another Worker than the owner frees: each comes back exactly once. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { magazineRoom, spanClassFor } from "../../src/core/span-classes.ts";
import type { Arena } from "../../src/index.ts";
import { Crew, type Member } from "../arena/simulated-crew.ts";
import { auditSpans } from "./audit.ts";

const [FIRST, SECOND, THIRD] = [100, 200, 300] as const;
const SIZE = 40;
const ROOM = magazineRoom[spanClassFor[3]!]!;

function coded(code: string): Error {
  return expect.objectContaining({ code });
}

/** `act` with `before` called ahead of the n-th atomic operation of a kind on the states or records, from 0 on. */
function interrupted<Result>(
  kind: "compareExchange" | "exchange",
  n: number,
  before: () => void,
  act: () => Result,
): Result {
  const real = Atomics[kind] as (...args: never[]) => unknown;
  let left = n;
  const restore = () => {
    (Atomics as unknown as Record<string, unknown>)[kind] = real;
  };
  (Atomics as unknown as Record<string, unknown>)[kind] = (...args: never[]) => {
    if (left-- === 0) {
      restore();
      before();
    }
    return real(...args);
  };
  try {
    return act();
  } finally {
    restore();
  }
}

function blocksOf(arena: Arena, count: number): number[] {
  return Array.from({ length: count }, () => arena.malloc(SIZE));
}

class Death extends Error {}

test("what others free comes back to its owner once, and is served before a new span is made", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 }), { minLength: 200, maxLength: 600 }), (freers) => {
      const crew = new Crew({ reserve: 2 ** 23 });
      const members = [FIRST, SECOND, THIRD].map((thread) => crew.join(thread));
      const [owner] = members as [Member];
      const blocks = blocksOf(owner.arena, freers.length);
      for (const [i, freer] of freers.entries()) members[freer]!.arena.free(blocks[i]!);
      const { spans, remote, ready, free, inUse } = auditSpans(owner.heap);
      expect({ inUse, all: remote + ready + free >= blocks.length }).toEqual({ inUse: 0, all: true });
      const again = blocksOf(owner.arena, blocks.length);
      expect(new Set(again).size).toBe(blocks.length);
      // Those that became empty at a flush have gone back, and may have been made again.
      expect(auditSpans(owner.heap).spans).toBeLessThanOrEqual(spans + 3);
      for (const block of again) owner.arena.free(block);
      owner.arena.trim();
      expect(auditSpans(owner.heap)).toMatchObject({ spans: 0, inUse: 0, remote: 0 });
      owner.arena.check();
    }),
    { numRuns: 30, includeErrorInReport: true },
  );
});

test("an owner that has nothing left takes what others have freed, without the lock", () => {
  const crew = new Crew();
  const [owner, other] = [crew.join(FIRST), crew.join(SECOND)];
  const blocks = blocksOf(owner.arena, 500);
  while (auditSpans(owner.heap).free + auditSpans(owner.heap).ready > 0)
    blocks.push(owner.arena.malloc(SIZE));
  for (const block of blocks) other.arena.free(block);
  expect(auditSpans(owner.heap)).toMatchObject({ remote: blocks.length, inUse: 0 });
  owner.heap.enter = () => {
    throw new Error("the lock was taken");
  };
  const again = blocksOf(owner.arena, blocks.length);
  expect(again.toSorted()).toEqual(blocks.toSorted());
});

test.each([
  ["another Worker", "another Worker"],
  ["the owner", "another Worker"],
])("two frees of a block at the same time, by %s in the middle of one by %s: one succeeds", (inner) => {
  const crew = new Crew();
  const [owner, other, third] = [crew.join(FIRST), crew.join(SECOND), crew.join(THIRD)];
  for (const { arena } of [other, third]) arena.free(arena.malloc(SIZE));
  const block = owner.arena.malloc(SIZE);
  const faster = inner === "the owner" ? owner : third;
  expect(() =>
    interrupted(
      "compareExchange",
      0,
      () => faster.arena.free(block),
      () => other.arena.free(block),
    ),
  ).toThrow(coded("double-free"));
  expect(auditSpans(owner.heap).inUse).toBe(0);
  for (const { arena } of [owner, other, third])
    expect(() => arena.free(block)).toThrow(coded("double-free"));
  const again = blocksOf(owner.arena, 300);
  expect(again.filter((pointer) => pointer === block).length).toBe(1);
});

test("a free by another Worker while the owner collects is found by it, or told again", () => {
  const crew = new Crew();
  const [owner, other] = [crew.join(FIRST), crew.join(SECOND)];
  other.arena.malloc(10);
  const blocks = blocksOf(owner.arena, 600);
  const span = blocks.slice(0, 5);
  other.arena.free(span[0]!);
  // The first exchange takes the list, the second one the mark away.
  for (const n of [0, 1]) {
    interrupted(
      "exchange",
      n,
      () => other.arena.free(span[n + 1]!),
      () => {
        while (auditSpans(owner.heap).remote > 0 && blocks.length < 5000)
          blocks.push(owner.arena.malloc(SIZE));
      },
    );
    expect(auditSpans(owner.heap).remote).toBe(0);
    other.arena.free(span[n + 3]!);
  }
  while (auditSpans(owner.heap).remote > 0 && blocks.length < 9000) blocks.push(owner.arena.malloc(SIZE));
  const told = new Set<number>(blocks);
  expect(told.size).toBe(blocks.length - 5);
  owner.arena.check();
});

test("a Worker frees while the block's span is marked as a former owner's: it looks again", () => {
  const crew = new Crew();
  const [, heir, other] = [crew.join(FIRST), crew.join(SECOND), crew.join(THIRD)];
  const dead = crew.join(400);
  other.arena.free(other.arena.malloc(SIZE));
  const block = dead.arena.malloc(SIZE);
  dead.arena.malloc(SIZE);
  heir.arena.malloc(200);
  crew.alive.delete(400);
  heir.arena.trim();
  interrupted(
    "compareExchange",
    0,
    // The heir adopts the span, and marks the block, between the look at its state and the exchange.
    () => heir.arena.malloc(SIZE),
    () => other.arena.free(block),
  );
  expect(() => other.arena.free(block)).toThrow(coded("double-free"));
  expect(auditSpans(heir.heap)).toMatchObject({ orphans: 0, remote: 1 });
});

test.each([
  ["its free and the span's mark", "exchange", 0],
  ["the mark and the owner's list", "compareExchange", 1],
] as const)("a Worker dies between %s: trim finds the block", (_, kind, n) => {
  const crew = new Crew();
  const [owner, victim] = [crew.join(FIRST), crew.join(SECOND)];
  victim.arena.free(victim.arena.malloc(300));
  const blocks = blocksOf(owner.arena, 2 * ROOM);
  const die = () => {
    crew.alive.delete(SECOND);
    throw new Death();
  };
  expect(() => interrupted(kind, n, die, () => victim.arena.free(blocks[0]!))).toThrow(Death);
  expect(auditSpans(owner.heap).remote).toBe(1);
  for (const block of blocks.slice(1)) owner.arena.free(block);
  owner.arena.trim();
  expect(auditSpans(owner.heap)).toMatchObject({ spans: 0, remote: 0 });
  owner.arena.check();
  expect(owner.arena.stats().committedBytes).toBe(0);
});
