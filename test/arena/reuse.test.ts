/** What a Worker freed last serves its next request of that kind without the lock: blocks with a header, above what spans serve. */
import { expect, test } from "bun:test";
import { bytesAt } from "../../native/raw-memory.ts";
import { keptMost } from "../../src/heap/kept.ts";
import { Arena, type Pointer } from "../../src/index.ts";
import { CacheWord, cacheOfSlot } from "../../src/memory/layout.ts";
import { locks } from "../support/count-locks.ts";
import { slowCalls } from "../support/slow-calls.ts";
import { Crew } from "./simulated-crew.ts";

const FIRST = 100;
const SECOND = 200;

test.each([16_000, 65_536, 2 ** 20])("a freed block of %d bytes is kept", (size) => {
  const member = new Crew({ purgeDelay: Infinity }).join(FIRST);
  const { arena } = member;
  const block = arena.malloc(size);
  arena.malloc(2000);
  arena.free(block);
  expect(arena.stats().liveBlocks).toBe(1);
  expect(() => arena.free(block)).toThrow();
  const taken = locks(member, () => {
    for (let i = 0; i < 10; i++) {
      expect(arena.malloc(size - i)).toBe(block);
      arena.free(block);
    }
  });
  expect(taken).toBe(0);
  // Not for what is much smaller; but it goes back before memory is asked for.
  expect(arena.malloc(size / 2)).toBe(block);
  arena.check();
  arena.reset();
});

test("a kept block goes back when its Worker has died", () => {
  const crew = new Crew({ limit: 2 ** 21, purgeDelay: Infinity });
  const [victim, other] = [crew.join(FIRST), crew.join(SECOND)];
  victim.arena.free(victim.arena.malloc(2 ** 15));
  expect(other.arena.stats().cachedBlocks).toBe(1);
  crew.alive.delete(FIRST);
  other.arena.trim();
  expect(other.arena.stats()).toMatchObject({ liveBlocks: 0, cachedBlocks: 0, committedBytes: 0 });
  other.arena.check();
});

test.each([
  ["where every request takes the lock", { workerCache: false }],
  ["where nothing may lie idle", { purgeDelay: 0 }],
  ["where the limit is narrow", { limit: 2 ** 21 }],
])("no block is kept %s", (_, options) => {
  const { arena } = new Crew(options).join(FIRST);
  arena.malloc(100);
  const { cachedBlocks } = arena.stats();
  arena.free(arena.malloc(2 ** 16));
  expect(arena.stats().cachedBlocks).toBe(cachedBlocks);
});

test("an idle Worker gives its kept block back", async () => {
  using arena = new Arena({ purgeDelay: 10 });
  arena.free(arena.malloc(10_000_000));
  expect(arena.stats().cachedBlocks).toBe(1);
  const deadline = performance.now() + 5000;
  while (arena.stats().committedBytes > 0 && performance.now() < deadline) await Bun.sleep(10);
  expect(arena.stats()).toMatchObject({ cachedBlocks: 0, committedBytes: 0 });
});

test.each([64, 4096])("a freed block aligned to %d bytes is taken again", (alignment) => {
  const member = new Crew({ purgeDelay: Infinity }).join(FIRST);
  const { arena } = member;
  for (const size of [10, 507, 5000]) arena.free(arena.alignedAlloc(alignment, size));
  const block = arena.alignedAlloc(alignment, 681);
  arena.free(block);
  const taken = locks(member, () => {
    for (let i = 0; i < 10; i++) {
      const again = arena.alignedAlloc(alignment, 681 + i);
      expect(again).toBe(block);
      arena.free(again);
    }
  });
  expect(taken).toBe(0);
  arena.check();
});

/** A block of 1200 bytes that is about to grow into a ready one of 2000; it holds what it was filled with. */
function growing() {
  const crew = new Crew({ purgeDelay: Infinity });
  const [member, other] = [crew.join(FIRST), crew.join(SECOND)];
  const { arena } = member;
  const ready = arena.malloc(2000);
  arena.free(ready);
  const block = arena.malloc(1200);
  crew.pages.bytes(block, 1200).fill(7);
  return { crew, member, other, arena, ready, block };
}

test("a block that grows moves into a ready one without the lock", () => {
  const { crew, member, arena, ready, block } = growing();
  let moved = 0;
  expect(
    locks(member, () => {
      moved = arena.realloc(block, 2020);
    }),
  ).toBe(0);
  expect(moved).toBe(ready);
  expect(crew.pages.bytes(moved, 1200).every((byte) => byte === 7)).toBe(true);
  expect(arena.stats().liveBlocks).toBe(1);
  expect([...arena.blocks()]).toMatchObject([{ pointer: ready, requestedBytes: 2020 }]);
  expect(arena.malloc(1200)).toBe(block);
  arena.check();
});

test("a block that another Worker frees while it is copied is freed once", () => {
  const { crew, other, arena, ready, block } = growing();
  const copy = crew.pages.copy.bind(crew.pages);
  crew.pages.copy = (...range) => {
    copy(...range);
    other.arena.free(block);
  };
  expect(() => arena.realloc(block, 2000)).toThrow(expect.objectContaining({ code: "double-free" }));
  crew.pages.copy = copy;
  expect(arena.stats().liveBlocks).toBe(0);
  // Neither block is lost, and neither is handed out twice.
  expect(arena.malloc(2000)).toBe(ready);
  expect(other.arena.malloc(1200)).toBe(block);
  expect(arena.malloc(1200)).not.toBe(block);
  arena.check();
});

test("of larger blocks that are freed one in 64 goes through the slow path, which looks at the clock", () => {
  const { arena } = new Crew({ purgeDelay: Infinity }).join(FIRST);
  const blocks = Array.from({ length: 128 }, () => arena.malloc(9000));
  const free = () => {
    for (const block of blocks) arena.free(block);
  };
  expect(slowCalls(arena, free)).toEqual({ malloc: 0, free: 2 });
});

test.each([
  ["of lists", 1200, 2000],
  ["of spans", 100, 200],
])("a copy that the stack has no room for leaves both blocks as they were: %s", (_, small, large) => {
  const crew = new Crew({ purgeDelay: Infinity });
  const { arena } = crew.join(FIRST);
  const ready = arena.malloc(large);
  arena.free(ready);
  const block = arena.malloc(small);
  const copy = crew.pages.copy;
  crew.pages.copy = () => {
    throw new RangeError("Maximum call stack size exceeded.");
  };
  expect(() => arena.realloc(block, large)).toThrow(RangeError);
  crew.pages.copy = copy;
  expect([...arena.blocks()]).toMatchObject([{ pointer: block }]);
  expect(arena.malloc(large)).toBe(ready);
  arena.check();
});

test("another Worker's block is not copied without a claim: it could be freed and handed out again meanwhile", () => {
  const { crew, other, arena, block } = growing();
  other.arena.free(other.arena.malloc(2000));
  const copy = crew.pages.copy.bind(crew.pages);
  let refused = false;
  crew.pages.copy = (...range) => {
    copy(...range);
    expect(() => arena.free(block)).toThrow(expect.objectContaining({ code: "double-free" }));
    refused = true;
  };
  other.arena.realloc(block, 2000);
  expect(refused).toBe(true);
  expect(arena.stats().liveBlocks).toBe(1);
  arena.check();
});

test.each([
  ["realloc", (arena: Arena, block: Pointer) => arena.realloc(block, 2000)],
  ["alignedAlloc", (arena: Arena) => arena.alignedAlloc(16, 2000)],
])("%s does not take a ready block whose header was overwritten", (_, request) => {
  const { crew, arena, ready, block } = growing();
  crew.pages.bytes(ready - 8, 8).fill(0x55);
  expect(() => request(arena, block)).toThrow(expect.objectContaining({ code: "corrupt-block" }));
  expect(crew.pages.bytes(block, 1200).every((byte) => byte === 7)).toBe(true);
  expect(request(arena, block)).not.toBe(ready);
  arena.check();
});

test("what has grown is kept only while more may be kept", () => {
  const { arena, heap } = new Crew({ purgeDelay: Infinity, limit: 2 ** 22 }).join(FIRST);
  const blocks = Array.from({ length: 200 }, () => arena.malloc(1200));
  const ready = Array.from({ length: 200 }, () => arena.malloc(2000));
  for (const block of ready) arena.free(block);
  const { words } = heap.windows[0]!.space;
  for (const block of blocks) {
    arena.realloc(block, 2000);
    const kept = words[cacheOfSlot(heap.slot) + CacheWord.kept]!;
    // One block more may be among them.
    expect(kept).toBeLessThan(keptMost(heap) + 130);
  }
  arena.check();
});

test("hundreds of blocks go to and fro without the lock, and none of them is lost on the way", () => {
  const member = new Crew({ purgeDelay: Infinity }).join(FIRST);
  const { arena } = member;
  let blocks: number[] = [];
  const take = () => {
    blocks = Array.from({ length: 200 }, () => arena.malloc(1200));
  };
  const give = () => {
    for (const block of blocks) arena.free(block);
  };
  take();
  const { cachedBlocks, committedBytes } = arena.stats();
  for (let turn = 0; turn < 20; turn++) {
    give();
    take();
    expect(new Set(blocks).size).toBe(200);
    expect(arena.stats()).toMatchObject({ cachedBlocks, committedBytes, liveBlocks: 200 });
  }
  const taken = locks(member, () => {
    give();
    take();
  });
  expect(taken).toBe(0);
  arena.check();
});

test("damage that the purge timer meets is repaired and counted; nobody called who could be told", async () => {
  using arena = new Arena({ purgeDelay: 1 });
  const [block] = [arena.malloc(100_000), arena.malloc(100)];
  arena.free(block);
  bytesAt(block, 8).fill(0x41);
  await Bun.sleep(150);
  expect(arena.stats()).toMatchObject({ damaged: 1, liveBlocks: 1 });
  arena.check();
});

test("a block that grows moves into one of up to twice the size without the lock, if none of its own size is ready", () => {
  const member = new Crew({ purgeDelay: Infinity }).join(FIRST);
  const { arena } = member;
  const [block, longer] = [arena.malloc(5000), arena.malloc(9500)];
  arena.malloc(2000);
  arena.free(longer);
  let moved = 0;
  const taken = locks(member, () => {
    moved = arena.realloc(block, 5500);
  });
  expect(taken).toBe(0);
  expect(moved).toBe(longer);
  arena.check();
});

test("no pointer is freed without the slow path, and by nobody who has to attach", () => {
  const member = new Crew().join(FIRST);
  const { arena, heap } = member;
  const free = () => {
    arena.free(null);
    arena.free(0);
    arena.free(undefined as never);
  };
  // The slow path says that `undefined` is no pointer.
  expect(free).toThrow(TypeError);
  expect(heap.slots.living()).toBe(0);
  const block = arena.malloc(100);
  expect(slowCalls(arena, () => expect(free).toThrow(TypeError)).free).toBe(1);
  arena.free(block);
  arena.detach();
  expect(free).toThrow(TypeError);
  expect(heap.slots.living()).toBe(0);
});

test("a look at what is kept that cannot give the lock back leaves it free for others", () => {
  const crew = new Crew({ purgeDelay: 20 });
  const [member, other] = [crew.join(FIRST), crew.join(SECOND)];
  const { arena, heap } = member;
  other.arena.malloc(2000);
  const blocks = Array.from({ length: 200 }, () => arena.malloc(9000));
  arena.free(arena.malloc(9000));
  // The timer that this has set is late.
  heap.platform.threads.now = () => 1000;
  const { leave } = heap;
  heap.leave = () => {
    heap.leave = leave;
    throw new RangeError("the stack is full");
  };
  expect(() => {
    for (const block of blocks) arena.free(block);
  }).toThrow("the stack is full");
  other.arena.malloc(60_000);
  other.arena.check();
  arena.check();
  arena.detach();
});
