/** One freed large mapping stays for the next block of its size, and goes back like all idle memory. */
import { expect, test } from "bun:test";
import { bytesAt, fillMemory } from "../../native/raw-memory.ts";
import { recover } from "../../src/death/recovery.ts";
import { releaseKept } from "../../src/heap/kept.ts";
import { purge } from "../../src/heap/trim.ts";
import { Arena, OutOfMemoryError } from "../../src/index.ts";
import { stockedBytes } from "../../src/large/stock.ts";
import { ControlDouble } from "../../src/memory/layout.ts";
import { locked } from "../support/locked.ts";
import { Crew } from "./simulated-crew.ts";

const MIB = 2 ** 20;
const OPTIONS = { largeThreshold: MIB, purgeDelay: Infinity };

test("the next block of about its size gets it, without a system call", () => {
  using arena = new Arena(OPTIONS);
  const block = arena.malloc(4 * MIB);
  arena.free(block);
  expect(arena.stats()).toMatchObject({ liveBlocks: 0, largeBlocks: 0, largeBytes: 0, unmappings: 0 });
  for (const size of [4 * MIB, 4 * MIB - 100, 3.75 * MIB]) {
    const again = arena.malloc(size);
    expect(again).toBe(block);
    expect(arena.stats()).toMatchObject({ largeBlocks: 1, mappings: 1 });
    expect([...arena.blocks()]).toMatchObject([{ pointer: block, requestedBytes: size, large: true }]);
    arena.check();
    arena.free(again);
    arena.check();
  }
  expect(() => arena.free(block)).toThrow(expect.objectContaining({ code: "double-free" }));
});

test.each([
  ["smaller by far", (arena: Arena) => arena.malloc(3 * MIB)],
  ["larger", (arena: Arena) => arena.malloc(4 * MIB + 1)],
  ["aligned to more than a page", (arena: Arena) => arena.alignedAlloc(2 * MIB, 4 * MIB - 8192)],
])("a block that is %s does not", (_, request) => {
  using arena = new Arena(OPTIONS);
  arena.free(arena.malloc(4 * MIB - 4096));
  request(arena);
  expect(arena.stats()).toMatchObject({ largeBlocks: 1, mappings: 2, unmappings: 0 });
  arena.check();
});

test("there is one, of the block that was freed last", () => {
  using arena = new Arena(OPTIONS);
  const [first, second] = [arena.malloc(4 * MIB), arena.malloc(8 * MIB)];
  arena.free(first);
  arena.free(second);
  expect(arena.stats()).toMatchObject({ mappings: 2, unmappings: 1 });
  expect(arena.malloc(8 * MIB)).toBe(second);
  arena.check();
});

test("calloc gives zeros, whoever had the memory before", () => {
  using arena = new Arena(OPTIONS);
  const block = arena.malloc(4 * MIB);
  fillMemory(block, 7, 4 * MIB);
  arena.free(block);
  const zeros = arena.calloc(4, MIB);
  expect(zeros).toBe(block);
  expect(bytesAt(zeros, 4 * MIB).every((byte) => byte === 0)).toBe(true);
});

test.each([
  ["trim", (arena: Arena) => expect(arena.trim()).toBeGreaterThan(4 * MIB)],
  ["reset", (arena: Arena) => arena.reset()],
])("%s ends it", (_, act) => {
  using arena = new Arena(OPTIONS);
  arena.free(arena.malloc(4 * MIB));
  act(arena);
  expect(arena.stats()).toMatchObject({ committedBytes: 0, mappings: 1, unmappings: 1 });
  arena.check();
});

test("it goes back by itself after the purge delay, beside a heap of which little is idle", async () => {
  using arena = new Arena({ ...OPTIONS, purgeDelay: 10 });
  const used = Array.from({ length: 40 }, () => arena.malloc(MIB / 2));
  arena.free(arena.malloc(4 * MIB));
  const deadline = performance.now() + 5000;
  while (arena.stats().unmappings === 0 && performance.now() < deadline) await Bun.sleep(10);
  expect(arena.stats()).toMatchObject({ unmappings: 1, liveBlocks: used.length });
  arena.check();
});

test("a Worker that leaves, or is found dead, leaves none behind", () => {
  const crew = new Crew({ largeThreshold: MIB });
  const [victim, survivor] = [crew.join(1), crew.join(2)];
  survivor.arena.malloc(10);
  victim.arena.free(victim.arena.malloc(4 * MIB));
  expect(survivor.arena.stats()).toMatchObject({ unmappings: 0 });
  victim.arena.detach();
  expect(survivor.arena.stats()).toMatchObject({ mappings: 1, unmappings: 1 });
  victim.arena.free(victim.arena.malloc(4 * MIB));
  crew.alive.delete(1);
  expect([...survivor.arena.blocks()].length).toBe(1);
  expect(survivor.arena.stats()).toMatchObject({ mappings: 2, unmappings: 2, adoptions: 1 });
  survivor.arena.check();
});

/** An arena whose clock stands, and what a look at it says: whether something is to be returned later. */
function clocked() {
  const { arena, heap } = new Crew({ largeThreshold: MIB, purgeDelay: 200, reserve: 128 * MIB }).join(1);
  arena.malloc(10);
  const clock = { ms: 1000 };
  heap.platform.threads.now = () => clock.ms;
  const look = () => locked(heap, purge) !== Infinity;
  /** What the Worker keeps of the window goes back. */
  const release = () => locked(heap, (held) => releaseKept(held, 0, 0));
  return { arena, clock, look, release };
}

test("it goes back when it has been there for the delay, not when another one had been there before", () => {
  const { arena, clock, look } = clocked();
  arena.free(arena.malloc(4 * MIB));
  expect(look()).toBe(true);
  clock.ms += 150;
  arena.free(arena.malloc(4 * MIB));
  clock.ms += 199;
  expect(look()).toBe(true);
  expect(arena.stats().unmappings).toBe(0);
  clock.ms += 1;
  expect(look()).toBe(false);
  expect(arena.stats().unmappings).toBe(1);
});

test("what is idle in a window has a delay of its own", () => {
  const { arena, clock, look, release } = clocked();
  arena.free(arena.malloc(4 * MIB));
  look();
  clock.ms += 150;
  arena.free(arena.malloc(4 * MIB));
  clock.ms += 51;
  const blocks = Array.from({ length: 20 }, () => arena.malloc(MIB / 2));
  for (const block of blocks) arena.free(block);
  release();
  expect(look()).toBe(true);
  expect(arena.stats()).toMatchObject({ unmappings: 0, releases: 0 });
  for (const releases of [0, 0]) {
    clock.ms += 100;
    expect(look()).toBe(true);
    expect(arena.stats().releases).toBe(releases);
  }
  clock.ms += 100;
  expect(look()).toBe(false);
  expect(arena.stats().releases).toBeGreaterThan(0);
});

const LIMITED = { ...OPTIONS, limit: 256 * MIB };

test.each([
  ["malloc, large", (arena: Arena) => arena.malloc(255 * MIB)],
  ["realloc, large", (arena: Arena) => arena.realloc(arena.malloc(240 * MIB), 255 * MIB)],
  [
    "realloc, large, of pages that move",
    (arena: Arena) => {
      const block = arena.alignedAlloc(4096, 120 * MIB);
      arena.alignedAlloc(4096, 5 * MIB);
      return arena.realloc(block, 250 * MIB);
    },
  ],
  [
    "malloc, in a window",
    (arena: Arena) => {
      for (let i = 0; i < 509; i++) arena.malloc(MIB / 2 - 8);
    },
  ],
])("the limit refuses nothing for its sake: %s", (_, request) => {
  using arena = new Arena(LIMITED);
  arena.free(arena.malloc(4 * MIB - 4096));
  expect(arena.stats().committedBytes).toBe(4 * MIB);
  request(arena);
  expect(arena.stats().committedBytes).toBeGreaterThan(252 * MIB);
  arena.check();
  expect(() => arena.malloc(4 * MIB)).toThrow(OutOfMemoryError);
});

test.each([
  ["malloc, in a window", 400_000],
  ["malloc, large", MIB - 8192],
])("what another Worker frees into it between two tries is no reason to refuse: %s", (_, size) => {
  const crew = new Crew({
    largeThreshold: MIB / 2,
    limit: 64 * MIB,
    reserve: 128 * MIB,
    purgeDelay: Infinity,
  });
  const [{ arena }, other] = [crew.join(1), crew.join(2)];
  const block = other.arena.malloc(MIB - 4096 - 16);
  expect(() => {
    for (;;) arena.malloc(size);
  }).toThrow(OutOfMemoryError);
  const { attachment } = arena as unknown as { attachment: { trim(): number } };
  const trim = attachment.trim.bind(attachment);
  attachment.trim = () => {
    const bytes = trim();
    other.arena.free(block);
    return bytes;
  };
  arena.malloc(size);
  arena.check();
});

test("a repair keeps what was being put into it or taken out of it, and is there", () => {
  const crew = new Crew({ largeThreshold: MIB, purgeDelay: Infinity });
  const { arena, heap } = crew.join(1);
  const block = arena.malloc(4 * MIB);
  arena.free(block);
  locked(heap, (held) => {
    held.passage.note(held.control.doubles[ControlDouble.stock]!, stockedBytes(held));
    recover(held, false);
  });
  arena.check();
  expect(arena.malloc(4 * MIB)).toBe(block);
  expect(crew.pages.bytes(block, 4 * MIB).length).toBe(4 * MIB);
});

test("the system refuses no growth for its sake, and nothing is copied", () => {
  const crew = new Crew({ largeThreshold: MIB, purgeDelay: Infinity });
  const { arena, heap } = crew.join(1);
  const block = arena.malloc(4 * MIB);
  arena.free(arena.malloc(4 * MIB));
  crew.pages.refuse = (call) => ["remap", "map"].includes(call) && stockedBytes(heap) > 0;
  crew.pages.copy = () => {
    throw new Error("copied");
  };
  arena.realloc(block, 8 * MIB);
  expect(arena.stats()).toMatchObject({ largeBlocks: 1, unmappings: 1 });
  arena.check();
});

test.each([
  ["where every request takes the lock", { workerCache: false }, 4 * MIB - 4096],
  ["where nothing may lie idle", { purgeDelay: 0 }, 4 * MIB - 4096],
  ["where the limit is narrow", { limit: 255 * MIB }, 4 * MIB - 4096],
  ["of so many bytes", {}, 257 * MIB],
])("none stays %s", (_, options, size) => {
  using arena = new Arena({ ...OPTIONS, ...options });
  arena.free(arena.malloc(size));
  expect(arena.stats()).toMatchObject({ committedBytes: 0, unmappings: 1 });
});
