/** Deaths that once left something behind in the span table, or beside it, that the next Worker took for its own. */
import { expect, test } from "bun:test";
import { SEGMENT_BYTES, SLOTS } from "../../src/core/tunables.ts";
import type { Arena, Pointer } from "../../src/index.ts";
import type { Control } from "../../src/memory/control.ts";
import type { Held } from "../../src/memory/held.ts";
import { ControlDouble } from "../../src/memory/layout.ts";
import { BlockState } from "../../src/memory/span-table.ts";
import { Crew, type Member } from "./simulated-crew.ts";

const [FIRST, SECOND, THIRD] = [100, 200, 300] as const;

class Death extends Error {}

/** Attaches. */
function serveFromSpans({ arena }: Member): Arena {
  arena.stats();
  return arena;
}

for (const trims of [false, true]) {
  const when = trims ? ", after it had emptied them once" : "";
  test(`what a dead Worker had in its magazines is not handed out by the next owner of its slot${when}`, () => {
    const crew = new Crew();
    const arena = serveFromSpans(crew.join(FIRST));
    const dead = crew.join(SECOND);
    serveFromSpans(dead);
    const blocks = Array.from({ length: 20 }, () => dead.arena.malloc(100));
    for (const pointer of blocks.slice(10)) dead.arena.free(pointer);
    if (trims) {
      dead.arena.trim();
      dead.arena.free(dead.arena.malloc(100));
    }
    for (let others = 2; others < SLOTS; others++) crew.join(1000 + others).heap.slots.claim();
    crew.alive.delete(SECOND);
    arena.trim();
    const taken = new Set<Pointer>(blocks.slice(0, 10));
    // The survivor adopts the dead one's span; then somebody gets its slot.
    taken.add(arena.malloc(100));
    const heir = crew.join(THIRD);
    serveFromSpans(heir);
    for (let i = 0; i < 20; i++) taken.add(heir.arena.malloc(100)).add(arena.malloc(100));
    expect<number>(heir.heap.slot).toBe(dead.heap.slot);
    expect(taken.size).toBe(10 + 1 + 40);
    expect(new Set([...arena.blocks()].map(({ pointer }) => pointer))).toEqual(taken);
    arena.check();
  });
}

test("whoever dies while it makes a segment leaves no unit of it, so that nobody gives its pages back", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const dead = crew.join(SECOND);
  arena.stats();
  serveFromSpans(dead);
  const control = dead.heap.control as Held<Control>;
  const add = control.add.bind(control);
  let hasDied = false;
  control.add = (field, value) => {
    if (hasDied || field !== ControlDouble.stateBytes) return add(field, value);
    hasDied = true;
    crew.alive.delete(SECOND);
    const length = 4 * SEGMENT_BYTES;
    const block = arena.malloc(length);
    crew.pages.fill(block as never, 7, length);
    arena.trim();
    expect(crew.pages.bytes(block, length).every((byte) => byte === 7)).toBe(true);
    arena.check();
    throw new Death();
  };
  expect(() => dead.arena.malloc(100)).toThrow(Death);
});

test("a block whose free was cut short before its owner was told comes back", () => {
  const crew = new Crew();
  const first = crew.join(FIRST);
  const arena = serveFromSpans(first);
  const [block, other] = [arena.malloc(100), arena.malloc(100)];
  const { spans, window } = first.heap.windows[0]!;
  const granule = (block - window.base) / 16;
  crew.join(SECOND).arena.stats();
  Atomics.store(spans.states, granule >>> 1, BlockState.remote | (granule & 1));
  crew.alive.delete(SECOND);
  crew.join(THIRD).arena.stats();
  arena.free(other);
  arena.trim();
  expect(arena.stats()).toMatchObject({ liveBlocks: 0, cachedBlocks: 0, committedBytes: 0 });
  arena.check();
});
