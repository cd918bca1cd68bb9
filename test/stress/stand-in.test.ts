/** The heap without Husky: right under the oracle, and nothing of it stays. */
import { expect, test } from "bun:test";
import { bytesAt, fillMemory } from "../../native/raw-memory.ts";
import { createStandIn, openStandIn } from "../../stress/allocators/stand-in.ts";
import { auditHeap, createFigures, runCrew } from "../../stress/crew/crew.ts";
import { createPatternMemory } from "../../stress/oracle/pattern.ts";
import { createShadowMemory } from "../../stress/oracle/shadow.ts";
import { trimmedRss } from "../../stress/report/rss.ts";
import { findWorkload } from "../../stress/workloads/catalogue.ts";

const MIB = 2 ** 20;
const LARGEST_BYTES = 4 * MIB;

for (const name of ["churn", "larson", "producer-consumer"]) {
  test(`${name} on three Workers: no fault, nothing live`, async () => {
    const { choice, dispose } = createStandIn(3);
    const oracle = { shadow: createShadowMemory(1024), pattern: createPatternMemory(5) };
    const figures = createFigures();
    const common = { recording: undefined, tasks: 0, workers: 3, seconds: 0.2, seed: 7, watchdogSeconds: 10 };
    await runCrew({ ...common, workload: findWorkload(name), allocator: choice, oracle }, figures, () => {});
    expect(figures.operations).toBeGreaterThan(1000);
    expect(figures.workers).toBeGreaterThanOrEqual(3);
    expect(await auditHeap(choice, 10)).toMatchObject({ liveBlocks: 0 });
    dispose();
  });
}

test("blocks of no bytes, of the largest size, beyond it, and no room", () => {
  const { choice, dispose } = createStandIn(1);
  const heap = openStandIn(choice);
  const [a, b] = [heap.malloc(0), heap.malloc(0)];
  expect(heap.usableSize(a)).toBe(16);
  expect(b).not.toBe(a);
  expect(heap.malloc(LARGEST_BYTES + 1)).toBe(0);
  expect(heap.malloc(2 ** 40)).toBe(0);
  heap.free(0);
  const large: number[] = [];
  for (let block = heap.malloc(LARGEST_BYTES); block !== 0; block = heap.malloc(LARGEST_BYTES))
    large.push(block);
  expect(large.length).toBeGreaterThan(50);
  expect(large.every((block) => block % LARGEST_BYTES === 0)).toBe(true);
  for (const block of [a, b, ...large]) heap.free(block);
  expect(heap.malloc(LARGEST_BYTES)).toBe(large.at(-1)!);
  dispose();
});

test("realloc keeps the bytes, calloc clears them", () => {
  const { choice, dispose } = createStandIn(1);
  const heap = openStandIn(choice);
  const block = heap.realloc(0, 100);
  fillMemory(block, 7, 100);
  expect(heap.realloc(block, 128)).toBe(block);
  const moved = heap.realloc(block, 1000);
  expect(bytesAt(moved, 100).every((byte) => byte === 7)).toBe(true);
  expect(heap.calloc(4, 32)).toBe(block);
  expect(bytesAt(block, 128).every((byte) => byte === 0)).toBe(true);
  dispose();
});

test("all of its memory goes back to the system", () => {
  const { choice, dispose } = createStandIn(1);
  const heap = openStandIn(choice);
  const before = trimmedRss();
  for (let block = 0; block < 16; block++) fillMemory(heap.malloc(LARGEST_BYTES), 1, LARGEST_BYTES);
  expect(trimmedRss() - before).toBeGreaterThan(40 * MIB);
  dispose();
  expect(trimmedRss() - before).toBeLessThan(4 * MIB);
});
