/** Small requests where no memory for a span, a segment or the span table is to be had, or a Worker dies on the way. */
import { expect, test } from "bun:test";
import { SEGMENT_BYTES } from "../../src/core/tunables.ts";
import { type Arena, OutOfMemoryError } from "../../src/index.ts";
import { WindowWord } from "../../src/memory/layout.ts";
import { spanTableBytes } from "../../src/memory/span-table.ts";
import { Crew } from "../arena/simulated-crew.ts";
import { expectNothingLeft } from "../support/nothing-left.ts";
import { type SimulatedArena, simulatedArena } from "../support/simulated-arena.ts";
import { simulatedPlatform } from "../support/simulated-platform.ts";
import { auditSpans } from "./audit.ts";

function segments({ heap }: Pick<SimulatedArena, "heap">): number {
  return heap.windows.reduce((sum, { space }) => sum + space.words[WindowWord.segments]!, 0);
}

/** Allocates until the limit is reached. */
function fill(arena: Arena, size: number): number[] {
  const blocks: number[] = [];
  try {
    for (;;) blocks.push(arena.malloc(size));
  } catch (error) {
    if (!(error instanceof OutOfMemoryError) || error.bound !== "limit") throw error;
  }
  return blocks;
}

test("where the limit has no room for a segment, small requests get blocks with a header", () => {
  const simulated = simulatedArena({ limit: SEGMENT_BYTES });
  const { arena } = simulated;
  const blocks = fill(arena, 100);
  expect(segments(simulated)).toBe(0);
  expect(blocks.length * 112).toBeGreaterThan(0.9 * SEGMENT_BYTES);
  expect(arena.stats()).toMatchObject({ liveBlocks: blocks.length, committedBytes: SEGMENT_BYTES });
  arena.check();
  for (const block of blocks) arena.free(block);
  arena.trim();
  expectNothingLeft(arena);
});

test.each([
  2 ** 18,
  303_104,
  2 ** 20,
])("within a limit of %d bytes small blocks fill it nearly, spans first, and all of it comes back", (limit) => {
  const simulated = simulatedArena({ limit });
  const { arena, heap } = simulated;
  const blocks = fill(arena, 100);
  expect(segments(simulated)).toBeGreaterThan(0);
  expect(auditSpans(heap).inUse).toBeGreaterThan(0);
  expect(blocks.length * 112).toBeGreaterThan(0.9 * limit);
  expect(arena.stats().committedBytes).toBeLessThanOrEqual(limit);
  arena.check();
  // Another size gets the memory of the first one.
  for (const block of blocks) arena.free(block);
  const others = fill(arena, 1000);
  expect(others.length * 1024).toBeGreaterThan(0.8 * limit);
  for (const block of others) arena.free(block);
  const whole = arena.malloc(Math.floor(limit * 0.9));
  arena.free(whole);
  arena.trim();
  arena.check();
  expectNothingLeft(arena);
});

test("what a dead Worker has left is used to its last free block before a request is refused", () => {
  const crew = new Crew({ limit: 2 ** 19 });
  const survivor = crew.join(100);
  const victim = crew.join(200);
  survivor.arena.stats();
  const blocks = Array.from({ length: 300 }, () => victim.arena.malloc(1024));
  while (auditSpans(victim.heap).ready > 0) blocks.push(victim.arena.malloc(1024));
  // The first span alone has free blocks; all others are full.
  const freed = blocks.filter((block) => block < blocks[0]! + 4096 && block !== blocks[0]!);
  for (const block of freed) victim.arena.free(block);
  crew.alive.delete(200);
  survivor.arena.trim();
  const { orphans } = auditSpans(survivor.heap);
  expect(orphans).toBeGreaterThan(10);
  const taken = fill(survivor.arena, 1024);
  for (const block of freed) expect(taken).toContain(block);
  survivor.arena.check();
});

test("while the system refuses the span table, small requests get blocks with a header, and later spans", () => {
  const refusing = simulatedPlatform();
  refusing.pages.refuse = (call) => call === "map";
  const simulated = simulatedArena({}, refusing);
  const { arena, heap, platform } = simulated;
  const mapped = platform.pages.mappedBytes;
  const blocks = Array.from({ length: 500 }, () => arena.malloc(100));
  expect(segments(simulated)).toBe(0);
  expect(platform.pages.mappedBytes).toBe(mapped);
  arena.check();
  platform.pages.refuse = () => false;
  const later = Array.from({ length: 500 }, () => arena.malloc(200));
  expect(auditSpans(heap).inUse).toBe(500);
  expect(platform.pages.mappedBytes).toBe(mapped + spanTableBytes(heap.windows[0]!.window.byteLength));
  for (const block of [...blocks, ...later]) arena.free(block);
  arena.trim();
  arena.check();
  expectNothingLeft(arena);
  arena.dispose();
  expect(platform.pages.mappedBytes).toBe(0);
});

test("each window has a table of its own, which ends with the arena", () => {
  const simulated = simulatedArena({ reserve: 2 ** 21 });
  const { arena, heap, platform } = simulated;
  const blocks = Array.from({ length: 8000 }, () => arena.malloc(1000));
  expect(arena.stats().windows).toBeGreaterThan(2);
  expect(auditSpans(heap).inUse).toBe(8000);
  expect(new Set(heap.windows.map(({ spans }) => spans.base)).size).toBe(heap.windows.length);
  for (const block of blocks.reverse()) arena.free(block);
  // What is free in any window is used before another one is opened.
  const { windows } = arena.stats();
  const again = Array.from({ length: 7900 }, () => arena.malloc(1000));
  expect(arena.stats().windows).toBe(windows);
  expect(new Set(again).size).toBe(7900);
  arena.dispose();
  expect(platform.pages.mappedBytes).toBe(0);
});

class Death extends Error {}

test.each([
  ["before", false],
  ["after", true],
])("a Worker that dies just %s any system call of its first small requests leaves nothing", (_, isAfter) => {
  let deaths = 0;
  for (let n = 1; ; n++) {
    const crew = new Crew({ reserve: 2 ** 22 });
    const [survivor, victim] = [crew.join(100), crew.join(200)];
    // No span table yet.
    crew.pages.refuse = (call) => call === "map";
    // No segment yet: this has a header.
    const mine = survivor.arena.malloc(5000);
    victim.arena.stats();
    crew.pages.refuse = () => false;
    const mapped = crew.pages.mappedBytes;
    const { pages } = crew;
    let [calls, found] = [0, undefined as unknown];
    for (const name of ["map", "commit", "reserve", "unmap", "release"] as const) {
      const call = (pages[name] as (...args: never[]) => unknown).bind(pages);
      (pages as unknown as Record<string, unknown>)[name] = (...args: never[]) => {
        if (++calls !== n) return call(...args);
        if (isAfter) call(...args);
        crew.alive.delete(200);
        try {
          survivor.arena.check();
          survivor.arena.reclaim(victim.arena.owner);
          survivor.arena.free(mine);
          survivor.arena.trim();
          survivor.arena.check();
          expectNothingLeft(survivor.arena);
          expect(survivor.arena.usableSize(survivor.arena.malloc(100))).toBe(112);
          const { window } = survivor.heap.windows[0]!;
          // After a call, and before anybody knows of it, its addresses are lost, but no memory.
          const table = spanTableBytes(window.byteLength);
          expect(pages.mappedBytes - mapped).toBeLessThanOrEqual(isAfter ? 2 * table : table);
        } catch (error) {
          found = error;
        }
        throw new Death();
      };
    }
    try {
      for (let i = 0; i < 3000; i++) victim.arena.malloc(1000);
    } catch {
      // The survivor has looked already.
    }
    if (found !== undefined) throw found;
    if (calls < n) break;
    deaths++;
  }
  expect(deaths).toBeGreaterThan(3);
});

test.each([
  ["before", false],
  ["after", true],
])("the first Worker of an arena dies just %s the system call that maps the span table: the next one maps it", (_, isAfter) => {
  const crew = new Crew({ reserve: 2 ** 22 });
  const { arena: first, heap } = crew.join(100);
  const { pages } = crew;
  const mapped = pages.mappedBytes;
  const map = pages.map.bind(pages);
  pages.map = (...args) => {
    pages.map = map;
    if (isAfter) map(...args);
    crew.alive.delete(100);
    const { arena } = crew.join(200);
    expect(arena.usableSize(arena.malloc(100))).toBe(112);
    arena.check();
    const table = spanTableBytes(heap.windows[0]!.window.byteLength);
    expect(pages.mappedBytes - mapped).toBe(isAfter ? 2 * table : table);
    // The dead do not clean up.
    Object.assign(heap, { repaired: (error: unknown) => error, leave() {} });
    heap.slots.countAttachment = () => 2;
    throw new Death();
  };
  expect(() => first.stats()).toThrow(Death);
});
