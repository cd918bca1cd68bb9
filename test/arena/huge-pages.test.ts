/** Large heaps ask for huge pages; small ones do not; what lies idle goes back whole either way. */
import { expect, test } from "bun:test";
import { residentBytesIn } from "../../native/mappings.ts";
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
  crew.pages.preferHuge = (_, byteLength) => {
    lengths.push(byteLength);
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
