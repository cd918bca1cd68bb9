/** A test replaces the timers of the event loop: a purge timer that was set meanwhile never comes. */
import { afterEach, expect, jest, test } from "bun:test";
import { Arena } from "../../src/index.ts";
import { slowCalls } from "../support/slow-calls.ts";

const MIB = 2 ** 20;
const PATIENCE_MS = 8000;

afterEach(() => {
  jest.useRealTimers();
});

/** Leaves 10 MB idle. */
function work(arena: Arena): void {
  for (const block of Array.from({ length: 100 }, () => arena.malloc(100_000))) arena.free(block);
}

/** Waits until nothing much is committed, by the system's clock. */
async function becomesSmall(arena: Arena): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (arena.stats().committedBytes > MIB && performance.now() < deadline) await Bun.sleep(20);
  expect(arena.stats().committedBytes).toBeLessThan(MIB);
}

test("a timer that is lost is noticed by the next requests", async () => {
  using arena = new Arena();
  jest.useFakeTimers();
  work(arena);
  jest.useRealTimers();
  // The lost timer was due by now.
  await Bun.sleep(600);
  work(arena);
  await becomesSmall(arena);
  work(arena);
  await becomesSmall(arena);
});

test("no timer outlives its arena, though `clearTimeout` was replaced", async () => {
  const real = globalThis.clearTimeout;
  const arena = new Arena();
  arena.free(arena.malloc(100));
  globalThis.clearTimeout = (() => {}) as typeof clearTimeout;
  try {
    arena.dispose();
  } finally {
    globalThis.clearTimeout = real;
  }
  // A timer would read memory that is unmapped: the process would end here.
  await Bun.sleep(600);
  expect(() => arena.malloc(1)).toThrow(expect.objectContaining({ code: "disposed" }));
});

test("an arena that is made and used under fake timers gives its memory back by its requests", () => {
  jest.useFakeTimers();
  using arena = new Arena({ purgeDelay: 20 });
  work(arena);
  // More than the Worker keeps.
  const few = () => {
    for (const block of Array.from({ length: 200 }, (_, i) => arena.malloc(100 + i * 60))) arena.free(block);
  };
  // No clock of the event loop's goes on.
  for (let turn = 0; turn < 100_000 && arena.stats().committedBytes > 3 * MIB; turn++) few();
  expect(arena.stats().committedBytes).toBeLessThan(3 * MIB);
});

test("and by those that its lists serve: of what a Worker keeps the most goes back, and not all", () => {
  jest.useFakeTimers();
  using arena = new Arena({ purgeDelay: 20 });
  for (const block of Array.from({ length: 100 }, () => arena.malloc(50_000))) arena.free(block);
  expect(arena.stats().cachedBytes).toBeGreaterThan(4 * MIB);
  // No clock of the event loop's goes on.
  const { malloc, free } = slowCalls(arena, () => {
    for (let turn = 0; turn < 20_000 && arena.stats().cachedBytes > MIB; turn++)
      for (let pair = 0; pair < 100; pair++) arena.free(arena.malloc(50_000));
  });
  expect(malloc).toBe(0);
  expect(free).toBeGreaterThan(0);
  // And the block of the last pair.
  expect(arena.stats().cachedBytes).toBeLessThanOrEqual(MIB / 2 + 60_000);
  expect(arena.stats().cachedBytes).toBeGreaterThan(MIB / 2 - 60_000);
  arena.check();
});

test("what a late look has left goes back when the event loop runs", async () => {
  using arena = new Arena({ purgeDelay: 20 });
  const warm = Array.from({ length: 12_000 }, (_, i) => arena.malloc(1 + (i % 300) * 3));
  for (const block of warm) arena.free(block);
  arena.trim();
  arena.free(arena.malloc(5000));
  // Nothing is kept after this.
  arena.malloc(5000);
  const late = performance.now() + 150;
  while (performance.now() < late);
  const blocks = Array.from({ length: 3000 }, (_, i) => arena.malloc(64 + (i % 8) * 100));
  for (const block of blocks.slice(0, 8)) arena.free(block);
  expect(arena.stats().cachedBlocks).toBeGreaterThan(8);
  const deadline = performance.now() + PATIENCE_MS;
  while (arena.stats().cachedBlocks > 0 && performance.now() < deadline) await Bun.sleep(20);
  expect(arena.stats().cachedBlocks).toBe(0);
});
