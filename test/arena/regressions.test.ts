/**
 * Situations that once went wrong, in one thread: other Workers are simulated (simulated-crew.ts). What needs real
 * Workers or a process of its own is in test/workers/regressions.test.ts.
 */
import { expect, test } from "bun:test";
import { SLOTS } from "../../src/core/tunables.ts";
import type { SlotNumber } from "../../src/core/types.ts";
import { LOCK_WORD } from "../../src/heap/lock.ts";
import { Arena, heap, InvalidPointerError, OutOfMemoryError } from "../../src/index.ts";
import type { Passage } from "../../src/large/passage.ts";
import type { Held } from "../../src/memory/held.ts";
import { CONTROL_AREA, ControlDouble, ControlWord, WindowWord } from "../../src/memory/layout.ts";
import type { Window } from "../../src/memory/window.ts";
import { Directory, PLACES } from "../../src/registry/directory.ts";
import { simulatedArena } from "../support/simulated-arena.ts";
import type { SimulatedPages } from "../support/simulated-platform.ts";
import { Crew, type Member, Waiting } from "./simulated-crew.ts";

const [FIRST, SECOND, THIRD, FOURTH] = [100, 200, 300, 400] as const;

function coded(code: string): Error {
  return expect.objectContaining({ code });
}

function wordsAt(pages: SimulatedPages, pointer: number, count: number): Int32Array {
  const bytes = pages.bytes(pointer, count * 4);
  return new Int32Array(bytes.buffer, bytes.byteOffset, count);
}

/** Calls `act` at the first question whether `thread` is alive. */
function onQuestionAbout(crew: Crew, thread: number, act: () => void): void {
  crew.asked = (asked) => {
    if (asked !== thread) return;
    crew.asked = () => {};
    act();
  };
}

test("a dead slot that another Worker claims while `trim` drains it keeps its new owner", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const dead = crew.join(SECOND);
  arena.malloc(10);
  dead.arena.malloc(10);
  const slot = dead.heap.slot;
  for (let others = 2; others < SLOTS; others++) crew.join(1000 + others).heap.slots.claim();
  crew.alive.delete(SECOND);
  const claimer = crew.join(THIRD);
  onQuestionAbout(crew, SECOND, () => {
    expect(claimer.heap.slots.claim()).toEqual({ slot: slot as never, inherited: true });
  });
  arena.trim();
  expect<number>(claimer.heap.slots.threadOf(slot)).toBe(THIRD);
  expect(arena.stats().workers).toBe(SLOTS);
  expect(crew.join(FOURTH).heap.slots.claim().slot).toBe(0);
  claimer.arena.malloc(10);
  arena.check();
});

/** One Worker dies in the middle of `detach`, no slot is vacant, and what an heir does must leave no block behind. */
function inheritsFromOneThatLeaves(inherit: (crew: Crew, heir: Member, survivor: Arena) => void): void {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const victim = crew.join(SECOND);
  arena.malloc(10);
  const blocks = Array.from({ length: 200 }, () => victim.arena.malloc(1200));
  for (let others = 2; others < SLOTS; others++) crew.join(1000 + others).heap.slots.claim();
  const { space } = victim.heap.windows[0]!;
  const { secret } = space;
  for (const block of blocks) victim.arena.free(block);
  let lists = 0;
  const atSecondList = () => {
    if (++lists !== 2) return secret;
    // Nobody's are the blocks of one list, the dead Worker's those of the others.
    crew.alive.delete(SECOND);
    const heir = crew.join(THIRD);
    inherit(crew, heir, arena);
    expect(heir.heap.slot).toBe(victim.heap.slot);
    arena.trim();
    expect(arena.stats().cachedBlocks).toBe(0);
    arena.check();
    throw new RangeError("the end of this Worker");
  };
  // Each block is looked at with the secret when it goes back.
  Object.defineProperty(space, "secret", { get: atSecondList });
  expect(() => victim.arena.detach()).toThrow(RangeError);
  expect(lists).toBeGreaterThanOrEqual(2);
}

test("a Worker that takes the slot of one that died while it left brings all of its blocks back", () => {
  inheritsFromOneThatLeaves((_, heir) => {
    heir.arena.malloc(10);
    heir.arena.detach();
  });
});

test("a newcomer that dies before its first lock, on a slot whose owner died inside, keeps no blocks", () => {
  inheritsFromOneThatLeaves((crew, heir, survivor) => {
    heir.heap.occupy(heir.heap.slots.claim().slot as SlotNumber);
    survivor.trim();
    crew.alive.delete(THIRD);
  });
});

test("a header that was torn between its two words fits again after the next repair", () => {
  const crew = new Crew();
  const { arena, heap } = crew.join(FIRST);
  const victim = crew.join(SECOND);
  arena.malloc(10);
  const pointer = victim.arena.malloc(100_000);
  const { space, window } = heap.windows[0]!;
  const block = (pointer - window.base) / 4;
  const { words } = space;
  // The check of another size is there, the size is not.
  words[WindowWord.changing] = block;
  words[block - 1] = words[block - 1]! ^ (1 << 20);
  expect(() => arena.check()).toThrow(coded("corrupt-block"));
  crew.alive.delete(SECOND);
  expect(arena.reclaim(victim.arena.owner)).toBe(1);
  arena.check();
  expect(arena.stats().liveBlocks).toBe(1);
});

/** `act` with a view of the window through which the n-th plain store, from 0 on, is not made: `die` is called, which throws. */
function untilStore<Result>(window: Window, n: number, die: () => never, act: () => Result): Result {
  const { words } = window;
  let left = n;
  window.words = new Proxy(words, {
    get: (_, key) => Reflect.get(words, key),
    set: (_, key, value) => {
      if (left-- > 0) return Reflect.set(words, key, value);
      window.words = words;
      die();
    },
  });
  try {
    return act();
  } finally {
    window.words = words;
  }
}

test.each([
  ["grows into fresh memory", [60_000], 60_100],
  ["grows into a free block behind", [60_000, 80_000, 40_000], 100_000],
  ["shrinks", [60_000, 40_000], 20_000],
] as const)("a Worker that dies between any two stores while a block %s leaves it in use, whole", (_, sizes, size) => {
  let deaths = 0;
  for (let isDone = false; !isDone; deaths++) {
    const crew = new Crew();
    const { arena } = crew.join(FIRST);
    const victim = crew.join(SECOND);
    const [block, behind] = sizes.map((byteLength) => victim.arena.malloc(byteLength));
    if (sizes.length === 3) {
      victim.arena.free(behind!);
      // It is a free block now, and not one that its Worker keeps.
      victim.arena.trim();
    }
    const kept = Math.min(sizes[0], size);
    crew.pages.bytes(block!, kept).fill(7);
    const { owner } = victim.arena;
    const { policy, window } = victim.heap.windows[0]!;
    const die = () => {
      crew.alive.delete(SECOND);
      arena.trim();
      expect([...arena.blocks({ owner })].map(({ pointer }) => pointer)).toContain(block!);
      expect(crew.pages.bytes(block!, kept).every((byte) => byte === 7)).toBe(true);
      expect(arena.reclaim(owner)).toBe(sizes.length === 1 ? 1 : 2);
      arena.trim();
      arena.check();
      expect(arena.stats()).toMatchObject({ liveBlocks: 0, committedBytes: 0 });
      throw new RangeError("the end of this Worker");
    };
    const resize = policy.resize.bind(policy);
    policy.resize = (...wanted) => untilStore(window, deaths, die, () => resize(...wanted));
    if (deaths === 100) throw new Error("it never ends");
    try {
      expect(victim.arena.realloc(block!, size)).toBe(block!);
      isDone = true;
    } catch (error) {
      expect(error).toEqual(new RangeError("the end of this Worker"));
    }
  }
  expect(deaths).toBeGreaterThan(5);
});

test.each([
  ["before", false],
  ["in the middle of", true],
])("a Worker that dies %s the note of the table of large blocks that it has replaced leaves nothing of that", (_, isHalf) => {
  const crew = new Crew({ largeThreshold: 2 ** 19 });
  const { arena, heap } = crew.join(FIRST);
  const victim = crew.join(SECOND);
  arena.malloc(10);
  const mapped = crew.pages.mappedBytes;
  for (let blocks = 0; blocks < 90; blocks++) victim.arena.malloc(2 ** 19 + 1);
  const { doubles } = heap.control;
  const former = doubles[ControlDouble.largeTable]!;
  const { owner } = victim.arena;
  const passage = victim.heap.passage as Held<Passage>;
  const note = passage.note.bind(passage);
  passage.note = (address, byteLength) => {
    if (address !== former) return note(address, byteLength);
    if (isHalf) doubles[ControlDouble.passingBytes] = byteLength;
    crew.alive.delete(SECOND);
    arena.reclaim(owner);
    arena.check();
    // Twice as large as the first, which was a page.
    expect(doubles[ControlDouble.largeTable]).not.toBe(former);
    expect(crew.pages.mappedBytes).toBe(mapped + 2 * crew.pages.pageSize);
    throw new RangeError("the end of this Worker");
  };
  expect(() => {
    for (let blocks = 0; blocks < 10; blocks++) victim.arena.malloc(2 ** 19 + 1);
  }).toThrow("the end of this Worker");
});

test("a claim is settled before it is forgotten, so that a settler may die too", () => {
  const crew = new Crew({ purgeDelay: Infinity });
  const { arena } = crew.join(FIRST);
  const victim = crew.join(SECOND);
  const settler = crew.join(THIRD);
  const [freed] = [victim.arena, settler.arena, arena].map((each) => each.malloc(100_000));
  // It keeps this one, and may keep no more: the next free takes the lock.
  victim.arena.free(victim.arena.malloc(2 ** 22));
  // The block is claimed, the lock not taken yet.
  victim.heap.enter = () => {
    crew.alive.delete(SECOND);
    settler.heap.windows[0]!.space.disown = () => {
      crew.alive.delete(THIRD);
      arena.trim();
      expect([...arena.blocks({ owner: victim.arena.owner })].length).toBe(0);
      expect(arena.stats().liveBlocks).toBe(2);
      arena.check();
      throw new RangeError("the end of the settler");
    };
    expect(() => settler.arena.trim()).toThrow(RangeError);
    throw new RangeError("the end of the Worker");
  };
  expect(() => victim.arena.free(freed!)).toThrow(RangeError);
  expect(crew.alive.has(THIRD)).toBe(false);
});

test("a Worker that takes a vacant slot during a repair caches nothing before the repair has ended", () => {
  const crew = new Crew();
  const { arena, heap: repairing } = crew.join(FIRST);
  const small = arena.malloc(1200);
  const [, damaged] = [arena.malloc(80_000), arena.malloc(80_000), arena.malloc(80_000)];
  arena.free(damaged!);
  wordsAt(crew.pages, damaged!, 2).fill(0x55555555);

  const { policy } = repairing.windows[0]!;
  const comer = crew.join(SECOND);
  const reset = policy.reset.bind(policy);
  let waited = false;
  // The repair has decided by now which slots are nobody's.
  policy.reset = () => {
    policy.reset = reset;
    reset();
    try {
      comer.arena.free(small);
    } catch (error) {
      expect(error).toBeInstanceOf(Waiting);
      waited = true;
    }
  };
  expect(() => arena.trim()).toThrow(coded("corrupt-block"));
  if (waited) comer.arena.free(small);
  const again = comer.arena.malloc(1200);
  expect(arena.malloc(1200)).not.toBe(again);
  arena.check();
});

test("realloc-large by copy, and another Worker frees the block meanwhile: exactly one succeeds", () => {
  const crew = new Crew({ largeThreshold: 2 ** 19 });
  const { arena } = crew.join(FIRST);
  const other = crew.join(SECOND).arena;
  other.malloc(10);
  const large = arena.malloc(2 ** 20);
  crew.pages.bytes(large, 2 ** 20).fill(7);
  const copy = crew.pages.copy.bind(crew.pages);
  let refused: unknown;
  crew.pages.copy = (...range) => {
    try {
      other.free(large);
    } catch (error) {
      refused = error;
    }
    copy(...range);
  };
  const moved = arena.realloc(large, 100_000);
  expect(refused).toBeInstanceOf(InvalidPointerError);
  expect(crew.pages.bytes(moved, 100_000).every((byte) => byte === 7)).toBe(true);
  expect(() => other.free(large)).toThrow(coded("double-free"));
  expect(arena.stats().largeBlocks).toBe(0);
  arena.check();
});

test("a detach that finds damage can be called again", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  const guest = crew.join(SECOND);
  const blocks = [arena.malloc(1200), guest.arena.malloc(1200), guest.arena.malloc(1200)];
  guest.arena.free(blocks[1]!);
  guest.arena.free(blocks[2]!);
  wordsAt(crew.pages, blocks[2]!, 1)[0] = 0x55555555;
  expect(() => guest.arena.detach()).toThrow(coded("corrupt-block"));
  expect(guest.heap.slots.countAttachment(guest.heap.slot, 0)).toBe(1);
  guest.arena.detach();
  expect(arena.stats().workers).toBe(1);
  arena.check();
});

test("a cached block's link that leads to a smaller block of the same cache is refused", () => {
  const { arena, platform } = simulatedArena();
  const base = arena.handle.address;
  const [small, big, next] = [arena.malloc(1200), arena.malloc(3000), arena.malloc(3000)];
  for (const pointer of [small, next, big]) arena.free(pointer);
  wordsAt(platform.pages, big, 1)[0] = (small - base) / 4;
  expect(arena.malloc(3000)).toBe(big);
  expect(() => arena.malloc(3000)).toThrow(coded("corrupt-block"));
  const whole = arena.malloc(3000);
  expect(arena.usableSize(whole)).toBeGreaterThanOrEqual(3000);
  arena.check();
});

test("attaching to the process-wide heap's handle gives `heap`, which cannot be reset", () => {
  const kept = heap.malloc(100);
  const guest = Arena.attach(heap.handle);
  expect(guest === heap).toBe(true);
  expect(() => guest.reset()).toThrow(coded("busy"));
  expect(() => guest.dispose()).toThrow(coded("busy"));
  expect(heap.usableSize(kept)).toBeGreaterThanOrEqual(100);
  heap.free(kept);
});

test("realloc beside a damaged free block reports it and leaves the block in use", () => {
  const { arena, platform } = simulatedArena({ workerCache: false });
  const [block, damaged] = [arena.malloc(1000), arena.malloc(1000), arena.malloc(1000)];
  platform.pages.bytes(block!, 1000).fill(7);
  arena.free(damaged!);
  platform.pages.bytes(damaged!, 8).fill(0x55);
  expect(() => arena.realloc(block!, 1800)).toThrow(coded("corrupt-block"));
  expect([...arena.blocks()].map(({ pointer }) => pointer)).toContain(block!);
  expect(platform.pages.bytes(block!, 1000).every((byte) => byte === 7)).toBe(true);
  arena.free(block!);
  expect(arena.stats().liveBlocks).toBe(1);
  arena.check();
});

test("a program may replace `setTimeout` by something that returns no timer", () => {
  const { arena } = simulatedArena();
  const pointers = Array.from({ length: 500 }, () => arena.malloc(20_000));
  const real = globalThis.setTimeout;
  globalThis.setTimeout = (() => 1) as unknown as typeof setTimeout;
  try {
    for (const pointer of pointers) arena.free(pointer);
  } finally {
    globalThis.setTimeout = real;
  }
  expect(arena.stats().liveBlocks).toBe(0);
  arena.check();
});

test("a Worker that dies between `visit` and `left` keeps nobody from disposing of the arena or from attaching", () => {
  const crew = new Crew();
  const directories = [FIRST, SECOND, THIRD].map((thread) => {
    crew.alive.add(thread);
    return Directory.open(crew.platform(thread));
  });
  const [maker, dying, guest] = directories as [Directory, Directory, Directory];
  const place = { address: 2 ** 40, id: 77 };
  maker.add(() => place);
  expect(dying.visit(place)).toBe(true);
  expect(maker.occupy(place)).toBe(false);
  crew.alive.delete(SECOND);
  expect(guest.visit(place)).toBe(true);
  guest.left(place);
  expect(maker.occupy(place)).toBe(true);
  maker.startEnding(place);
  maker.ended(place);
  expect(guest.visit(place)).toBe(false);
});

test("a Worker that dies while it makes the process-wide heap is replaced, also by a thread with the same id", () => {
  const crew = new Crew();
  crew.alive.add(FIRST);
  class Death extends Error {}
  const dying = Directory.open(crew.platform(FIRST));
  // A death runs no `catch`: what the entry held then is put back.
  const words = crew.pages.words(PLACES[0] as never, 2 ** 16);
  let left = 0;
  const die = () => {
    left = words[16]!;
    throw new Death();
  };
  expect(() => dying.processHeap(die)).toThrow(Death);
  words[16] = left;
  const place = { address: 2 ** 40, id: 77 };
  const reborn = Directory.open(crew.platform(FIRST));
  expect<number>(reborn.processHeap(() => place)).toBe(place.address);
  expect<number>(Directory.open(crew.platform(SECOND)).processHeap(die)).toBe(place.address);
});

test("realloc takes one more granule from fresh memory in one step, never by a block of its own", () => {
  const { arena, platform, heap: shared } = simulatedArena();
  const block = arena.malloc(40_000);
  platform.pages.bytes(block, 40_000).fill(7);
  const { space } = shared.windows[0]!;
  // Whatever comes between two steps: an exception here stands for a death.
  const absorb = space.absorb.bind(space);
  space.absorb = () => {
    space.absorb = absorb;
    throw new RangeError("Maximum call stack size exceeded.");
  };
  expect(arena.realloc(block, arena.usableSize(block) + 1)).toBe(block);
  expect(platform.pages.bytes(block, 40_000).every((byte) => byte === 7)).toBe(true);
  space.absorb = absorb;
  arena.check();
});

test("a refusal by the limit in one window does not hide the free memory of another", () => {
  const size = 2 ** 18 - 8;
  const { arena } = simulatedArena({
    reserve: 2 ** 22,
    limit: 2 ** 23,
    workerCache: false,
    largeThreshold: 2 ** 18,
  });
  const pointers: number[] = [];
  const fill = () => {
    for (;;) pointers.push(arena.malloc(size));
  };
  expect(fill).toThrow(expect.objectContaining({ bound: "limit" }));
  expect(arena.stats().windows).toBeGreaterThan(1);
  const freed = [pointers[0]!, pointers[2]!, pointers[4]!];
  for (const pointer of freed) arena.free(pointer);
  const again = freed.map(() => arena.malloc(size) as number);
  expect(again.sort()).toEqual(freed.sort());
  expect(() => arena.malloc(size)).toThrow(OutOfMemoryError);
  arena.check();
});

test("refused requests do not count in peakCommittedBytes", () => {
  const { arena, platform } = simulatedArena({ largeThreshold: 2 ** 19 });
  arena.malloc(10);
  const before = arena.stats();
  platform.pages.refuse = () => true;
  for (const size of [2 ** 20, 2 ** 50, Number.MAX_SAFE_INTEGER, 500_000]) {
    expect(() => arena.malloc(size)).toThrow(OutOfMemoryError);
    expect(() => arena.alignedAlloc(2 ** 30, size)).toThrow(OutOfMemoryError);
  }
  platform.pages.refuse = () => false;
  const { peakCommittedBytes, committedBytes } = arena.stats();
  expect(peakCommittedBytes).toBe(before.peakCommittedBytes);
  expect(committedBytes).toBeLessThanOrEqual(before.committedBytes);
  arena.check();
});

test("realloc without memory for a copy grows a small block where it stands", () => {
  const { arena } = simulatedArena({ limit: 2 ** 20 });
  const blocks: number[] = [];
  expect(() => {
    for (;;) blocks.push(arena.malloc(3000));
  }).toThrow(OutOfMemoryError);
  arena.free(blocks[11]!);
  expect<number>(arena.realloc(blocks[10]!, 3900)).toBe(blocks[10]!);
  arena.check();
});

test("a lock that an exception leaves is given back by Atomics, behind the mark for a repair", () => {
  const { arena, heap: shared } = simulatedArena();
  arena.malloc(60_000);
  const { words } = shared.control;
  const marks: number[] = [];
  const { store } = Atomics;
  Object.assign(Atomics, {
    store: (array: Int32Array, at: number, value: number) => {
      // Both are at work: the word by which the next one takes the lock, and what it looks at then.
      if (at === LOCK_WORD && value === 0) marks.push(words[CONTROL_AREA + ControlWord.dirty]!);
      return store(array, at, value);
    },
  });
  const raise = () => {
    throw new RangeError("Maximum call stack size exceeded.");
  };
  const { release } = shared.lock;
  const { refresh } = shared;
  try {
    shared.lock.release = raise;
    expect(() => arena.malloc(60_000)).toThrow("stack");
    shared.lock.release = release;
    expect([words[LOCK_WORD], ...marks]).toEqual([0, 1]);
    shared.refresh = raise;
    expect(() => arena.malloc(60_000)).toThrow("stack");
    expect([words[LOCK_WORD], ...marks]).toEqual([0, 1, 1]);
  } finally {
    Object.assign(Atomics, { store });
    Object.assign(shared, { refresh });
  }
  arena.check();
});
