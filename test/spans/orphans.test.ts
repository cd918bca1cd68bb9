/** Spans whose Worker died or left: nothing is lost, who allocated what stays known, and others adopt them. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { SLOTS } from "../../src/core/tunables.ts";
import type { Arena } from "../../src/index.ts";
import { FORMERS } from "../../src/memory/span-table.ts";
import { Crew, type Member } from "../arena/simulated-crew.ts";
import { expectNothingLeft } from "../support/nothing-left.ts";
import { auditSpans } from "./audit.ts";

const [FIRST, SECOND] = [100, 200] as const;
const SIZE = 40;

function blocksOf(arena: Arena, count: number): number[] {
  return Array.from({ length: count }, () => arena.malloc(SIZE));
}

function sorted(blocks: Iterable<number>): number[] {
  return [...blocks].toSorted((one, other) => one - other);
}

function owned(arena: Arena, owner: number): number[] {
  return sorted([...arena.blocks({ owner })].map(({ pointer }) => pointer));
}

/** A Worker ends: by its death, or by `detach`. */
function end(crew: Crew, thread: number, { arena }: Member, dies: boolean): void {
  if (dies) crew.alive.delete(thread);
  else arena.detach();
}

test.each([
  true,
  false,
])("what is ready or freed by others comes back, what is in use stays (death: %p)", (dies) => {
  const crew = new Crew();
  const survivor = crew.join(FIRST);
  const gone = crew.join(SECOND);
  const { owner } = gone.arena;
  const blocks = blocksOf(gone.arena, 900);
  for (const block of blocks.slice(0, 300)) gone.arena.free(block);
  for (const block of blocks.slice(300, 600)) survivor.arena.free(block);
  end(crew, SECOND, gone, dies);
  survivor.arena.trim();
  const { inUse, ready, remote, orphans, spans } = auditSpans(survivor.heap);
  expect({ inUse, ready, remote, orphans }).toEqual({ inUse: 300, ready: 0, remote: 0, orphans: spans });
  expect(owned(survivor.arena, owner)).toEqual(sorted(blocks.slice(600)));
  // Their free blocks serve the survivor.
  const { committedBytes } = survivor.arena.stats();
  const taken = blocksOf(survivor.arena, auditSpans(survivor.heap).free);
  expect(survivor.arena.stats().committedBytes).toBe(committedBytes);
  expect(auditSpans(survivor.heap)).toMatchObject({ spans, free: 0, ready: 0 });
  for (const block of [...taken, ...blocks.slice(600)]) survivor.arena.free(block);
  survivor.arena.trim();
  survivor.arena.check();
  expectNothingLeft(survivor.arena);
});

test.each([
  true,
  false,
])("owners are exact over two adoptions, and each can be reclaimed alone (death: %p)", (dies) => {
  const crew = new Crew();
  const { arena, heap } = crew.join(FIRST);
  arena.malloc(200);
  const left = new Map<number, number[]>();
  const places = new Set<number>();
  for (let thread = 1000; thread < 1003; thread++) {
    const comer = crew.join(thread);
    const blocks = blocksOf(comer.arena, 40);
    for (const block of blocks.splice(0, 20)) comer.arena.free(block);
    left.set(comer.arena.owner, sorted(blocks));
    for (const block of blocks) places.add(Math.floor(block / 4096));
    end(crew, thread, comer, dies);
    arena.trim();
    auditSpans(heap);
  }
  // One span after all: each has adopted it.
  expect(places.size).toBe(1);
  const all = [...left.values()].flat();
  expect(new Set(all).size).toBe(60);
  for (const [owner, blocks] of left) expect(owned(arena, owner)).toEqual(blocks);
  const [first, second, third] = [...left.keys()] as [number, number, number];
  expect(arena.reclaim(second)).toBe(20);
  expect(arena.reclaim(second)).toBe(0);
  expect(owned(arena, first)).toEqual(left.get(first)!);
  expect(owned(arena, third)).toEqual(left.get(third)!);
  for (const block of left.get(second)!)
    expect(() => arena.free(block)).toThrow(expect.objectContaining({ code: "double-free" }));
  for (const block of left.get(first)!) arena.free(block);
  expect(arena.reclaim(first)).toBe(0);
  expect(arena.reclaim(third)).toBe(20);
  arena.trim();
  expect(auditSpans(heap)).toMatchObject({ orphans: 0, inUse: 1 });
  arena.check();
});

test("reclaim of a dead Worker takes its blocks out of the spans that a living one has adopted", () => {
  const crew = new Crew();
  const { arena, heap } = crew.join(FIRST);
  const heir = crew.join(SECOND);
  const dead = crew.join(300);
  const { owner } = dead.arena;
  const theirs = blocksOf(dead.arena, 20);
  crew.alive.delete(300);
  heir.arena.trim();
  const mine = blocksOf(heir.arena, 10);
  expect(auditSpans(heap)).toMatchObject({ spans: 1, orphans: 0, inUse: 30 });
  expect(arena.reclaim(owner)).toBe(20);
  expect(auditSpans(heap)).toMatchObject({ inUse: 10, remote: 20 });
  expect(owned(arena, heir.arena.owner)).toEqual(sorted(mine));
  // The heir collects them.
  const free = auditSpans(heap).free + auditSpans(heap).ready;
  const more = blocksOf(heir.arena, free + 20);
  expect(auditSpans(heap)).toMatchObject({ spans: 1, inUse: 10 + free + 20 });
  for (const block of theirs) expect(more).toContain(block);
  arena.check();
});

test("a span of which all former owners' numbers are in use is not adopted, but nothing of it is lost", () => {
  const crew = new Crew();
  const { arena, heap } = crew.join(FIRST);
  arena.malloc(200);
  const left = new Map<number, number>();
  const comer = (thread: number) => {
    const { arena: its } = crew.join(thread);
    const block = its.malloc(SIZE);
    left.set(its.owner, block);
    crew.alive.delete(thread);
    arena.trim();
    return block;
  };
  for (let turn = 0; turn <= FORMERS; turn++) comer(1000 + turn);
  expect(auditSpans(heap)).toMatchObject({ spans: 2, orphans: 1, inUse: FORMERS + 2 });
  const beyond = comer(2000);
  expect(auditSpans(heap)).toMatchObject({ spans: 3, orphans: 2 });
  for (const [owner, block] of left) expect(owned(arena, owner)).toEqual([block]);
  // A number is free again with its last block.
  const [first, , third] = [...left] as [[number, number], unknown, [number, number]];
  arena.free(beyond);
  left.delete([...left.keys()].at(-1)!);
  arena.free(third[1]);
  left.delete(third[0]);
  arena.trim();
  expect(auditSpans(heap)).toMatchObject({ spans: 2, orphans: 1, inUse: FORMERS + 1 });
  const next = comer(3000);
  expect(auditSpans(heap)).toMatchObject({ spans: 2, orphans: 1, inUse: FORMERS + 2 });
  expect(Math.floor(next / 4096)).toBe(Math.floor(first[1] / 4096));
  for (const [owner, block] of left) expect(owned(arena, owner)).toEqual([block]);
  for (const owner of left.keys()) expect(arena.reclaim(owner)).toBe(1);
  expect(auditSpans(heap)).toMatchObject({ spans: 1, inUse: 1 });
  arena.check();
});

test("who takes the slot of a dead Worker does not find what its magazines held", () => {
  const crew = new Crew();
  const { arena, heap } = crew.join(FIRST);
  const victim = crew.join(SECOND);
  const seen = new Set<number>(blocksOf(arena, 1));
  victim.arena.free(victim.arena.malloc(SIZE));
  victim.arena.trim();
  victim.arena.free(victim.arena.malloc(SIZE));
  for (let others = 2; others < SLOTS; others++) crew.join(1000 + others).heap.slots.claim();
  crew.alive.delete(SECOND);
  arena.trim();
  const heir = crew.join(300);
  for (let i = 0; i < 300; i++) seen.add(heir.arena.malloc(SIZE)).add(arena.malloc(SIZE));
  expect(heir.heap.slot).toBe(victim.heap.slot);
  expect(seen.size).toBe(601);
  expect(auditSpans(heap).inUse).toBe(601);
});

const step = fc.record({
  kind: fc.constantFrom("malloc", "malloc", "malloc", "free", "free", "end", "reclaim", "trim"),
  member: fc.nat({ max: 2 }),
  size: fc.constantFrom(40, 500),
  count: fc.integer({ min: 1, max: 60 }),
  pick: fc.nat(),
  dies: fc.boolean(),
});

test("Workers come and go: each block in use has its owner, and what is reclaimed is exactly that", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const crew = new Crew({ reserve: 2 ** 23 });
      const watcher = crew.join(FIRST);
      const { arena, heap } = watcher;
      arena.stats();
      let threads = 1000;
      const join = () => {
        threads++;
        return { thread: threads, member: crew.join(threads) };
      };
      const members = [join(), join(), join()];
      const gone: number[] = [];
      const live = new Map<number, number>();
      for (const { kind, member, size, count, pick, dies } of steps) {
        const { arena: its } = members[member]!.member;
        if (kind === "malloc") for (let i = 0; i < count; i++) live.set(its.malloc(size), its.owner);
        else if (kind === "free") {
          for (const block of [...live.keys()].filter((_, i) => (i + pick) % 3 === 0).slice(0, count)) {
            its.free(block);
            live.delete(block);
          }
        } else if (kind === "end") {
          gone.push(its.owner);
          end(crew, members[member]!.thread, members[member]!.member, dies);
          members[member] = join();
        } else if (kind === "reclaim" && gone.length > 0) {
          const owner = gone[pick % gone.length]!;
          const theirs = [...live].filter(([, other]) => other === owner);
          expect(arena.reclaim(owner)).toBe(theirs.length);
          for (const [block] of theirs) live.delete(block);
        } else if (kind === "trim") its.trim();
        const told = new Map([...arena.blocks()].map(({ pointer, owner }) => [pointer as number, owner]));
        expect(told).toEqual(new Map([...live].toSorted(([one], [other]) => one - other)));
        auditSpans(heap);
        arena.check();
      }
      for (const [block] of live) arena.free(block);
      for (const { member } of members) member.arena.trim();
      arena.trim();
      expect(auditSpans(heap).spans).toBe(0);
      expectNothingLeft(arena);
    }),
    { numRuns: 60, includeErrorInReport: true },
  );
});
