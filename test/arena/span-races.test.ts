/**
 * Races on a span that its owner, others that free in it, and an adopter take part in. Other Workers are simulated
 * (simulated-crew.ts): one step of one of them is forced between two of another's, at an operation of Atomics.
 */
import { afterEach, expect, test } from "bun:test";
import { BlockState } from "../../src/memory/span-table.ts";
import { Crew } from "./simulated-crew.ts";

const [FIRST, SECOND, THIRD] = [100, 200, 300] as const;
const SIZE = 512;

const original = {
  load: Atomics.load,
  exchange: Atomics.exchange,
  compareExchange: Atomics.compareExchange,
};

afterEach(() => {
  Object.assign(Atomics, original);
});

type Operation = keyof typeof original;

/** Runs `act` once, before the next such operation on a table's bytes or a table's words of marks, or behind it. */
function once(
  operation: Operation,
  when: "before" | "behind",
  is: (array: unknown) => boolean,
  act: () => void,
) {
  let armed = true;
  const wrapped = (...args: [array: never, ...rest: never[]]) => {
    if (!armed || !is(args[0])) return (original[operation] as (...all: never[]) => number)(...args);
    armed = false;
    if (when === "before") act();
    const result = (original[operation] as (...all: never[]) => number)(...args);
    if (when === "behind") act();
    return result;
  };
  Object.assign(Atomics, { [operation]: wrapped });
}

const isStates = (array: unknown): boolean => array instanceof Uint8Array;

test("a Worker that dies between a block's state and the mark of its span leaves no block behind", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const victim = crew.join(SECOND).arena;
  const block = arena.malloc(SIZE);
  victim.malloc(SIZE);
  once("compareExchange", "behind", isStates, () => {
    crew.alive.delete(SECOND);
    throw new RangeError("the end of this Worker");
  });
  expect(() => victim.free(block)).toThrow("the end of this Worker");
  arena.reclaim(victim.owner);
  arena.trim();
  const { liveBlocks, cachedBlocks, committedBytes } = arena.stats();
  expect({ liveBlocks, cachedBlocks, committedBytes }).toEqual({
    liveBlocks: 0,
    cachedBlocks: 0,
    committedBytes: 0,
  });
  arena.check();
});

test("realloc of a dead Worker's block succeeds while another adopts its span", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const adopter = crew.join(SECOND).arena;
  const dead = crew.join(THIRD).arena;
  arena.malloc(SIZE * 2);
  adopter.malloc(SIZE * 2);
  const block = dead.malloc(SIZE);
  crew.alive.delete(THIRD);
  arena.trim();
  let adopted = 0;
  once("load", "behind", isStates, () => {
    adopted = adopter.malloc(SIZE);
  });
  const moved = arena.realloc(block, SIZE * 2);
  expect(Math.abs(adopted - block)).toBeLessThan(2 ** 16);
  expect([...arena.blocks({ owner: dead.owner })]).toEqual([]);
  arena.free(moved);
  arena.check();
});

test("a span that its owner's list leads to twice does not lead in a circle", () => {
  const crew = new Crew();
  const owner = crew.join(FIRST);
  const { arena } = owner;
  const other = crew.join(SECOND).arena;
  other.malloc(SIZE);
  const [one, two, kept] = [arena.malloc(SIZE), arena.malloc(SIZE), arena.malloc(SIZE)];
  const { space, spans } = owner.heap.windows[0]!;
  const isMarks = (array: unknown) => array === spans.records;
  // Behind the list, before the walk over all spans takes the mark away; and once more before it looks at the states.
  once(
    "exchange",
    "behind",
    (array) => array === space.words,
    () => {
      Object.assign(Atomics, original);
      other.free(one);
      once("exchange", "behind", isMarks, () => other.free(two));
    },
  );
  arena.trim();
  Object.assign(Atomics, original);
  let exchanges = 0;
  Object.assign(Atomics, {
    exchange: (...args: [Int32Array, number, number]) => {
      if (isMarks(args[0])) exchanges++;
      return original.exchange(...args);
    },
  });
  const blocks = Array.from({ length: 20 }, () => arena.malloc(SIZE));
  expect(blocks).toContain(one);
  expect(blocks).toContain(two);
  expect(blocks).not.toContain(kept);
  expect(exchanges).toBe(1);
  arena.check();
});

test("a block that is freed while its span is adopted comes back to the adopter", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const adopter = crew.join(SECOND);
  const dead = crew.join(THIRD).arena;
  arena.malloc(SIZE * 2);
  adopter.arena.malloc(SIZE * 2);
  const blocks = [dead.malloc(SIZE), dead.malloc(SIZE)];
  crew.alive.delete(THIRD);
  arena.trim();
  // When it marks the first block that is in use.
  const freed = blocks[1]!;
  once("compareExchange", "before", isStates, () => arena.free(freed));
  const first = adopter.arena.malloc(SIZE);
  const { spans } = adopter.heap.windows[0]!;
  const taken: number[] = [first];
  const unit = (pointer: number) => Math.floor((pointer - adopter.heap.windows[0]!.window.base) / 4096);
  // As long as its blocks come from that span.
  for (let i = 0; i < 32 && spans.map[unit(taken.at(-1)!)] === spans.map[unit(first)]; i++)
    taken.push(adopter.arena.malloc(SIZE));
  expect(taken).toContain(freed);
  arena.check();
});

test("who frees a block tells the adopter of its span, also where loads overtake stores", () => {
  const crew = new Crew();
  const freer = crew.join(FIRST);
  const adopter = crew.join(SECOND);
  const dead = crew.join(THIRD).arena;
  freer.arena.malloc(SIZE * 2);
  adopter.arena.malloc(SIZE * 2);
  const blocks = [dead.malloc(SIZE), dead.malloc(SIZE)];
  crew.alive.delete(THIRD);
  freer.arena.trim();
  const freed = blocks[1]!;
  const { spans, window } = freer.heap.windows[0]!;
  const cell = Math.floor((freed - window.base) / 32);
  const unit = (pointer: number) => Math.floor((pointer - window.base) / 4096);
  // What a plain load gives that was made before the mark was stored.
  const { map } = spans;
  const early = map.slice();
  spans.map = early;
  Object.assign(Atomics, {
    load: (array: Int32Array, at: number) => original.load(array === early ? map : array, at),
  });
  // The adopter finds the block in use, and its own look at the mark comes before the freer's store.
  let first = 0;
  once(
    "exchange",
    "before",
    (array) => array === spans.records,
    () => {
      const remote = spans.states[cell]!;
      spans.states[cell] = BlockState.inUse | (remote & 1);
      first = adopter.arena.malloc(SIZE);
      spans.states[cell] = remote;
    },
  );
  freer.arena.free(freed);
  Object.assign(Atomics, original);
  spans.map = map;
  const taken: number[] = [first];
  for (let i = 0; i < 32 && map[unit(taken.at(-1)!)] === map[unit(first)]; i++)
    taken.push(adopter.arena.malloc(SIZE));
  expect(map[unit(first)]).toBe(map[unit(freed)]!);
  expect(taken).toContain(freed);
  adopter.arena.check();
});

test("the owner takes each block that others have freed by an exchange", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const other = crew.join(SECOND).arena;
  other.malloc(SIZE);
  const blocks = Array.from({ length: 5 }, () => arena.malloc(SIZE));
  for (const block of blocks) other.free(block);
  let exchanges = 0;
  Object.assign(Atomics, {
    exchange: (...args: [Uint8Array, number, number]) => {
      if (isStates(args[0])) exchanges++;
      return original.exchange(...args);
    },
  });
  const again = Array.from({ length: 20 }, () => arena.malloc(SIZE));
  expect(again).toEqual(expect.arrayContaining(blocks));
  expect(exchanges).toBe(blocks.length);
  arena.check();
});
