/** An arena on the real system, one situation a test. Each ends with statistics at the base line and a clean check. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mappingsIn, residentBytesIn } from "../../native/mappings.ts";
import { bytesAt, residentBytes } from "../../native/raw-memory.ts";
import { Arena, OutOfMemoryError } from "../../src/index.ts";

const MIB = 2 ** 20;
let arena: Arena;

beforeEach(() => {
  // Blocks above 1 MiB get a mapping of their own, so that both kinds are cheap to make.
  arena = new Arena({ name: "situations", largeThreshold: MIB });
});

afterEach(() => {
  arena.check();
  expect(arena.stats().liveBlocks).toBe(0);
  arena.dispose();
});

/** Fills a block with bytes that depend on their place. */
function stamp(pointer: number, byteLength: number): void {
  const bytes = bytesAt(pointer, byteLength);
  for (let i = 0; i < byteLength; i++) bytes[i] = (i * 7 + 3) & 0xff;
}

function isStamped(pointer: number, byteLength: number): boolean {
  return bytesAt(pointer, byteLength).every((byte, i) => byte === ((i * 7 + 3) & 0xff));
}

describe("realloc", () => {
  test("realloc-shrink: in place, the tail serves other requests", () => {
    const block = arena.malloc(200_000);
    const guard = arena.malloc(200_000);
    stamp(block, 200_000);
    expect(arena.realloc(block, 1000)).toBe(block);
    expect(isStamped(block, 1000)).toBe(true);
    const inTail = arena.malloc(150_000);
    expect(inTail > block && inTail < guard).toBe(true);
    for (const pointer of [block, guard, inTail]) arena.free(pointer);
  });

  test("realloc-grow-neighbour: a free block behind is taken in", () => {
    const [block, behind, guard] = [arena.malloc(100_000), arena.malloc(100_000), arena.malloc(100_000)];
    stamp(block, 100_000);
    arena.free(behind);
    expect(arena.realloc(block, 180_000)).toBe(block);
    expect(isStamped(block, 100_000)).toBe(true);
    arena.free(block);
    arena.free(guard);
  });

  test("realloc-grow-top: the last block grows into fresh memory", () => {
    const block = arena.malloc(100_000);
    stamp(block, 100_000);
    expect(arena.realloc(block, 400_000)).toBe(block);
    expect(isStamped(block, 100_000)).toBe(true);
    arena.free(block);
  });

  test("realloc-move: the old block is freed, its bytes are kept", () => {
    for (const [from, to] of [
      [40, 5000],
      [5000, 100_000],
      [100_000, 3 * MIB],
      [3 * MIB, 9 * MIB],
      [9 * MIB, 500],
    ] as const) {
      const block = arena.malloc(from);
      const guard = arena.malloc(from);
      stamp(block, from);
      const moved = arena.realloc(block, to);
      expect(isStamped(moved, Math.min(from, to))).toBe(true);
      expect(arena.stats().liveBlocks).toBe(2);
      arena.free(moved);
      arena.free(guard);
    }
  });

  test("realloc-refused: the old block is as it was", () => {
    const small = new Arena({ limit: MIB });
    const block = small.malloc(300_000);
    stamp(block, 300_000);
    expect(() => small.realloc(block, 2 * MIB)).toThrow(OutOfMemoryError);
    expect(isStamped(block, 300_000)).toBe(true);
    small.free(block);
    small.check();
    expect(small.stats().liveBlocks).toBe(0);
    small.dispose();
  });
});

test("calloc-recycled: memory that held something is zero", () => {
  for (const size of [24, 500, 5000, 100_000, 2 * MIB]) {
    const dirty = arena.malloc(size);
    bytesAt(dirty, size).fill(0xff);
    arena.free(dirty);
    const clean = arena.calloc(1, size);
    expect(bytesAt(clean, size).every((byte) => byte === 0)).toBe(true);
    arena.free(clean);
  }
});

test("calloc-threshold: zero also where a cached block is larger than the large threshold", () => {
  const narrow = new Arena({ largeThreshold: 1000 });
  const cached = Array.from({ length: 8 }, () => narrow.malloc(1000));
  for (const pointer of cached) bytesAt(pointer, 1000).fill(0xff);
  for (const pointer of cached) narrow.free(pointer);
  for (let i = 0; i < 8; i++) {
    const pointer = narrow.calloc(1, 1010);
    expect(bytesAt(pointer, 1010).every((byte) => byte === 0)).toBe(true);
  }
  narrow.check();
  narrow.dispose();
});

test("limit-exact: committed bytes never pass the limit, which can be used to its last page", () => {
  const limited = new Arena({ limit: MIB, largeThreshold: 2 ** 18 });
  const blocks: number[] = [];
  for (const size of [100_000, 10_000, 4000, 500, 16]) {
    try {
      for (;;) blocks.push(limited.malloc(size));
    } catch (error) {
      expect(error).toBeInstanceOf(OutOfMemoryError);
      expect((error as OutOfMemoryError).bound).toBe("limit");
      expect((error as OutOfMemoryError).requestedBytes).toBe(size);
    }
    expect(limited.stats().committedBytes).toBeLessThanOrEqual(MIB);
  }
  expect(limited.stats().committedBytes).toBe(MIB);
  expect(limited.stats().liveBytes).toBeGreaterThan(0.9 * MIB);
  for (const block of blocks) limited.free(block);
  // All of it can become one block again, whatever lay in caches.
  limited.free(limited.malloc(900_000));
  limited.check();
  limited.dispose();
});

test("windows: a full window opens the next, blocks of all are freed", () => {
  const narrow = new Arena({ reserve: 2 * MIB });
  const blocks = Array.from({ length: 9000 }, () => narrow.malloc(1000));
  expect(narrow.stats().windows).toBeGreaterThan(4);
  narrow.check();
  for (const block of blocks.reverse()) narrow.free(block);
  narrow.trim();
  narrow.check();
  const { liveBlocks, committedBytes } = narrow.stats();
  expect({ liveBlocks, committedBytes }).toEqual({ liveBlocks: 0, committedBytes: 0 });
  narrow.dispose();
});

test("rss: what is freed and trimmed leaves the process", () => {
  // What earlier tests left would go meanwhile.
  Bun.gc(true);
  const before = residentBytes();
  const blocks = Array.from({ length: 64 }, (_, i) => arena.malloc(i % 2 === 0 ? 400_000 : MIB + i));
  for (const [i, block] of blocks.entries()) bytesAt(block, i % 2 === 0 ? 400_000 : MIB + i).fill(1);
  expect(residentBytes() - before).toBeGreaterThan(40 * MIB);
  for (const block of blocks) arena.free(block);
  expect(arena.trim()).toBeGreaterThan(10 * MIB);
  Bun.gc(true);
  expect(residentBytes() - before).toBeLessThan(8 * MIB);
  expect(arena.stats().committedBytes).toBe(0);
});

test("rss-inner: a large free block between live ones gives its pages back", () => {
  const [block, guard] = [arena.malloc(500_000), arena.malloc(500_000)];
  bytesAt(block, 500_000).fill(1);
  arena.free(block);
  const { address } = arena.handle;
  const resident = residentBytesIn(address, 2 * MIB);
  expect(arena.trim()).toBeGreaterThan(450_000);
  expect(residentBytesIn(address, 2 * MIB)).toBeLessThan(resident - 450_000);
  arena.free(guard);
});

test("rss-idle: an idle program gives memory back without being asked", async () => {
  const blocks = Array.from({ length: 100 }, () => arena.malloc(100_000));
  for (const block of blocks) bytesAt(block, 100_000).fill(1);
  for (const block of blocks) arena.free(block);
  expect(arena.stats().committedBytes).toBeGreaterThan(8 * MIB);
  const deadline = performance.now() + 5000;
  while (arena.stats().committedBytes > 0 && performance.now() < deadline) await Bun.sleep(50);
  expect(arena.stats().committedBytes).toBe(0);
});

for (const [purgeDelay, left] of [
  [0, 0],
  [Infinity, 9 * MIB],
] as const) {
  test(`purge delay ${purgeDelay}: what is freed goes back at once, or stays until it is trimmed`, async () => {
    using eager = new Arena({ purgeDelay });
    const blocks = Array.from({ length: 100 }, () => eager.malloc(100_000));
    const { commits } = eager.stats();
    expect(commits).toBeGreaterThan(0);
    for (const block of blocks) eager.free(block);
    const { committedBytes, releases } = eager.stats();
    // Below a MiB nothing is worth a call.
    expect(Math.abs(committedBytes - left)).toBeLessThan(1.1 * MIB);
    expect(releases > 0).toBe(left === 0);
    await Bun.sleep(300);
    expect(eager.stats().releases).toBe(releases);
    eager.trim();
    expect(eager.stats().committedBytes).toBe(0);
  });
}

test("reset: everything is free at once", () => {
  for (const size of [10, 1000, 50_000, 5 * MIB]) for (let i = 0; i < 50; i++) arena.malloc(size);
  arena.reset();
  arena.check();
  expect([...arena.blocks()]).toEqual([]);
  arena.free(arena.malloc(1000));
});

test("aligned: every power of two, small and large", () => {
  for (let log = 0; log <= 30; log += 1) {
    for (const size of [0, 100, 5000, 600_000]) {
      const block = arena.alignedAlloc(2 ** log, size);
      expect(block % 2 ** log).toBe(0);
      expect(arena.usableSize(block)).toBeGreaterThanOrEqual(size);
      arena.free(block);
    }
  }
});

test("no-exec: nothing of an arena can be executed", () => {
  const block = arena.malloc(100);
  const mappings = mappingsIn(arena.handle.address, 2 ** 32);
  expect(mappings.length).toBeGreaterThan(0);
  expect(mappings.filter(({ permissions }) => permissions.includes("x"))).toEqual([]);
  arena.free(block);
});

test("idle: an arena in use by one Worker that holds little costs little", () => {
  arena.free(arena.malloc(32));
  expect(residentBytesIn(arena.handle.address, 2 ** 32)).toBeLessThan(MIB / 8);
});
