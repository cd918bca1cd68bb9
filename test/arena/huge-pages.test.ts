/** Large heaps ask for huge pages; small ones do not; what lies idle goes back whole either way. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mappingsIn, residentBytesIn } from "../../native/mappings.ts";
import { fillMemory } from "../../native/raw-memory.ts";
import { Arena } from "../../src/index.ts";
import { Crew } from "./simulated-crew.ts";

const MIB = 2 ** 20;
const FIRST = 100;

/** Lengths of the parts of a simulated heap for which huge pages were asked. */
function wishes(refused: boolean, use: (arena: Arena) => void): number[] {
  const crew = new Crew({ reserve: 128 * MIB });
  const { arena } = crew.join(FIRST);
  const lengths: number[] = [];
  crew.pages.adviseHuge = (_, byteLength, wanted) => {
    if (wanted) lengths.push(byteLength);
    return refused ? -12 : 0;
  };
  use(arena);
  arena.check();
  return lengths;
}

test("a small heap asks for none", () => {
  expect(wishes(false, (arena) => arena.malloc(20 * MIB))).toEqual([]);
});

test.each([false, true])("a heap that grows asks once for the rest of its window; refused: %p", (refused) => {
  const grow = (arena: Arena) => {
    for (let i = 0; i < 80; i++) arena.malloc(MIB);
  };
  expect(wishes(refused, grow)).toEqual([96 * MIB]);
});

/** Lengths in MiB of the parts of an arena's window that are kept from huge pages, and for which they are asked. */
function advice(arena: Arena): { small: number; huge: number } {
  const { address } = arena.handle;
  const parts = mappingsIn(address, 2 ** 32);
  const sum = (flag: string) =>
    parts
      .filter(({ flags }) => flags.includes(flag))
      .reduce((bytes, { start, end }) => bytes + end - start, 0);
  return { small: Math.round(sum("nh") / MIB), huge: Math.round(sum("hg") / MIB) };
}

const hasHugePages = existsSync("/sys/kernel/mm/transparent_hugepage/enabled");

test.skipIf(!hasHugePages)(
  "what was given back is kept from huge pages, until the chain ends before it",
  () => {
    using arena = new Arena({ purgeDelay: Infinity });
    const blocks = Array.from({ length: 200 }, () => arena.malloc(MIB));
    expect(advice(arena)).toMatchObject({ small: 0 });
    const huge = advice(arena).huge;
    for (let i = 0; i < 150; i += 3) arena.free(blocks[i]!);
    arena.trim();
    const { small, huge: left } = advice(arena);
    expect(small).toBeGreaterThan(140);
    expect(small).toBeLessThan(160);
    // A window grows beyond the last hole with huge pages.
    expect(huge - left).toBeLessThan(small);
    expect(left).toBeGreaterThan(3900);
    for (const [i, block] of blocks.entries()) if (i % 3 !== 0 || i >= 150) arena.free(block);
    arena.trim();
    expect(advice(arena)).toMatchObject({ huge });
    // The first 32 MiB, which never ask for them, say so for good.
    expect(advice(arena).small).toBeLessThanOrEqual(32);
    arena.check();
  },
);

test.skipIf(!hasHugePages)(
  "what an alignment skips is kept from huge pages: nothing comes in with it",
  () => {
    using arena = new Arena();
    for (let i = 0; i < 64; i++) fillMemory(arena.alignedAlloc(16 * MIB, 4096), 1, 4096);
    expect(arena.stats().committedBytes).toBeLessThan(2 * MIB);
    expect(residentBytesIn(arena.handle.address, 2 ** 32)).toBeLessThan(3 * MIB);
  },
);

test.skipIf(process.platform !== "linux")("trim gives the whole last huge page back", () => {
  using arena = new Arena({ purgeDelay: Infinity });
  // The chain ends in the first quarter of a huge page.
  const blocks = Array.from({ length: 8300 }, () => arena.malloc(4096));
  for (const block of blocks) fillMemory(block, 1, 4096);
  const resident = () => residentBytesIn(arena.handle.address, 64 * MIB);
  expect(resident()).toBeGreaterThan(32 * MIB);
  for (const block of blocks) arena.free(block);
  arena.trim();
  expect(resident()).toBeLessThan(MIB / 2);
});
