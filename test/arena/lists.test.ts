/** The lists of freed blocks that each Worker has under one budget: what is kept, what goes back, who gets it. */
import { describe, expect, test } from "bun:test";
import {
  CLASSES,
  classForRequest,
  classGranules,
  classOfBlock,
  GRANULE_BYTES,
  granulesFor,
} from "../../src/core/size-classes.ts";
import { BEHIND_LOOKS, FLUSH_MOST, KEPT_MOST_BYTES, LARGE_THRESHOLD_BYTES } from "../../src/core/tunables.ts";
import type { Pointer, WordIndex } from "../../src/core/types.ts";
import { flushKept, keptMost, releaseBehind } from "../../src/heap/kept.ts";
import { policyNames } from "../../src/index.ts";
import { cachedBy, linkOf } from "../../src/memory/cached-list.ts";
import type { Control } from "../../src/memory/control.ts";
import { State, stateOf } from "../../src/memory/header.ts";
import type { Held } from "../../src/memory/held.ts";
import { CacheWord, cacheOfSlot, LIST_WORDS, LISTS } from "../../src/memory/layout.ts";
import { Random } from "../../stress/random.ts";
import { locks } from "../support/count-locks.ts";
import { locked } from "../support/locked.ts";
import { Crew, type Member } from "./simulated-crew.ts";

const FIRST = 100;
const SECOND = 200;
const MANY = 2000;
/** Above the sizes that spans serve. */
const SIZE = 1200;
/** A budget that does not depend on what is in use: a 64th, 256 KiB. */
const LIMITED = { limit: 2 ** 24 };

/** Granules that a Worker keeps in the first window, as counted by it. */
function keptOf({ heap }: Member, index = 0): number {
  return heap.windows[index]!.space.words[cacheOfSlot(heap.slot) + CacheWord.kept]!;
}

/** Granules in a Worker's lists, each block looked at; and in how many lists there is a block. */
function inLists({ heap }: Member, index = 0): { granules: number; lists: number } {
  const { space } = heap.windows[index]!;
  const seen = new Set<number>();
  let [granules, lists] = [0, 0];
  for (let cls = 0; cls < CLASSES; cls++) {
    // Classes 0 and 1 have no list; the count stands there.
    let block = cls < 2 ? 0 : space.words[cacheOfSlot(heap.slot) + LISTS + cls]!;
    if (block !== 0) lists++;
    for (; block !== 0; block = linkOf(space, block, cachedBy(heap.slot))) {
      if (seen.has(block)) throw new Error("a block is in two lists");
      seen.add(block);
      const present = space.granules(block as never);
      if (present < classGranules[cls]!) throw new Error(`a block of ${present} granules in list ${cls}`);
      granules += present;
    }
  }
  return { granules, lists };
}

/** Allocates `count` blocks by one Worker and frees them by another. */
function pass(from: Member, to: Member, count = MANY, size = SIZE): void {
  const blocks = Array.from({ length: count }, () => from.arena.malloc(size));
  for (const block of blocks) to.arena.free(block);
}

describe("size classes", () => {
  const most = granulesFor(LARGE_THRESHOLD_BYTES);

  test("a block is filed under the largest class that it can serve", () => {
    let wrong = 0;
    for (let granules = 2; granules < most; granules++) {
      const cls = classOfBlock(granules);
      if (classGranules[cls]! > granules || classGranules[cls + 1]! <= granules) wrong++;
    }
    expect(wrong).toBe(0);
    expect(classOfBlock(most)).toBeLessThan(CLASSES);
  });

  test("a request is served by the smallest class that has room for it", () => {
    let wrong = 0;
    for (let granules = 2; granules <= most; granules++) {
      const cls = classForRequest(granules);
      if (classGranules[cls]! < granules || classGranules[cls - 1]! >= granules) wrong++;
    }
    expect(wrong).toBe(0);
    for (const granules of [0, 1, 2]) expect(classForRequest(granules)).toBe(2);
    expect(classForRequest(most)).toBe(CLASSES - 1);
  });

  test("who looks two lists further than that of the largest request meets no other word", () => {
    expect(LISTS + classOfBlock(most) + 2).toBeLessThan(LIST_WORDS);
  });
});

test.each(policyNames)("%s: what is counted is what is in the lists, after any sequence", (policy) => {
  const crew = new Crew({ policy, purgeDelay: Infinity });
  const members = [crew.join(FIRST), crew.join(SECOND)];
  for (const { heap } of members) heap.spanAfterRequests = 100;
  const random = new Random(7);
  const live: Pointer[] = [];
  const size = () => {
    const most = [600, 4090, 30_000, 300_000][random.below(4)]!;
    return random.below(most);
  };
  for (let turn = 0; turn < 6000; turn++) {
    const { arena } = members[random.below(2)]!;
    const at = random.below(live.length || 1);
    const act = random.below(100);
    if (live.length < 20 || (act < 45 && live.length < 300)) live.push(arena.malloc(size()));
    else if (act < 48) live.push(arena.alignedAlloc(64, size()));
    else if (act < 56) live[at] = arena.realloc(live[at]!, size());
    else if (act === 99 && random.below(10) === 0) arena.trim();
    else {
      arena.free(live[at]!);
      live[at] = live.at(-1)!;
      live.pop();
    }
    if (turn % 20 !== 0) continue;
    for (const member of members) {
      for (let index = 0; index < member.heap.windows.length; index++) {
        if (member.heap.slot === 0) continue;
        const { granules, lists } = inLists(member, index);
        expect(keptOf(member, index)).toBe(granules);
        expect(lists === 0).toBe(granules === 0);
      }
    }
  }
  for (const { arena } of members) arena.check();
  for (const block of live) members[0]!.arena.free(block);
  for (const member of members) {
    member.arena.trim();
    expect(inLists(member).lists).toBe(0);
    expect(keptOf(member)).toBe(0);
  }
  expect(members[0]!.arena.stats()).toMatchObject({ liveBlocks: 0, cachedBlocks: 0 });
});

test.each([
  ["a Worker's own", false],
  ["another Worker's", true],
])("of %s blocks no more is kept than may be, and one block", (_, isForeign) => {
  const crew = new Crew(LIMITED);
  const [member, other] = [crew.join(FIRST), crew.join(SECOND)];
  const from = isForeign ? other : member;
  const most = keptMost(from.heap);
  expect(most).toBe(2 ** 18 / GRANULE_BYTES);
  const random = new Random(3);
  const blocks = Array.from({ length: 900 }, () => {
    const size = random.below(2) === 0 ? 1100 + random.below(3000) : 5000 + random.below(20_000);
    return { size, pointer: from.arena.malloc(size) };
  });
  let fullest = 0;
  for (const { pointer, size } of blocks) {
    member.arena.free(pointer);
    // It may be longer than what was asked for: of a class, an eighth.
    expect(keptOf(member)).toBeLessThan(most + granulesFor(size) * 1.125 + 2);
    fullest = Math.max(fullest, keptOf(member));
  }
  expect(fullest).toBeGreaterThan(most * 0.9);
  expect(member.arena.stats().flushes).toBeGreaterThan(2);
  member.arena.check();
});

test("a block as large as all that may be kept is kept, and then the next one takes the lock", () => {
  const member = new Crew(LIMITED).join(FIRST);
  const { arena } = member;
  const [large, small, wall] = [arena.malloc(2 ** 18 - 8), arena.malloc(5000), arena.malloc(5000)];
  expect(locks(member, () => arena.free(large))).toBe(0);
  expect(locks(member, () => arena.free(small))).toBe(1);
  // The large one went back, and nothing else.
  expect(keptOf(member)).toBe(granulesFor(5000));
  arena.free(wall);
  arena.check();
});

describe("when a part of what is kept goes back", () => {
  const isKept = (member: Member, pointer: number) => {
    const { window, space } = member.heap.windows[0]!;
    return stateOf(space.words[(pointer - window.base) / 4 - 1]!) === State.cached;
  };
  /** Blocks of two sizes with others between them, freed in this order. */
  const keep = ({ arena }: Member, count: number, small: number, large: number) => {
    const row = (size: number) =>
      Array.from({ length: count }, () => {
        const block = arena.malloc(size);
        arena.malloc(size);
        return block;
      });
    const rows = [row(small), row(large)] as const;
    for (const block of rows.flat()) arena.free(block);
    return rows;
  };

  test("those of the largest size do first, until no more than half of what may be kept is", () => {
    const member = new Crew().join(FIRST);
    const [small, large] = keep(member, 11, 5000, 20_000);
    const half = keptOf(member) - 6 * granulesFor(20_000);
    locked(member.heap, (heap) => flushKept(heap, 0, half * 2));
    expect(keptOf(member)).toBeLessThanOrEqual(half);
    expect(large.filter((block) => !isKept(member, block))).toHaveLength(6);
    expect(small.every((block) => isKept(member, block))).toBe(true);
    locked(member.heap, (heap) => flushKept(heap, 0, 12 * granulesFor(5000)));
    expect(large.some((block) => isKept(member, block))).toBe(false);
    expect(small.filter((block) => isKept(member, block))).toHaveLength(6);
    member.arena.check();
  });

  test("one hold of the lock gives so many blocks back and no more", () => {
    const member = new Crew().join(FIRST);
    const [small, large] = keep(member, 300, SIZE, 1500);
    const { cachedBlocks } = member.arena.stats();
    locked(member.heap, (heap) => flushKept(heap, 0, 0));
    expect(cachedBlocks - member.arena.stats().cachedBlocks).toBe(FLUSH_MOST);
    const goneOf = (blocks: readonly Pointer[]) => blocks.filter((block) => !isKept(member, block)).length;
    expect(goneOf(large)).toBe(FLUSH_MOST);
    expect(goneOf(small)).toBe(0);
    member.arena.check();
  });
});

test.each([4200, 5000, 9999, 70_000, 2 ** 20, 3_000_000])("a block of %d bytes is found again", (size) => {
  const member = new Crew({ purgeDelay: Infinity }).join(FIRST);
  const { arena } = member;
  const block = arena.malloc(size);
  arena.malloc(size);
  arena.free(block);
  for (const wanted of [size, size - 1, size - 16, size - 100, Math.ceil((size * 15) / 16)]) {
    const taken = locks(member, () => {
      expect(arena.malloc(wanted)).toBe(block);
      expect([...arena.blocks()].length).toBe(2);
      arena.free(block);
    });
    // By the walk over the blocks.
    expect(taken).toBe(1);
  }
  // It would waste half of it, or be too small.
  for (const wanted of [Math.floor(size / 2), size + 16]) {
    expect(locks(member, () => arena.malloc(wanted))).toBeGreaterThan(0);
  }
  arena.check();
});

test("of two blocks of a class the one that was freed last is asked, then those of the class above", () => {
  const member = new Crew({ purgeDelay: Infinity }).join(FIRST);
  const { arena } = member;
  // Classes of 9216 bytes, 10240, and 11264.
  const [short, long, above, second] = [9300, 9900, 10_300, 11_500].map((size) => {
    const block = arena.malloc(size);
    arena.malloc(16_000);
    return block;
  }) as [Pointer, Pointer, Pointer, Pointer];
  for (const block of [long, short, above, second]) arena.free(block);
  const taken = locks(member, () => {
    // Too short for this one: the class above.
    expect(arena.malloc(9800)).toBe(above);
    expect(arena.malloc(9300)).toBe(short);
    expect(arena.malloc(9800)).toBe(long);
    expect(arena.malloc(9800)).toBe(second);
  });
  expect(taken).toBe(0);
  arena.check();
});

test("what one Worker frees another takes again, with hardly any fresh memory", () => {
  const crew = new Crew(LIMITED);
  const [producer, consumer] = [crew.join(FIRST), crew.join(SECOND)];
  // The consumer keeps some of the first blocks, each time of another number.
  for (let turn = 0; turn < 4; turn++) pass(producer, consumer);
  const { peakCommittedBytes, flushes } = producer.arena.stats();
  expect(flushes).toBeGreaterThan(2);
  for (let turn = 0; turn < 10; turn++) pass(producer, consumer);
  expect(producer.arena.stats().peakCommittedBytes).toBeLessThanOrEqual(peakCommittedBytes + 2 ** 15);
  producer.arena.check();
});

test("another size gets that memory before the window grows", () => {
  const crew = new Crew(LIMITED);
  const [producer, consumer] = [crew.join(FIRST), crew.join(SECOND)];
  pass(producer, consumer);
  const { peakCommittedBytes } = producer.arena.stats();
  pass(producer, consumer, MANY / 4, SIZE * 2);
  expect(producer.arena.stats().peakCommittedBytes).toBeLessThanOrEqual(peakCommittedBytes + 2 ** 15);
  producer.arena.check();
});

test("what a Worker keeps itself is merged before its window grows", () => {
  const { arena } = new Crew({ purgeDelay: Infinity }).join(FIRST);
  const blocks = Array.from({ length: 500 }, () => arena.malloc(SIZE));
  for (const block of blocks) arena.free(block);
  expect(arena.stats().cachedBytes).toBeGreaterThan(500_000);
  const { peakCommittedBytes } = arena.stats();
  arena.malloc(400_000);
  expect(arena.stats().peakCommittedBytes).toBe(peakCommittedBytes);
  arena.check();
});

/** A Worker that keeps so many blocks of 2500 bytes side by side, and all that its window has. */
function full(count = 400): Member {
  const member = new Crew({ purgeDelay: Infinity }).join(FIRST);
  const blocks = Array.from({ length: count }, () => member.arena.malloc(2500));
  for (const block of blocks) member.arena.free(block);
  return member;
}

test.each([
  [1_500_000, 1],
  [3_000_000, 2],
])("of much a quarter at a time, until a request of %d bytes is served", (size, quarters) => {
  const member = full(3000);
  const { arena } = member;
  const [kept, { peakCommittedBytes }] = [keptOf(member), arena.stats()];
  const share = 0.75 ** quarters;
  arena.malloc(size);
  expect(keptOf(member)).toBeLessThanOrEqual(kept * share);
  expect(keptOf(member)).toBeGreaterThan(kept * share - 2 * granulesFor(2500));
  expect(arena.stats().peakCommittedBytes).toBe(peakCommittedBytes);
  arena.check();
});

test("of less than 4 MiB all but a little at once, so that others find room too", () => {
  const member = full();
  member.arena.malloc(100_000);
  expect(keptOf(member) * GRANULE_BYTES).toBeLessThan(2 ** 15);
  member.arena.check();
});

test("what an overwritten link has hidden is not waited for", () => {
  const member = full();
  const { arena, heap } = member;
  const { window } = heap.windows[0]!;
  const last = arena.malloc(2500);
  arena.free(last);
  window.words[(last - window.base) / 4] = 0;
  // The link is the list now: nothing is on it, and nearly all is counted.
  expect(arena.malloc(2500)).toBe(last);
  expect(inLists(member).granules).toBe(0);
  const kept = keptOf(member);
  expect(kept).toBeGreaterThan(60_000);
  arena.malloc(900_000);
  expect(keptOf(member)).toBe(kept);
  arena.trim();
  arena.check();
});

describe("how much may be kept", () => {
  const bytes = ({ heap }: Member) => keptMost(heap) * GRANULE_BYTES;

  test("by the only Worker: as much as is committed, from 1 to 8 MiB", () => {
    const member = new Crew().join(FIRST);
    const { arena } = member;
    arena.malloc(SIZE);
    expect(bytes(member)).toBe(2 ** 20);
    const block = arena.malloc(3_000_000);
    expect(bytes(member)).toBe(arena.stats().committedBytes);
    // Whatever is taken.
    arena.free(block);
    arena.trim();
    arena.malloc(5_000_000);
    expect(bytes(member)).toBe(arena.stats().committedBytes);
    arena.malloc(5_000_000);
    expect(bytes(member)).toBe(KEPT_MOST_BYTES);
  });

  test("by one of two: half of what is taken, from 1 to 8 MiB", () => {
    const crew = new Crew();
    const [member, other] = [crew.join(FIRST), crew.join(SECOND)];
    member.arena.malloc(SIZE);
    other.arena.malloc(SIZE);
    expect(bytes(member)).toBe(2 ** 20);
    member.arena.malloc(4_000_000);
    expect(bytes(member)).toBeGreaterThan(2_000_000);
    expect(bytes(member)).toBeLessThan(2_020_000);
    expect(bytes(other)).toBe(bytes(member));
    for (let i = 0; i < 2; i++) member.arena.malloc(8_000_000);
    expect(bytes(member)).toBe(KEPT_MOST_BYTES);
  });

  test.each([
    [1, 6_300_000, 6_500_000],
    [2, 3_000_000, 3_300_000],
  ])("with %d attached, of 6.4 MB that one frees it keeps from %d to %d bytes", (workers, least, most) => {
    const crew = new Crew();
    const member = crew.join(FIRST);
    for (let i = 1; i < workers; i++) crew.join(FIRST + i).arena.malloc(0);
    const { arena } = member;
    let fullest = 0;
    for (const block of Array.from({ length: 5000 }, () => arena.malloc(SIZE))) {
      arena.free(block);
      fullest = Math.max(fullest, keptOf(member) * GRANULE_BYTES);
    }
    expect(fullest).toBeGreaterThan(least);
    expect(fullest).toBeLessThan(most);
    arena.check();
  });
});

describe("a block that grows takes what stands behind it", () => {
  const LONG = 70_000;

  /** Blocks side by side; the last one stands at the end of the chain. */
  function row(count: number, size = LONG) {
    const crew = new Crew({ purgeDelay: Infinity });
    const member = crew.join(FIRST);
    const blocks = Array.from({ length: count }, () => member.arena.malloc(size));
    const granules = granulesFor(size);
    for (const [i, block] of blocks.entries())
      expect(block).toBe((blocks[0]! + i * granules * 16) as Pointer);
    const { window, space } = member.heap.windows[0]!;
    const place = (block: Pointer) => ((block - window.base) / 4) as WordIndex;
    /** How many of the blocks are given back for the first one to have so many granules. */
    const released = (wanted: number) => {
      const kept = keptOf(member);
      locked(member.heap, (heap) => releaseBehind(heap, 0, place(blocks[0]!), wanted));
      expect(keptOf(member)).toBe(inLists(member).granules);
      member.arena.check();
      return (kept - keptOf(member)) / granules;
    };
    return { crew, ...member, blocks, granules, released, place, space };
  }

  test("but not to grow to 64 KiB, where a copy costs less than what it would take away", () => {
    const { arena, blocks } = row(4, 20_000);
    arena.free(blocks[1]!);
    arena.free(blocks[2]!);
    expect(arena.realloc(blocks[0]!, 35_000)).not.toBe(blocks[0]!);
    arena.check();
  });

  test("kept blocks and free ones, in place", () => {
    const { crew, arena, blocks } = row(6);
    const [grows, first, free, second] = blocks as [Pointer, Pointer, Pointer, Pointer];
    crew.pages.bytes(grows, LONG).fill(7);
    arena.free(free);
    arena.trim();
    arena.free(first);
    arena.free(second);
    expect(arena.stats().cachedBlocks).toBe(2);
    const { peakCommittedBytes } = arena.stats();
    // And an eighth more, for the next time.
    expect(arena.realloc(grows, LONG * 3.5)).toBe(grows);
    expect(crew.pages.bytes(grows, LONG).every((byte) => byte === 7)).toBe(true);
    expect(arena.stats()).toMatchObject({ cachedBlocks: 0, liveBlocks: 3, peakCommittedBytes });
    arena.check();
  });

  test("as many as it needs", () => {
    const { arena, blocks, granules, released } = row(5);
    for (const block of blocks.slice(1, 4)) arena.free(block);
    expect(released(granules + 1)).toBe(1);
    expect(released(granules * 2)).toBe(0);
    expect(released(granules * 3)).toBe(1);
  });

  test("nothing if a block in use is in the way", () => {
    const { arena, blocks, granules, released } = row(5);
    arena.free(blocks[1]!);
    arena.free(blocks[3]!);
    expect(released(granules * 3)).toBe(0);
    expect(released(granules * 4)).toBe(0);
    expect(released(granules * 2)).toBe(1);
  });

  test("nothing of another Worker's", () => {
    const { crew, blocks, granules, released } = row(3);
    crew.join(SECOND).arena.free(blocks[1]!);
    expect(released(granules * 2)).toBe(0);
  });

  test("nothing if it would end behind the chain", () => {
    const { arena, blocks, granules, released, space, place } = row(3);
    for (const block of blocks.slice(1)) arena.free(block);
    expect(space.top).toBe((place(blocks[0]!) + granules * 12) as WordIndex);
    expect(released(granules * 3 + 1)).toBe(0);
    expect(released(granules * 3)).toBe(2);
  });

  test.each([
    [BEHIND_LOOKS - 1, 1],
    [BEHIND_LOOKS, 0],
  ])("with %d others in front of it in its list: %d", (others, count) => {
    const { arena, blocks, granules, released } = row(BEHIND_LOOKS + 3, 5000);
    for (const block of blocks.slice(1, 2 + others)) arena.free(block);
    expect(released(granules * 2)).toBe(count);
  });
});

test("trim gives all of it back", () => {
  const crew = new Crew();
  const [producer, consumer] = [crew.join(FIRST), crew.join(SECOND)];
  pass(producer, consumer);
  expect(consumer.arena.stats().cachedBlocks).toBeGreaterThan(MANY / 4);
  producer.arena.detach();
  consumer.arena.trim();
  expect(consumer.arena.stats()).toMatchObject({ cachedBlocks: 0, liveBlocks: 0 });
  consumer.arena.check();
});

test("a repair files what a Worker kept that died in the middle of giving it back", () => {
  const crew = new Crew(LIMITED);
  const [producer, consumer] = [crew.join(FIRST), crew.join(SECOND)];
  pass(producer, consumer);
  const control = consumer.heap.control as Held<Control>;
  const { add } = control;
  let releases = 0;
  control.add = (counter, amount) => {
    add.call(control, counter, amount);
    if (++releases < 21) return;
    control.add = add;
    crew.alive.delete(SECOND);
    producer.arena.malloc(100_000);
    expect(producer.arena.stats().takeovers).toBe(1);
    producer.arena.detach();
    expect(crew.join(SECOND + 1).arena.stats().cachedBlocks).toBe(0);
    throw new RangeError("the end of this Worker");
  };
  expect(() => pass(producer, consumer)).toThrow(RangeError);
  expect(releases).toBe(21);
  crew.join(SECOND + 2).arena.check();
});

describe.each([
  ["header", -1],
  ["link", 0],
])("an overwritten %s of a kept block", (_, word) => {
  /** A Worker that keeps blocks of which each is damaged. */
  const damaged = (count: number) => {
    const member = new Crew({ purgeDelay: Infinity }).join(FIRST);
    const blocks = Array.from({ length: count }, () => {
      const block = member.arena.malloc(5000);
      member.arena.malloc(SIZE);
      return block;
    });
    for (const block of blocks) member.arena.free(block);
    const { window } = member.heap.windows[0]!;
    for (const block of blocks) window.words[(block - window.base) / 4 + word] = 0x1234_5670;
    return { member, blocks };
  };
  const corrupt = expect.objectContaining({ code: "corrupt-block" });

  /** A header whose second word was overwritten is not written anew. */
  const check = ({ arena }: Member) => {
    if (word === 0) arena.check();
    else expect(() => arena.check()).toThrow("its header was overwritten");
  };

  test.each([1, 20])("of %d is found by check", (count) => {
    const { member } = damaged(count);
    expect(() => member.arena.check()).toThrow(corrupt);
  });

  test.each([1, 20])("of %d is found by trim, and mended", (count) => {
    const { member } = damaged(count);
    expect(() => member.arena.trim()).toThrow("indexed anew");
    expect(inLists(member)).toEqual({ granules: 0, lists: 0 });
    check(member);
    member.arena.trim();
    expect(member.arena.stats().cachedBlocks).toBe(0);
  });

  test.each([1, 20])("of %d is found by the next requests, once, and mended", (count) => {
    const { member } = damaged(count);
    const { arena } = member;
    const found = Array.from({ length: 60 }, () => {
      try {
        arena.malloc(5000);
      } catch (error) {
        return error;
      }
      return 0;
    }).filter((error) => error !== 0);
    expect(found).toEqual([corrupt]);
    expect(keptOf(member)).toBe(inLists(member).granules);
    check(member);
  });

  test("is found where a part goes back, and mended", () => {
    const { member } = damaged(20);
    let found: unknown;
    locked(member.heap, (heap) => {
      try {
        flushKept(heap, 0, 0);
      } catch (error) {
        found = heap.repaired(error, "free");
      }
    });
    expect(found).toEqual(corrupt);
    expect(inLists(member)).toEqual({ granules: 0, lists: 0 });
    check(member);
  });
});

test("a link that was overwritten with 0 is found by check, and what stood behind it is not lost", () => {
  const member = new Crew({ purgeDelay: Infinity }).join(FIRST);
  const { arena, heap } = member;
  const blocks = Array.from({ length: 20 }, () => arena.malloc(5000));
  for (const block of blocks) arena.free(block);
  const { window } = heap.windows[0]!;
  window.words[(blocks.at(-1)! - window.base) / 4] = 0;
  expect(() => arena.check()).toThrow("are on no list: a link was overwritten");
  arena.trim();
  arena.trim();
  expect(arena.stats()).toMatchObject({ cachedBlocks: 0, damaged: 1 });
  arena.check();
});

test("who dies with nothing but an overwritten link leaves its slot empty", () => {
  const crew = new Crew({ purgeDelay: Infinity });
  const [victim, other] = [crew.join(FIRST), crew.join(SECOND)];
  other.arena.malloc(100);
  const block = victim.arena.malloc(5000);
  victim.arena.free(block);
  const { window } = victim.heap.windows[0]!;
  window.words[(block - window.base) / 4] = 0x1234_5670;
  // The link is its list now, and nothing is kept.
  victim.arena.malloc(5000);
  expect(keptOf(victim)).toBe(0);
  crew.alive.delete(FIRST);
  other.arena.trim();
  const from = cacheOfSlot(victim.heap.slot);
  expect(window.words.slice(from, from + LIST_WORDS).some((word) => word !== 0)).toBe(false);
  other.arena.check();
});
