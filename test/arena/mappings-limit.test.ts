/**
 * The number of mappings that a process may have (vm.max_map_count): an arena stays far below it, and what the system
 * refuses to end is ended later.
 */
import { expect, test } from "bun:test";
import { Arena } from "../../src/index.ts";
import { simulatedArena } from "../support/simulated-arena.ts";

const MIB = 2 ** 20;
const SCRIPT = new URL("./many-mappings.ts", import.meta.url).pathname;

test.skipIf(process.platform !== "linux")(
  "150,000 large blocks, every second one freed: a Worker can start, and after dispose nothing is left",
  async () => {
    const child = Bun.spawn([process.execPath, SCRIPT], { stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect(err).toBe("");
    const { before, halfFreed, allFreed, disposed, limit, workerStarted } = JSON.parse(out);
    expect(workerStarted).toBe(true);
    expect(halfFreed).toBeLessThan(limit / 4);
    expect(allFreed).toBeLessThan(limit / 4);
    expect(disposed - before).toBeLessThan(100);
  },
);

/** Frees every second one of `count` large blocks while the system would let nobody split a mapping. */
function parked(count: number) {
  const simulated = simulatedArena({ largeThreshold: MIB / 16, workerCache: false });
  const { arena, platform } = simulated;
  platform.pages.most = 8 * 70;
  const mapped = platform.pages.mappedBytes;
  const blocks = Array.from({ length: count }, () => arena.malloc(MIB / 8));
  for (let i = 0; i < count; i += 2) arena.free(blocks[i]!);
  return {
    ...simulated,
    blocks,
    mapped,
    parkedBlocks: () => arena.stats().parkedMappings,
  };
}

test("beyond its share an arena parks what is freed, uncharged, and the next block of the size takes it", () => {
  const { arena, blocks, platform, parkedBlocks } = parked(200);
  // 100 of 200 stay, which is more than the share of 70.
  expect(parkedBlocks()).toBe(100);
  expect(arena.stats()).toMatchObject({ largeBlocks: 100, unmappings: 0 });
  expect(arena.stats().committedBytes).toBe(100 * (MIB / 8 + 4096));
  expect(() => arena.free(blocks[0]!)).toThrow(expect.objectContaining({ code: "double-free" }));
  expect(() => arena.usableSize(blocks[2]!)).toThrow(expect.objectContaining({ code: "invalid-pointer" }));
  expect([...arena.blocks()].length).toBe(100);
  arena.check();
  const calls = platform.pages.calls;
  const again = Array.from({ length: 40 }, () => arena.malloc(MIB / 8));
  expect(new Set([...blocks.filter((_, i) => i % 2 === 0), ...again]).size).toBe(100);
  expect(platform.pages.calls).toBe(calls);
  const zeros = arena.calloc(MIB / 8, 1);
  expect(platform.pages.bytes(zeros, MIB / 8).every((byte) => byte === 0)).toBe(true);
  arena.check();
});

test("when few are left, trim ends the parked ones in the order of addresses", () => {
  const { arena, blocks, platform, parkedBlocks, mapped } = parked(400);
  // 200 blocks are too many to end what lies between them.
  arena.trim();
  expect(parkedBlocks()).toBe(200);
  const ended: number[] = [];
  const unmap = platform.pages.unmap.bind(platform.pages);
  platform.pages.unmap = (address, byteLength) => {
    ended.push(address);
    return unmap(address, byteLength);
  };
  for (let i = 1; i < 400; i += 2) arena.free(blocks[i]!);
  ended.length = 0;
  arena.trim();
  expect(parkedBlocks()).toBe(0);
  expect(ended.length).toBeGreaterThan(200);
  expect(ended).toEqual(ended.toSorted((one, other) => one - other));
  expect(arena.stats()).toMatchObject({ committedBytes: 0, largeBlocks: 0, unmappings: 400 });
  // The table alone.
  expect(platform.pages.mappedBytes - mapped).toBeLessThan(MIB / 8);
  arena.check();
});

test("what the system refuses to end is uncharged, counted, and ended at the next opportunity", () => {
  const { arena, platform } = simulatedArena({ largeThreshold: MIB / 16, workerCache: false });
  const before = platform.pages.mappedBytes;
  const acts: (() => unknown)[] = [
    () => arena.free(arena.malloc(MIB / 8)),
    () => arena.free(arena.realloc(arena.malloc(MIB), MIB / 8)),
    () => arena.free(arena.alignedAlloc(MIB / 4, MIB / 8)),
    () => {
      for (const block of Array.from({ length: 110 }, () => arena.malloc(MIB / 8))) arena.free(block);
    },
  ];
  for (const act of acts) {
    platform.pages.refuse = (call) => call === "unmap";
    act();
    expect(arena.stats().refusedReturns).toBeGreaterThan(0);
    expect(arena.stats().parkedMappings).toBeGreaterThan(0);
    expect(arena.stats()).toMatchObject({ committedBytes: 0, liveBlocks: 0 });
    arena.check();
    platform.pages.refuse = () => false;
    arena.trim();
    expect(arena.stats().parkedMappings).toBe(0);
    expect(platform.pages.mappedBytes - before).toBeLessThan(MIB / 16);
    arena.check();
  }
});

test("a system that refuses at first what it does later is asked again before the arena ends", () => {
  const { arena, platform } = simulatedArena({ largeThreshold: MIB / 16 });
  for (let i = 0; i < 20; i++) arena.malloc(MIB / 8);
  let refusals = 0;
  platform.pages.refuse = (call) => call === "unmap" && refusals++ % 2 === 0 && refusals < 20;
  arena.dispose();
  expect(platform.pages.mappedBytes).toBe(0);
});

test("an arena of the default policy with many large blocks", () => {
  using arena = new Arena({ largeThreshold: 4096 });
  const blocks = Array.from({ length: 3000 }, () => arena.malloc(5000));
  for (let i = 0; i < 3000; i += 2) arena.free(blocks[i]!);
  arena.check();
  for (let i = 1; i < 3000; i += 2) arena.free(blocks[i]!);
  arena.trim();
  expect(arena.stats()).toMatchObject({ committedBytes: 0, liveBlocks: 0 });
});
