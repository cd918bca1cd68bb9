/** One freed large mapping stays for the next block of its size, and goes back like all idle memory. */
import { expect, test } from "bun:test";
import { bytesAt, fillMemory } from "../../native/raw-memory.ts";
import { Arena, OutOfMemoryError } from "../../src/index.ts";

const MIB = 2 ** 20;
const OPTIONS = { largeThreshold: MIB, purgeDelay: Infinity };

test("the next block of about its size gets it, without a system call", () => {
  using arena = new Arena(OPTIONS);
  const block = arena.malloc(4 * MIB);
  arena.free(block);
  expect(arena.stats()).toMatchObject({ liveBlocks: 0, largeBlocks: 0, largeBytes: 0, unmappings: 0 });
  for (const size of [4 * MIB, 4 * MIB - 100, 3.75 * MIB]) {
    const again = arena.malloc(size);
    expect(again).toBe(block);
    expect(arena.stats()).toMatchObject({ largeBlocks: 1, mappings: 1 });
    expect([...arena.blocks()]).toMatchObject([{ pointer: block, requestedBytes: size, large: true }]);
    arena.check();
    arena.free(again);
    arena.check();
  }
  expect(() => arena.free(block)).toThrow(expect.objectContaining({ code: "double-free" }));
});

test.each([
  ["smaller by far", (arena: Arena) => arena.malloc(3 * MIB)],
  ["larger", (arena: Arena) => arena.malloc(4 * MIB + 1)],
  ["aligned to more than a page", (arena: Arena) => arena.alignedAlloc(2 * MIB, 4 * MIB)],
])("a block that is %s does not", (_, request) => {
  using arena = new Arena(OPTIONS);
  arena.free(arena.malloc(4 * MIB - 4096));
  request(arena);
  expect(arena.stats()).toMatchObject({ largeBlocks: 1, mappings: 2, unmappings: 0 });
  arena.check();
});

test("there is one; a second block that is freed goes back at once", () => {
  using arena = new Arena(OPTIONS);
  const blocks = [arena.malloc(4 * MIB), arena.malloc(4 * MIB)];
  for (const block of blocks) arena.free(block);
  expect(arena.stats()).toMatchObject({ mappings: 2, unmappings: 1 });
  arena.check();
});

test("calloc gives zeros, whoever had the memory before", () => {
  using arena = new Arena(OPTIONS);
  const block = arena.malloc(4 * MIB);
  fillMemory(block, 7, 4 * MIB);
  arena.free(block);
  const zeros = arena.calloc(4, MIB);
  expect(zeros).toBe(block);
  expect(bytesAt(zeros, 4 * MIB).every((byte) => byte === 0)).toBe(true);
});

test.each([
  ["trim", (arena: Arena) => expect(arena.trim()).toBeGreaterThan(4 * MIB)],
  ["reset", (arena: Arena) => arena.reset()],
])("%s ends it", (_, act) => {
  using arena = new Arena(OPTIONS);
  arena.free(arena.malloc(4 * MIB));
  act(arena);
  expect(arena.stats()).toMatchObject({ committedBytes: 0, mappings: 1, unmappings: 1 });
  arena.check();
});

test("it goes back by itself after the purge delay, beside a heap of which little is idle", async () => {
  using arena = new Arena({ ...OPTIONS, purgeDelay: 10 });
  const used = Array.from({ length: 40 }, () => arena.malloc(MIB / 2));
  arena.free(arena.malloc(4 * MIB));
  const deadline = performance.now() + 5000;
  while (arena.stats().unmappings === 0 && performance.now() < deadline) await Bun.sleep(10);
  expect(arena.stats()).toMatchObject({ unmappings: 1, liveBlocks: used.length });
  arena.check();
});

test("no request is refused for its sake", () => {
  using arena = new Arena({ ...OPTIONS, limit: 256 * MIB });
  arena.free(arena.malloc(4 * MIB - 4096));
  expect(arena.stats().committedBytes).toBe(4 * MIB);
  const block = arena.malloc(255 * MIB);
  expect(() => arena.malloc(4 * MIB)).toThrow(OutOfMemoryError);
  arena.free(block);
  arena.check();
});

test.each([
  ["where every request takes the lock", { workerCache: false }, 4 * MIB - 4096],
  ["where nothing may lie idle", { purgeDelay: 0 }, 4 * MIB - 4096],
  ["where the limit is narrow", { limit: 255 * MIB }, 4 * MIB - 4096],
  ["of so many bytes", {}, 257 * MIB],
])("none stays %s", (_, options, size) => {
  using arena = new Arena({ ...OPTIONS, ...options });
  arena.free(arena.malloc(size));
  expect(arena.stats()).toMatchObject({ committedBytes: 0, unmappings: 1 });
});
