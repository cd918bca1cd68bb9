/** What counts against the limit is what is touched: `committedBytes` follows what the system has resident. */
import { describe, expect, test } from "bun:test";
import { residentBytesIn } from "../../native/mappings.ts";
import { fillMemory } from "../../native/raw-memory.ts";
import { Arena, OutOfMemoryError, policyNames } from "../../src/index.ts";
import { simulatedArena } from "../support/simulated-arena.ts";

const MIB = 2 ** 20;
const PAGE = 4096;

/** Resident bytes of an arena's first window. */
const residentOf = (arena: Arena): number => residentBytesIn(arena.handle.address, 2 ** 32);
/** Of these the head of the window may have so many. */
const HEAD_MOST = MIB / 2;

/** Sizes that a policy serves from its windows. */
const sizeFor = (policy: string) => (policy === "husky" || policy === "slabs" ? 3900 : 60_000);

describe.each(policyNames)("%s", (policy) => {
  test("what trim gives back is free for another request", () => {
    const size = sizeFor(policy);
    const limit = 64 * MIB;
    using arena = new Arena({ policy, limit, purgeDelay: Infinity });
    const blocks = Array.from({ length: Math.floor((48 * MIB) / size) }, () => arena.malloc(size));
    const last = arena.malloc(1000);
    expect(arena.stats().committedBytes).toBeGreaterThan(40 * MIB);
    for (const block of blocks) arena.free(block);
    arena.trim();
    expect(arena.stats().committedBytes).toBeLessThan(
      policy === "husky" || policy === "slabs" ? 8 * MIB : MIB,
    );
    // A buddy of 32 MiB; with other policies most of the limit.
    arena.free(arena.malloc((policy === "buddy" ? 30 : 50) * MIB));
    arena.check();
    arena.free(last);
  });

  test.each([
    1, 2, 4, 8, 16, 32,
  ])("blocks aligned to %d MiB cost little more than themselves", (megabytes) => {
    using arena = new Arena({ policy });
    const blocks = Array.from({ length: 16 }, () => arena.alignedAlloc(megabytes * MIB, 4096));
    for (const block of blocks) {
      expect(block % (megabytes * MIB)).toBe(0);
      fillMemory(block, 7, 4096);
    }
    // Binary buddies write a header at each halving of what is skipped.
    const each = policy === "buddy" ? 40 * PAGE : 6 * PAGE;
    expect(arena.stats().committedBytes).toBeLessThan(16 * each);
    expect(residentOf(arena)).toBeLessThan(16 * each + HEAD_MOST);
    arena.check();
  });

  test("a stricter alignment never fits where a weaker one does not", () => {
    for (const limit of [3 * PAGE, 4 * PAGE, 8 * PAGE, 8 * MIB]) {
      const fits = Array.from({ length: 26 }, (_, log) => {
        using arena = new Arena({ policy, limit });
        try {
          arena.alignedAlloc(2 ** (4 + log), 5000);
          return 1;
        } catch (error) {
          if (!(error instanceof OutOfMemoryError)) throw error;
          expect(error.bound).toBe("limit");
          return 0;
        } finally {
          arena.check();
        }
      });
      expect(fits).toEqual(fits.toSorted((one, other) => other - one));
    }
  });

  test("at the limit, free memory that was given back is as good as fresh memory", () => {
    const size = sizeFor(policy);
    const { arena } = simulatedArena({ policy, limit: 4 * MIB, workerCache: false });
    const fill = () => {
      const blocks: number[] = [];
      try {
        for (;;) blocks.push(arena.malloc(size));
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
      }
      arena.check();
      expect(arena.stats().committedBytes).toBeLessThanOrEqual(4 * MIB);
      return blocks;
    };
    const blocks = fill();
    const count = blocks.length;
    // Every third one: holes of one block each.
    for (let i = 0; i < count; i += 3) arena.free(blocks[i]!);
    arena.trim();
    const again = fill();
    expect(again.length).toBeGreaterThanOrEqual(Math.ceil(count / 3) - 1);
    for (const block of again) arena.free(block);
    for (let i = 0; i < count; i++) if (i % 3 !== 0) arena.free(blocks[i]!);
    arena.trim();
    arena.check();
    expect(arena.stats()).toMatchObject({ committedBytes: 0, liveBlocks: 0 });
  });
});

test("14,000 blocks, one behind them, and a limit", () => {
  // `trim` is to find all of it, however long a busy machine takes to free it.
  using arena = new Arena({ limit: 2 ** 30, purgeDelay: Infinity });
  const blocks = Array.from({ length: 14_000 }, () => arena.malloc(60_000));
  arena.malloc(1000);
  for (const block of blocks) arena.free(block);
  expect(arena.trim()).toBeGreaterThan(800 * MIB);
  expect(arena.stats().committedBytes).toBeLessThan(MIB);
  arena.malloc(300 * MIB);
  arena.check();
});

test.each([
  ["in a window", 60 * MIB],
  ["with a mapping of its own", 200 * MIB],
])("a block that shrinks gives back the rest: %s", (_, size) => {
  using arena = new Arena({ limit: 256 * MIB, purgeDelay: Infinity });
  const block = arena.malloc(size);
  const wall = arena.malloc(1000);
  const shrunk = arena.realloc(block, 10_000);
  arena.trim();
  expect(arena.stats().committedBytes).toBeLessThan(MIB);
  arena.free(arena.malloc(250 * MIB));
  arena.free(shrunk);
  arena.free(wall);
  arena.check();
});

test("a large block grows into a limit that only idle memory is in the way of", () => {
  using arena = new Arena({ limit: 24 * MIB, largeThreshold: MIB, purgeDelay: Infinity, workerCache: false });
  const block = arena.malloc(8 * MIB);
  for (const small of Array.from({ length: 115 }, () => arena.malloc(100_000))) arena.free(small);
  expect(arena.stats().committedBytes).toBeGreaterThan(18 * MIB);
  const grown = arena.realloc(block, 16 * MIB);
  expect(arena.usableSize(grown)).toBeGreaterThanOrEqual(16 * MIB);
  arena.check();
});

const VARIANTS = [...policyNames, "unordered:fit=best,merge=never", "unordered:fit=next,merge=deferred"];

test.each(VARIANTS)("random requests at a narrow limit: it holds after each of them, %s", (policy) => {
  for (const [seed, workerCache] of [
    [1, false],
    [2, false],
    [3, true],
  ] as const) {
    const { arena } = simulatedArena({ policy, limit: 24 * PAGE, reserve: 2 ** 22, workerCache });
    let state = seed;
    const draw = (bound: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % bound;
    };
    const live: number[] = [];
    for (let step = 0; step < 1500; step++) {
      const size = 1 + draw(3) * draw(4000) + draw(300);
      try {
        const act = draw(10);
        if (act < 5)
          live.push(draw(5) === 0 ? arena.alignedAlloc(2 ** (5 + draw(9)), size) : arena.malloc(size));
        else if (act < 7 && live.length > 0) {
          const at = draw(live.length);
          live[at] = arena.realloc(live[at]!, size);
        } else if (live.length > 0) arena.free(live.splice(draw(live.length), 1)[0]!);
        if (draw(40) === 0) arena.trim();
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
      }
      arena.check();
    }
    for (const block of live) arena.free(block);
    arena.trim();
    expect(arena.stats()).toMatchObject({ committedBytes: 0, liveBlocks: 0 });
  }
});

test("random requests: what is resident is never more than what is charged", () => {
  for (const policy of ["bins", "tree", "unordered", "buddy"]) {
    // Below the size from which on huge pages are asked for.
    using arena = new Arena({ policy, reserve: 2 ** 25 });
    let state = 20261128;
    const draw = (bound: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % bound;
    };
    const live: number[] = [];
    for (let step = 0; step < 4000; step++) {
      const size = 1 + draw(2) * draw(60_000) + draw(500);
      if (draw(100) < 52 || live.length === 0) {
        const block = draw(8) === 0 ? arena.alignedAlloc(2 ** (5 + draw(13)), size) : arena.malloc(size);
        fillMemory(block, 1, size);
        live.push(block);
      } else if (draw(4) === 0) {
        live.push(arena.realloc(live.splice(draw(live.length), 1)[0]!, size));
        fillMemory(live.at(-1)!, 1, size);
      } else arena.free(live.splice(draw(live.length), 1)[0]!);
      if (step % 500 === 499) {
        if (draw(2) === 0) arena.trim();
        expect(residentOf(arena)).toBeLessThanOrEqual(arena.stats().committedBytes + HEAD_MOST);
        arena.check();
      }
    }
    for (const block of live) arena.free(block);
    arena.trim();
    expect(arena.stats().committedBytes).toBe(0);
    expect(residentOf(arena)).toBeLessThan(HEAD_MOST);
  }
});
