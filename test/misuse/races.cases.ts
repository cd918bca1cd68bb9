/** Rows 149 to 151, 153: two Workers do something to the same block, or near the limit, at the same moment. */
import assert from "node:assert/strict";
import { Arena } from "../../src/index.ts";
import { type Hand, StartLine, withCrew } from "./crew.ts";
import { LARGE, worksOn } from "./harness.ts";
import { fillUp, holdBlocks, MISUSE, ownerRace, type Race, Result, race } from "./race-tasks.ts";
import type { Cases } from "./subprocess.ts";

const TASKS = new URL("./race-tasks.ts", import.meta.url).href;

interface Plan {
  readonly size: number;
  readonly tries: number;
  readonly acts: readonly [Race["act"], Race["act"]];
  readonly newSize?: number;
}

/** Runs a race over blocks that main allocated. Returns the results of both parties and the arena. */
async function run(plan: Plan, use: (outcome: Outcome) => void | Promise<void>): Promise<void> {
  await withCrew(TASKS, 2, async (...hands) => {
    const arena = new Arena({ largeThreshold: LARGE / 2 });
    const pointers = new SharedArrayBuffer(plan.tries * 8);
    const blocks = new Float64Array(pointers);
    for (let i = 0; i < plan.tries; i++) blocks[i] = arena.malloc(plan.size);
    const results = new SharedArrayBuffer(plan.tries * 2);
    const { shared: start } = StartLine.create(2);
    const order = { handle: arena.handle, start, pointers, results, size: plan.newSize ?? plan.size };
    const given = await Promise.all(
      hands.map((hand, party) => hand.run(race, { ...order, party, act: plan.acts[party]! })),
    );
    const of = (party: number) => [...new Uint8Array(results, party * plan.tries, plan.tries)];
    await use({ arena, hands, blocks: [...blocks], given, first: of(0), second: of(1) });
  });
}

interface Outcome {
  readonly arena: Arena;
  readonly hands: readonly Hand[];
  /** The blocks both went for, and what each party's realloc gave. */
  readonly blocks: readonly number[];
  readonly given: readonly (readonly number[])[];
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** In each try one of the two succeeded and the other was told that it came too late. */
function exactlyOne(first: readonly number[], second: readonly number[]): void {
  first.forEach((result, i) => {
    const pair = [result, second[i]!];
    assert.ok(
      pair.includes(Result.done) && pair.some((other) => MISUSE.includes(other)),
      `try ${i}: results ${pair.join(" and ")}`,
    );
  });
}

function noOverlap(pointers: readonly number[], size: number): void {
  const sorted = [...pointers].sort((a, b) => a - b);
  for (let i = 1; i < sorted.length; i++) {
    assert.ok(sorted[i]! >= sorted[i - 1]! + size, `block ${i} overlaps the one before`);
  }
}

async function doubleFree(size: number, tries: number): Promise<void> {
  await run({ size, tries, acts: ["free", "free"] }, async ({ arena, hands, first, second }) => {
    exactlyOne(first, second);
    assert.equal(arena.stats().liveBlocks, 0);
    const count = tries / 2;
    const held = await Promise.all(
      hands.map((hand) => hand.run(holdBlocks, { handle: arena.handle, size, count })),
    );
    noOverlap(held.flat(), size);
    assert.equal(arena.stats().liveBlocks, 2 * count);
    for (const pointer of held.flat()) arena.free(pointer);
    worksOn(arena);
  });
}

/**
 * The loser is told so. Only where the block stays in place does its pointer outlive a realloc: the other call, if it
 * comes later, then is right too. Returns the blocks that must be live at the end.
 */
function oneOrInTurn({ blocks, given, first, second }: Outcome, firstAct: Race["act"]): number[] {
  const live: number[] = [];
  blocks.forEach((block, i) => {
    const pair = [first[i]!, second[i]!];
    const [before, after] = [given[0]![i]!, given[1]![i]!];
    if (pair.every((result) => result === Result.done)) {
      assert.ok(after === block || (firstAct === "realloc" && before === block), `try ${i}: both succeeded`);
      if (firstAct === "realloc") live.push(after === block ? before : after);
      return;
    }
    exactlyOne([pair[0]!], [pair[1]!]);
    if (before !== 0 || after !== 0) live.push(before + after);
  });
  return live;
}

async function againstRealloc(act: "free" | "realloc", size: number, newSize: number, tries: number) {
  await run({ size, newSize, tries, acts: [act, "realloc"] }, (outcome) => {
    const { arena } = outcome;
    const live = oneOrInTurn(outcome, act);
    assert.equal(arena.stats().liveBlocks, live.length);
    noOverlap(live, newSize);
    for (const pointer of live) arena.free(pointer);
    worksOn(arena);
  });
}

async function freeAgainstUsableSize(size: number, tries: number): Promise<void> {
  await run({ size, tries, acts: ["free", "usableSize"] }, ({ arena, first, second }) => {
    assert.ok(first.every((result) => result === Result.done));
    assert.ok(second.every((result) => result === Result.done || MISUSE.includes(result)));
    assert.equal(arena.stats().liveBlocks, 0);
    worksOn(arena);
  });
}

export const cases: Cases = {
  "149 double free by two Workers: 16 bytes": () => doubleFree(16, 10_000),
  "149 double free by two Workers: 4096 bytes": () => doubleFree(4096, 10_000),
  "149 double free by two Workers: 262144 bytes": () => doubleFree(262_144, 2000),
  "149 double free by two Workers: 1 MiB blocks": () => doubleFree(LARGE, 1000),
  /*
   * The owner's fast path uses no Atomics: both frees may appear to succeed, and the block then stands in two caches.
   * It must not leave them twice.
   */
  "149 double free by the owner and a stranger: the block is never handed out twice": () =>
    withCrew(TASKS, 2, async (...hands) => {
      for (const [size, inSpan] of [
        [24, false],
        [24, true],
        [1000, true],
        [4096, false],
      ] as const) {
        const tries = 10_000;
        const arena = new Arena();
        const results = new SharedArrayBuffer(tries * 2);
        const pointers = new SharedArrayBuffer(16 * 8);
        const { shared: start } = StartLine.create(2);
        const order = { handle: arena.handle, start, pointers, results, act: "free" as const, size, inSpan };
        const faults = await Promise.all(
          hands.map((hand, party) => hand.run(ownerRace, { ...order, party })),
        );
        assert.deepEqual(faults.flat().slice(0, 3), [], `${faults.flat().length} of ${tries} turns`);
        const codes = [...new Uint8Array(results)];
        const done = codes.filter((code) => code === Result.done).length;
        assert.ok(done >= tries, `${done} frees of ${tries} blocks`);
        assert.ok(!codes.includes(Result.other));
        arena.check();
      }
    }),
  "150 free against realloc: 16 to 1000 bytes": () => againstRealloc("free", 16, 1000, 10_000),
  "150 free against realloc: in place, 1000 to 16 bytes": () => againstRealloc("free", 1000, 16, 10_000),
  "150 free against realloc: 100 KiB to 200 KiB": () => againstRealloc("free", 102_400, 204_800, 2000),
  "150 free against realloc: 1 to 2 MiB, remapped": () => againstRealloc("free", LARGE, 2 * LARGE, 5000),
  "150 free against realloc: 1 MiB to 1000 bytes, copied": () => againstRealloc("free", LARGE, 1000, 5000),
  "150 realloc against realloc: 16 to 1000 bytes": () => againstRealloc("realloc", 16, 1000, 10_000),
  "151 free against usableSize: 16 bytes": () => freeAgainstUsableSize(16, 10_000),
  "151 free against usableSize: 100 KiB": () => freeAgainstUsableSize(102_400, 2000),
  "151 free against usableSize: 1 MiB blocks": () => freeAgainstUsableSize(LARGE, 5000),
  "153 two Workers near the limit: never more than the limit, no overlap": () =>
    withCrew(TASKS, 2, async (...hands) => {
      const limit = 2 ** 22;
      for (const workerCache of [true, false]) {
        const arena = new Arena({ limit, workerCache });
        const { shared: start } = StartLine.create(2);
        const order = { handle: arena.handle, start, turns: 100 };
        const outcomes = await Promise.all(hands.map((hand) => hand.run(fillUp, order)));
        const all = outcomes.flatMap(({ held }) => held).sort(([a], [b]) => a - b);
        for (let i = 1; i < all.length; i++) {
          assert.ok(all[i]![0] >= all[i - 1]![0] + all[i - 1]![1], "live blocks overlap");
        }
        assert.ok(outcomes.every(({ refusals }) => refusals > 0));
        const { peakCommittedBytes, liveBlocks } = arena.stats();
        assert.ok(peakCommittedBytes <= limit, `${peakCommittedBytes} bytes`);
        assert.equal(liveBlocks, all.length);
        arena.check();
        for (const [pointer] of all) arena.free(pointer);
        worksOn(arena);
      }
    }),
};
