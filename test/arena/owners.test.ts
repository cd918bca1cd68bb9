/** Who allocated what, and what becomes of it when its Worker has gone. Other Workers are simulated. */
import { expect, test } from "bun:test";
import { SLOTS } from "../../src/core/tunables.ts";
import { SLOT_MASK, State, slotOf, stateOf } from "../../src/memory/header.ts";
import type { BlockSpace } from "../../src/memory/space.ts";
import { Crew } from "./simulated-crew.ts";

const [FIRST, SECOND, THIRD] = [100, 200, 300] as const;
const LARGE = { largeThreshold: 2 ** 19 };

function count(blocks: Iterable<unknown>): number {
  return [...blocks].length;
}

test("blocks({ owner }) lists the blocks of one Worker, small, uncached and large", () => {
  const crew = new Crew(LARGE);
  const { arena } = crew.join(FIRST);
  const other = crew.join(SECOND).arena;
  const mine = [arena.malloc(10), arena.malloc(100_000), arena.malloc(2 ** 20)];
  const theirs = [other.malloc(20), other.malloc(2 ** 20)];
  expect([...arena.blocks({ owner: arena.owner })].map(({ pointer }) => pointer)).toEqual(mine);
  expect([...arena.blocks({ owner: other.owner })].map(({ pointer }) => pointer)).toEqual(theirs);
  expect([...arena.blocks()].map(({ owner }) => owner).sort()).toEqual(
    [arena.owner, arena.owner, arena.owner, other.owner, other.owner].sort(),
  );
  expect(count(arena.blocks({ owner: 0 }))).toBe(0);
});

test("reclaim frees all that a dead Worker left, once, and nothing else", () => {
  const crew = new Crew(LARGE);
  const { arena } = crew.join(FIRST);
  const dead = crew.join(SECOND).arena;
  const mine = arena.malloc(50);
  for (let size = 1; size < 100_000; size *= 2) dead.malloc(size);
  dead.malloc(2 ** 20);
  const { owner } = dead;
  crew.alive.delete(SECOND);
  const { liveBlocks } = arena.stats();
  expect(arena.reclaim(owner)).toBe(liveBlocks - 1);
  expect(arena.reclaim(owner)).toBe(0);
  expect(arena.stats().liveBlocks).toBe(1);
  expect(arena.stats().largeBlocks).toBe(0);
  arena.check();
  arena.free(mine);
  arena.trim();
  expect(arena.stats().committedBytes).toBe(0);
});

test("reclaim of a living Worker, of oneself and of nobody is refused", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const other = crew.join(SECOND).arena;
  const block = other.malloc(10);
  for (const living of [other.owner, arena.owner]) {
    expect(() => arena.reclaim(living)).toThrow(expect.objectContaining({ code: "busy" }));
  }
  for (const never of [0, 7, other.owner + 256, 2 ** 40]) {
    expect(() => arena.reclaim(never)).toThrow(RangeError);
  }
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => arena.reclaim(bad)).toThrow(RangeError);
  for (const bad of ["1", null, 1n]) expect(() => arena.reclaim(bad as never)).toThrow(TypeError);
  expect(() => arena.blocks({ owner: "1" as never })).toThrow(TypeError);
  other.free(block);
  arena.check();
});

test("what a Worker that detached left is its own until it is reclaimed, also after many newcomers", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const gone = crew.join(SECOND).arena;
  gone.malloc(10);
  const { owner } = gone;
  gone.detach();
  for (let turn = 0; turn < 3 * SLOTS; turn++) {
    const comer = crew.join(1000 + turn).arena;
    comer.free(comer.malloc(10));
    expect(comer.owner).not.toBe(owner);
    comer.detach();
  }
  expect(count(arena.blocks({ owner }))).toBe(1);
  expect(arena.reclaim(owner)).toBe(1);
  expect(arena.stats().liveBlocks).toBe(0);
  arena.check();
});

test("when every slot has had a Worker that left blocks, their blocks become nobody's and slots come back", () => {
  const crew = new Crew(LARGE);
  const { arena } = crew.join(FIRST);
  const left: number[] = [];
  for (let turn = 1; turn < SLOTS; turn++) {
    const comer = crew.join(1000 + turn).arena;
    left.push(comer.malloc(10), comer.malloc(2 ** 20));
    if (turn % 2 === 0) comer.detach();
    else crew.alive.delete(1000 + turn);
  }
  const heir = crew.join(THIRD).arena;
  const mine = heir.malloc(10);
  expect([...arena.blocks({ owner: heir.owner })].map(({ pointer }) => pointer)).toEqual([mine]);
  expect(count(arena.blocks({ owner: 0 }))).toBe(left.length);
  for (const pointer of [...left, mine]) arena.free(pointer);
  expect(arena.stats().liveBlocks).toBe(0);
  arena.check();
});

/** Calls `act` when `arena` has looked at the header of `block` and goes on with it. */
function afterLookAt(space: BlockSpace, block: number, act: () => void): void {
  const isIntact = space.isIntact.bind(space);
  space.isIntact = (at) => {
    const intact = isIntact(at);
    if (at === block) {
      space.isIntact = isIntact;
      act();
    }
    return intact;
  };
}

test("a block that a survivor frees and gets again while its dead owner's are reclaimed stays the survivor's", () => {
  const crew = new Crew();
  const { arena, heap } = crew.join(FIRST);
  const dead = crew.join(SECOND).arena;
  const survivor = crew.join(THIRD).arena;
  const block = dead.malloc(1200);
  dead.malloc(1200);
  survivor.free(survivor.malloc(1200));
  const { owner } = dead;
  arena.stats();
  crew.alive.delete(SECOND);
  const { space, window } = heap.windows[0]!;
  let again = 0;
  afterLookAt(space, (block - window.base) / 4, () => {
    survivor.free(block);
    again = survivor.malloc(1200);
  });
  expect(arena.reclaim(owner)).toBe(1);
  expect(again).toBe(block);
  const theirs = [...arena.blocks({ owner: survivor.owner })].map(({ pointer }) => pointer as number);
  expect(theirs).toEqual([block]);
  survivor.free(block);
  arena.check();
});

test("a block that a survivor frees while its dead owner's are reclaimed is freed once", () => {
  const crew = new Crew();
  const { arena, heap } = crew.join(FIRST);
  const dead = crew.join(SECOND).arena;
  const survivor = crew.join(THIRD).arena;
  const block = dead.malloc(1200);
  dead.malloc(1200);
  survivor.malloc(1200);
  const { owner } = dead;
  arena.stats();
  crew.alive.delete(SECOND);
  const { space, window } = heap.windows[0]!;
  afterLookAt(space, (block - window.base) / 4, () => survivor.free(block));
  expect(arena.reclaim(owner)).toBe(1);
  expect(count(arena.blocks({ owner }))).toBe(0);
  expect(arena.stats().liveBlocks).toBe(1);
  arena.check();
});

test("a block whose owner is forgotten while it is freed or reallocated is not refused", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const own = arena.malloc(10);
  const gone = crew.join(SECOND);
  const blocks = [gone.arena.malloc(100_000), gone.arena.malloc(100_000)] as const;
  gone.arena.detach();
  let forgotten = 0;
  const exchange = Atomics.compareExchange;
  const forgetting = (words: Int32Array, index: number, from: number, to: number): number => {
    if (stateOf(from) === State.inUse && stateOf(to) === State.busy && slotOf(from) === gone.heap.slot) {
      exchange(words, index, from, from & ~SLOT_MASK);
      forgotten++;
    }
    return exchange(words, index, from, to);
  };
  Atomics.compareExchange = forgetting as typeof exchange;
  try {
    arena.free(blocks[0]);
    arena.free(arena.realloc(blocks[1], 200_000));
  } finally {
    Atomics.compareExchange = exchange;
  }
  expect(forgotten).toBe(2);
  expect(arena.stats().liveBlocks).toBe(1);
  arena.free(own);
  arena.check();
});
