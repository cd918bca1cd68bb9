/** When a series of samples counts as memory that is kept. */
import { expect, test } from "bun:test";
import { growthOf } from "../../stress/chaos/terminate/flatness.ts";
import { judgeMemory } from "../../stress/chaos/terminate/memory.ts";
import { createRow, type TerminationRow } from "../../stress/chaos/terminate/row.ts";

const MIB = 2 ** 20;
const SAMPLES = 40;

/** Noise of 1 MiB on a line. */
function row(heapMibEach: number, restMibEach: number): TerminationRow {
  const made = createRow("row");
  for (let i = 0; i < SAMPLES; i++) {
    const heap = (20 + (i % 2) + heapMibEach * i) * MIB;
    made.heapResidentBytes.push(heap);
    made.residentBytes.push(heap + (200 + (i % 2) + restMibEach * i) * MIB);
  }
  return made;
}

test("too few samples: not judged", () => {
  expect(growthOf([1, 2, 3, 4, 5, 6])).toBeNull();
});

test("a warm-up that ends does not count", () => {
  expect(growthOf([0, 50, 80, 100, ...Array(16).fill(100)])).toMatchObject({ bytes: 0, firstBytes: 100 });
});

test("flat: no fault", () => {
  expect(judgeMemory(row(0, 0), row(0, 0))).toBeNull();
});

test("the heap grows", () => {
  expect(judgeMemory(row(1, 0), row(0, 0))).toMatchObject({ kind: "memory-kept" });
});

test("the process grows: a fault unless it does so without the heap", () => {
  expect(judgeMemory(row(0, 1), row(0, 0))).toMatchObject({ kind: "memory-kept" });
  expect(judgeMemory(row(0, 1), row(0, 1))).toBeNull();
});
