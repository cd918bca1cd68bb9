/**
 * Magazines whose Worker is dead, or was cut short by an exception: a repair takes its spans away, so that no block may be
 * left in the magazines. Whoever has the slot afterwards would hand it out a second time.
 */
import { expect, test } from "bun:test";
import { SLOTS } from "../../src/core/tunables.ts";
import type { Arena, Pointer } from "../../src/index.ts";
import { Crew } from "./simulated-crew.ts";

const [VICTIM, HEIR] = [100, 200] as const;
const SIZE = 64;
/** More than the refills by which a class gets spans. */
const COUNT = 600;

function fillMagazine(arena: Arena): void {
  const blocks = Array.from({ length: COUNT }, () => arena.malloc(SIZE));
  for (const block of blocks) arena.free(block);
}

/** Blocks that are allocated one after the other never share a byte, whatever sizes they have. */
function overlapsNowhere(arena: Arena): void {
  const blocks: { from: number; end: number }[] = [];
  for (let i = 0; i < COUNT; i++) {
    for (const size of [SIZE, 5000]) {
      const from: Pointer = arena.malloc(size);
      blocks.push({ from, end: from + arena.usableSize(from) });
    }
  }
  blocks.sort((a, b) => a.from - b.from);
  for (let i = 1; i < blocks.length; i++) expect(blocks[i]!.from).toBeGreaterThanOrEqual(blocks[i - 1]!.end);
  for (const { from } of blocks) arena.free(from);
  arena.check();
}

test("after an exception the Worker's own magazines are empty", () => {
  const { arena, heap } = new Crew().join(VICTIM);
  fillMagazine(arena);
  const [first, second] = [arena.malloc(2000), arena.malloc(2000)];
  arena.free(second);
  arena.free(first);
  const { words, window } = { words: heap.windows[0]!.space.words, window: heap.windows[0]!.window };
  words[(first - window.base) / 4] = 0x41414141;
  expect(() => {
    for (let i = 0; i < 8; i++) arena.malloc(2000);
  }).toThrow("corrupt-block");
  overlapsNowhere(arena);
});

for (const trims of [false, true]) {
  test(`a dead Worker's magazines are empty for the next owner of its slot${trims ? ", also after trim()" : ""}`, () => {
    const crew = new Crew();
    const owner = crew.join(1).arena;
    owner.stats();
    const victim = crew.join(VICTIM);
    const held = Array.from({ length: COUNT }, () => victim.arena.malloc(SIZE));
    // No slot but the victim's can be had.
    for (let slot = 3; slot <= SLOTS; slot++) crew.join(1000 + slot).arena.stats();
    if (trims) victim.arena.trim();
    for (const block of held.splice(COUNT - 20)) victim.arena.free(block);
    crew.alive.delete(VICTIM);
    for (const block of held) owner.free(block);
    const heir = crew.join(HEIR);
    heir.arena.stats();
    expect(heir.heap.slot).toBe(victim.heap.slot);
    overlapsNowhere(heir.arena);
    expect(owner.stats().liveBlocks).toBe(0);
  });
}
