/** What a Worker's views do not show yet: a window's first segment, and what another attachment of its thread has taken. */
import { expect, test } from "bun:test";
import type { Arena, Pointer } from "../../src/index.ts";
import { WindowWord } from "../../src/memory/layout.ts";
import { Crew } from "../arena/simulated-crew.ts";
import { slowCalls } from "../support/slow-calls.ts";
import { auditSpans } from "./audit.ts";

function sizeAndFree(arena: Arena, block: number): void {
  expect(arena.usableSize(block)).toBe(112);
  arena.free(block);
}

test.each([
  ["frees", (arena: Arena, block: number) => arena.free(block)],
  ["reallocates", (arena: Arena, block: number) => arena.free(arena.realloc(block, 500))],
  ["asks for the size of", (arena: Arena, block: number) => sizeAndFree(arena, block)],
])("a Worker that has seen the window before its span table was made %s a block of a span", (_, act) => {
  const crew = new Crew();
  crew.pages.refuse = (call) => call === "map";
  const [maker, other] = [crew.join(100), crew.join(200)];
  const { arena, heap } = maker;
  // Memory that both see, free again.
  arena.free(arena.malloc(600_000));
  arena.trim();
  other.arena.stats();
  const { words } = heap.windows[0]!.space;
  expect(words[WindowWord.spanTable]).toBe(0);
  crew.pages.refuse = () => false;
  const block = arena.malloc(100);
  expect(other.heap.windows[0]!.space.words.length).toBe(heap.windows[0]!.space.words.length);
  act(other.arena, block);
  expect(arena.stats().liveBlocks).toBe(0);
  expect(() => other.arena.free(block)).toThrow(expect.objectContaining({ code: "double-free" }));
  arena.check();
});

/** The views that the fast path of an arena uses for blocks of spans. */
function viewsOf(arena: Arena): unknown[] {
  const { fastPath } = arena as unknown as { fastPath: Record<"states" | "map" | "magazines", unknown> };
  return [fastPath.states, fastPath.map, fastPath.magazines];
}

test("up to 64 MiB of a window a Worker's views of the span table are the same from its first request on", () => {
  const crew = new Crew({ reserve: 2 ** 27 });
  const [{ arena }, other] = [crew.join(100), crew.join(200)];
  arena.malloc(5000);
  other.arena.malloc(5000);
  const [views, others] = [viewsOf(arena), viewsOf(other.arena)];
  const blocks = Array.from({ length: 40_000 }, () => arena.malloc(1024));
  const theirs = Array.from({ length: 200 }, () => other.arena.malloc(1024));
  for (const [i, view] of viewsOf(arena).entries()) expect(view).toBe(views[i]);
  for (const [i, view] of viewsOf(other.arena).entries()) expect(view).toBe(others[i]);
  // And no longer than the window: beyond them new ones are needed.
  const more = Array.from({ length: 30_000 }, () => arena.malloc(1024));
  expect(viewsOf(arena)[0]).not.toBe(views[0]);
  for (const block of [...blocks, ...more, ...theirs]) arena.free(block);
  arena.check();
});

test.each([60, 5000, 20_000])("two attachments of one thread share magazines, %d blocks apart", (count) => {
  const crew = new Crew();
  const [one, other] = [crew.join(100), crew.join(100)];
  const held = [one.arena.malloc(10), other.arena.malloc(100), other.arena.malloc(40)];
  expect(other.heap.slot).toBe(one.heap.slot);
  // Behind the end of the other one's view.
  const far = Array.from({ length: count }, () => one.arena.malloc(40));
  for (const block of far.splice(count / 2)) one.arena.free(block);
  const taken = Array.from({ length: count }, () => other.arena.malloc(40));
  expect(new Set([...far, ...taken, ...held]).size).toBe(far.length + count + 3);
  expect(auditSpans(one.heap).inUse).toBe(far.length + count + 3);
  for (const block of [...taken, ...far]) other.arena.free(block);
  expect(auditSpans(one.heap).inUse).toBe(3);
  one.arena.trim();
  expect(auditSpans(one.heap)).toMatchObject({ inUse: 3, ready: 0, remote: 0 });
  one.arena.check();
});

test.each([
  ["aligned", (arena: Arena) => arena.alignedAlloc(64, 128)],
  ["reallocated", (arena: Arena) => arena.realloc(arena.malloc(40), 128)],
])("a block behind the end of the view, which another attachment of the thread has freed, is not %s halfway", (_, act) => {
  const crew = new Crew();
  const [one, other] = [crew.join(100), crew.join(100)];
  other.arena.free(other.arena.malloc(40));
  const far = Array.from({ length: 8000 }, () => one.arena.malloc(128));
  for (const block of far.splice(7900)) one.arena.free(block);
  const block = act(other.arena);
  expect(far).not.toContain(block);
  expect([...one.arena.blocks()].some(({ pointer }) => pointer === block)).toBe(true);
  auditSpans(one.heap);
  other.arena.free(block);
  expect(auditSpans(one.heap).inUse).toBe(far.length);
});

test("with another attachment of the thread the slow path fills and empties magazines", () => {
  const crew = new Crew();
  const [one, other] = [crew.join(100), crew.join(100)];
  const held = [one.arena.malloc(40), other.arena.malloc(40)];
  const blocks: Pointer[] = [];
  const calls = slowCalls(other.arena, () => {
    for (let i = 0; i < 400; i++) blocks.push(other.arena.malloc(40));
    for (const block of blocks) other.arena.free(block);
  });
  expect(calls.malloc).toBeGreaterThan(10);
  expect(calls.free).toBeGreaterThan(10);
  expect(auditSpans(one.heap).inUse).toBe(held.length);
  for (const { arena } of [one, other]) arena.check();
});

test.each([
  ["has left", () => {}],
  ["has left, and the view was renewed", (arena: Arena) => arena.stats()],
])("what another attachment of the thread has put into the magazines is not lost when it %s", (_, act) => {
  const crew = new Crew();
  const [one, other] = [crew.join(100), crew.join(100)];
  for (const { arena } of [one, other]) arena.free(arena.malloc(40));
  // Behind the end of the other one's view.
  const far = Array.from({ length: 20_000 }, () => one.arena.malloc(40));
  for (const block of far.splice(19_000)) one.arena.free(block);
  one.arena.detach();
  act(other.arena);
  const more = Array.from({ length: 3000 }, () => other.arena.malloc(40));
  expect(new Set([...more, ...far]).size).toBe(22_000);
  expect(auditSpans(other.heap).inUse).toBe(22_000);
  for (const block of [...more, ...far]) other.arena.free(block);
  expect(auditSpans(other.heap).inUse).toBe(0);
  other.arena.check();
});

test("a Worker whose first span was made, but that has not seen it yet, takes nothing from where no window has its magazines", () => {
  const crew = new Crew();
  const { arena, heap } = crew.join(100);
  arena.malloc(5000);
  const { leave } = heap;
  heap.leave = () => {
    heap.leave = leave;
    throw new RangeError("the stack is full");
  };
  expect(() => arena.malloc(40)).toThrow(RangeError);
  const blocks = Array.from({ length: 100 }, () => arena.malloc(40));
  expect(new Set(blocks).size).toBe(100);
  // Where a window has no spans yet, magazines are empty still.
  const another = new Crew().join(100);
  another.arena.free(another.arena.malloc(40));
  for (const { arena: one } of [another, { arena }]) one.check();
});
