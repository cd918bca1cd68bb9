/**
 * What is idle goes back to the system by itself: whoever freed it, however it ended, and whatever share of the heap it
 * is. Resident memory is what the system says of the arena's windows.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { residentBytesIn } from "../../native/mappings.ts";
import { fillMemory } from "../../native/raw-memory.ts";
import { GRANULE_BYTES } from "../../src/core/size-classes.ts";
import { magazineRoom, SPAN_CLASSES, spanGranules } from "../../src/core/span-classes.ts";
import { SPAN_UNITS_MOST, UNIT_BYTES } from "../../src/core/tunables.ts";
import type { Heap } from "../../src/heap/heap.ts";
import { keptMostBytes, largestKept, releaseKept } from "../../src/heap/kept.ts";
import { purge } from "../../src/heap/trim.ts";
import { Arena, policyNames } from "../../src/index.ts";
import { locked } from "../support/locked.ts";
import { simulatedArena } from "../support/simulated-arena.ts";
import type { IdleOrder } from "./idle-worker.ts";
import { Crew } from "./simulated-crew.ts";

const MIB = 2 ** 20;
/** What may stay: less is not worth a look (core/tunables.ts). */
const LEFT = 1.25 * MIB;
/** Far more than the delay and a second, for a busy machine: what does not go back never does. */
const PATIENCE_MS = 8000;

const workers: Worker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

/** Ends all Workers. A thread is gone some milliseconds after `terminate`: waits until the arena can be disposed. */
async function endWorkers(arena: Arena): Promise<void> {
  for (const worker of workers.splice(0)) await worker.terminate();
  while (arena.stats().workers > 1) await Bun.sleep(5);
}

async function startWorker(order: IdleOrder): Promise<Worker> {
  const worker = new Worker(new URL("./idle-worker.ts", import.meta.url), { workerData: order });
  workers.push(worker);
  await once(worker, "message");
  if (order.end === "exit") await once(worker, "exit");
  return worker;
}

const residentOf = (arena: Arena): number => residentBytesIn(arena.handle.address, 2 ** 32);

/** Waits until `measure` is below `most`, with `act` in between. */
async function falls(measure: () => number, most: number, act: () => unknown = () => {}): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  let value = measure();
  while (value > most && performance.now() < deadline) {
    await act();
    await Bun.sleep(20);
    value = measure();
  }
  return value;
}

/** What the README tells: beside one block below the large threshold. */
const CACHES_MOST = 17 * MIB;

/** Sizes that every policy serves from its windows, few enough for one that walks a list. */
const SIZES = [100, 1000, 3000];
const COUNT = 2000;

describe.each(["exit", "block", "stay"] as const)("a Worker frees, and then: %s", (end) => {
  test.each(policyNames)("%s", async (policy) => {
    using arena = new Arena({ policy });
    const block = arena.malloc(100);
    await startWorker({ handle: arena.handle, sizes: SIZES, count: COUNT, end });
    expect(arena.stats().peakCommittedBytes).toBeGreaterThan(5 * MIB);
    // A blocked Worker keeps what is in its own cache: of these sizes.
    const most = LEFT + (end === "block" ? MIB : 0);
    expect(await falls(() => residentOf(arena), most)).toBeLessThan(most);
    arena.check();
    arena.free(block);
    await endWorkers(arena);
  });
});

test("a survivor that never waits in its event loop gives it back too", async () => {
  using arena = new Arena();
  await startWorker({ handle: arena.handle, sizes: [1000, 60_000], count: 500, end: "exit" });
  expect(residentOf(arena)).toBeGreaterThan(20 * MIB);
  const deadline = performance.now() + PATIENCE_MS;
  let resident = Infinity;
  // Of many sizes: its cache does not have all of them at hand, and keeps a few of each.
  const most = LEFT + 4 * MIB;
  for (let turn = 0; resident > most && performance.now() < deadline; turn++) {
    const blocks = Array.from({ length: 100 }, (_, i) => arena.malloc(100 + ((turn * 16 + i * 4) % 4000)));
    for (const block of blocks) arena.free(block);
    if (turn % 100 === 0) resident = residentOf(arena);
  }
  expect(resident).toBeLessThan(most);
  await endWorkers(arena);
});

test("trim of a survivor gives back at once what a dead Worker held", async () => {
  using arena = new Arena({ purgeDelay: Infinity });
  await startWorker({ handle: arena.handle, sizes: [...SIZES, 30_000], count: COUNT, end: "exit" });
  expect(residentOf(arena)).toBeGreaterThan(50 * MIB);
  arena.trim();
  expect(residentOf(arena)).toBeLessThan(MIB / 2);
  await endWorkers(arena);
});

test("a large mapping that a Worker freed before it blocked goes back", async () => {
  using arena = new Arena({ largeThreshold: MIB });
  arena.malloc(10);
  await startWorker({ handle: arena.handle, sizes: [8 * MIB], count: 1, end: "block" });
  expect(await falls(() => arena.stats().committedBytes, LEFT)).toBeLessThan(LEFT);
  await endWorkers(arena);
});

type Shape = Parameters<typeof largestKept>[0];

/** Bytes in blocks that a Worker can have ready in one window beside one block: its lists, full magazines. */
function readyBytesMost(shape: Shape): number {
  let granules = 0;
  for (let cls = 2; cls < SPAN_CLASSES; cls++) granules += spanGranules[cls]! * magazineRoom[cls]!;
  return keptMostBytes(shape, Infinity) + granules * GRANULE_BYTES;
}

/** Bytes of the spans that are empty but for that, where it was freed in order: two with a magazine's blocks, one that is kept. */
const SPANS_MOST = SPAN_CLASSES * 3 * SPAN_UNITS_MOST * UNIT_BYTES;

test("what a blocked Worker keeps to itself is bounded by the number that the README tells", async () => {
  const shape = { workerCache: true, purgeDelayMs: 200, limitBytes: Infinity, largeThresholdBytes: MIB };
  expect(readyBytesMost(shape) + SPANS_MOST).toBeLessThan(CACHES_MOST);
  const readyMost = readyBytesMost(shape) + largestKept(shape) * GRANULE_BYTES;
  using arena = new Arena({ largeThreshold: shape.largeThresholdBytes });
  arena.malloc(10);
  const small = Array.from({ length: SPAN_CLASSES - 2 }, (_, i) => spanGranules[i + 2]! * GRANULE_BYTES);
  const sizes = Array.from({ length: 140 }, (_, i) => 8 + i * 240);
  await startWorker({ handle: arena.handle, sizes: [...small, ...sizes, MIB / 2], count: 600, end: "block" });
  expect(arena.stats().peakCommittedBytes).toBeGreaterThan(100 * MIB);
  const { cachedBytes } = arena.stats();
  expect(cachedBytes).toBeGreaterThan(MIB / 2);
  expect(cachedBytes).toBeLessThan(readyMost);
  const most = readyMost + SPANS_MOST + LEFT;
  expect(await falls(() => arena.stats().committedBytes, most)).toBeLessThan(most);
  await endWorkers(arena);
});

describe("idle memory is a small part of what is used", () => {
  const policies = policyNames.filter((name) => name !== "husky" && name !== "slabs");
  test.each(policies)("%s, long blocks", async (policy) => {
    using arena = new Arena({ policy });
    const blocks = Array.from({ length: 98 }, () => arena.malloc(500_000));
    for (const block of blocks) fillMemory(block, 1, 500_000);
    const before = residentOf(arena);
    for (let i = 0; i < 18; i++) arena.free(blocks[i * 5]!);
    const wanted = before - 18 * 490_000;
    expect(await falls(() => residentOf(arena), wanted + LEFT)).toBeLessThan(wanted + LEFT);
    arena.check();
  });

  test.each(["bins", "tree"])("%s, holes of a page or two", async (policy) => {
    using arena = new Arena({ policy });
    const blocks = Array.from({ length: 4000 }, () => arena.malloc(10_000));
    for (const block of blocks) fillMemory(block, 1, 10_000);
    const before = residentOf(arena);
    for (let i = 0; i < 1000; i++) arena.free(blocks[i * 4]!);
    // Of 10,000 bytes one page at least is whole; and some are in this Worker's cache at first.
    const wanted = before - 1000 * 4096;
    expect(await falls(() => residentOf(arena), wanted + LEFT)).toBeLessThan(wanted + LEFT);
    arena.check();
  });
});

test("what is freed while a look is pending goes back like everything else", async () => {
  using arena = new Arena();
  const blocks = Array.from({ length: 200 }, () => arena.malloc(60_000));
  for (const block of blocks) arena.free(block);
  await Bun.sleep(290);
  arena.free(arena.malloc(32 * MIB));
  expect(await falls(() => arena.stats().committedBytes, LEFT)).toBeLessThan(LEFT);
});

test("small blocks that an idle Worker keeps go back, although it may keep more", async () => {
  using arena = new Arena({ purgeDelay: 100 });
  const blocks = Array.from({ length: 14_000 }, () => arena.malloc(1500));
  // What was brought for the next requests has gone back; the Worker is watched no more.
  await Bun.sleep(1500);
  const before = arena.stats().committedBytes;
  for (const block of blocks.slice(0, 3000)) arena.free(block);
  expect(arena.stats().cachedBlocks).toBe(3000);
  const wanted = before - 3000 * 1500;
  expect(await falls(() => arena.stats().committedBytes, wanted + LEFT)).toBeLessThan(wanted + LEFT);
});

test("pages that one small block each had kept go back when that is freed too", async () => {
  using arena = new Arena();
  const blocks = Array.from({ length: 300_000 }, () => arena.malloc(56));
  const pages = new Map(blocks.map((block) => [Math.floor(block / 4096), block]));
  const last = new Set<number>(pages.values());
  for (const block of blocks) if (!last.has(block)) arena.free(block);
  await Bun.sleep(1000);
  expect(arena.stats().committedBytes).toBeGreaterThan(15 * MIB);
  for (const block of last) arena.free(block);
  expect(await falls(() => arena.stats().committedBytes, LEFT)).toBeLessThan(LEFT);
});

test("what the system refuses to take back is tried again, and not without pause", () => {
  const { arena, heap, platform } = simulatedArena({ purgeDelay: 200 });
  (arena as unknown as { attachment: { leaveForGood(): void } }).attachment.leaveForGood();
  const blocks = Array.from({ length: 100 }, () => arena.malloc(100_000));
  for (let i = 0; i < 100; i += 2) arena.free(blocks[i]!);
  locked(heap, (held) => releaseKept(held, 0, 0));
  let calls = 0;
  platform.pages.refuse = (call) => call === "release" && ++calls > 0;
  const look = (ms: number) => {
    platform.threads.nowMs += ms;
    return locked(heap, purge);
  };
  look(100);
  for (let turn = 0; turn < 20; turn++) look(100);
  expect(calls).toBeGreaterThan(0);
  expect(calls).toBeLessThan(20);
  platform.pages.refuse = () => false;
  for (let turn = 0; turn < 8; turn++) look(2000);
  expect(arena.stats().committedBytes).toBeLessThan(56 * 101_000);
  arena.check();
});

test("a timer does not wait for the lock, but takes it over from a dead Worker", () => {
  const crew = new Crew({ purgeDelay: 1000 });
  const [idle, busy] = [crew.join(1), crew.join(2)];
  const timerOf = ({ arena }: typeof idle) =>
    (arena as unknown as { attachment: { purgeTimer: { fire(mayDrain: boolean): void; stop(): void } } })
      .attachment.purgeTimer;
  for (const { arena } of [idle, busy]) arena.free(arena.malloc(100));
  const taken: Heap = busy.heap;
  taken.enter();
  timerOf(idle).fire(true);
  expect(idle.heap.isBusy).toBe(true);
  crew.alive.delete(2);
  expect(idle.heap.isBusy).toBe(false);
  timerOf(idle).fire(true);
  expect(idle.arena.stats()).toMatchObject({ takeovers: 1, adoptions: 1 });
  for (const member of [idle, busy]) timerOf(member).stop();
});

test("a program that uses all of its memory again and again keeps it", async () => {
  using arena = new Arena();
  const sizes = Array.from({ length: 40 }, (_, i) => 200_000 + i * 1000);
  const turn = () => {
    for (const block of sizes.map((size) => arena.malloc(size))) arena.free(block);
  };
  turn();
  const { releases } = arena.stats();
  for (const end = performance.now() + 600; performance.now() < end; await Bun.sleep(10)) turn();
  expect(arena.stats().releases - releases).toBeLessThan(5);
});
