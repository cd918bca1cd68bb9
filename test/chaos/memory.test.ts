/** When a series of samples counts as memory that is kept. */
import { expect, test } from "bun:test";
import { growthOf, scatterOf } from "../../stress/chaos/terminate/flatness.ts";
import { judgeMemory, leftEach } from "../../stress/chaos/terminate/memory.ts";
import { createRow, DEATHS_PER_AUDIT, type TerminationRow } from "../../stress/chaos/terminate/row.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const SAMPLES = 40;

/** Noise of 1 MiB on a line; what each of the hundred deaths between two samples leaves, in KiB. */
function row(heapKibEach: number, restKibEach: number, samples = SAMPLES): TerminationRow {
  const made = createRow("row");
  for (let i = 0; i < samples; i++) {
    const deaths = i * DEATHS_PER_AUDIT;
    const heap = (20 + (i % 2)) * MIB + heapKibEach * deaths * KIB;
    made.heapResidentBytes.push(heap);
    made.residentBytes.push(heap + (200 + (i % 2)) * MIB + restKibEach * deaths * KIB);
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
  expect(judgeMemory(row(10, 0), row(0, 0))).toMatchObject({ kind: "memory-kept" });
});

test("the process grows: a fault unless it does so without the heap", () => {
  expect(judgeMemory(row(0, 10), row(0, 0))).toMatchObject({ kind: "memory-kept" });
  expect(judgeMemory(row(0, 10), row(0, 10))).toBeNull();
  expect(leftEach(row(0, 10))! / KIB).toBeCloseTo(10, 0);
});

test("what the runtime's own samples differ by is chance, and no more", () => {
  expect(scatterOf([90, 10, 12, 9, 13, 14])).toBe(4);
  const quiet = row(0, 0);
  const uneven = row(0, 0);
  uneven.residentBytes.forEach((bytes, i, all) => {
    all[i] = bytes + (i % 2) * 20 * MIB;
  });
  // 36 samples from the middle of one quarter to the middle of another are 24 apart: 9.4 MiB of pages, and chance.
  expect(judgeMemory(row(0, 8), quiet)).toMatchObject({ kind: "memory-kept" });
  expect(judgeMemory(row(0, 8), uneven)).toBeNull();
  expect(judgeMemory(row(0, 16), uneven)).toMatchObject({ kind: "memory-kept" });
});

test("two pages a death beyond what the runtime leaves are found in a long run, half a page is none", () => {
  const runtime = row(0, 3);
  expect(judgeMemory(row(0, 3 + 8, 50), runtime)).toMatchObject({ kind: "memory-kept" });
  expect(judgeMemory(row(0, 3 + 2, 500), runtime)).toBeNull();
});
