/**
 * Whether a row's memory is flat: that of the heap's window must not grow at all, that of the rest of the process, for
 * each death, less than a page more than it does with the heap of fixed places. That one's Workers open the same
 * functions of the C library and run under the same oracle: what they leave is the runtime's, and so is what their
 * memory differs by from sample to sample, which is more the more Workers there are.
 */
import type { FaultReport } from "../../crew/assignment.ts";
import { CHANCE_BYTES } from "../../kept-memory.ts";
import { kibibytes, mebibytes } from "../../report/units.ts";
import { growthOf, scatterOf } from "./flatness.ts";
import { DEATHS_PER_AUDIT, type TerminationRow } from "./row.ts";

/** What lives in a heap differs from sample to sample: so much of it may be chance. */
const HEAP_TOLERANCE = 0.25;
/**
 * For each death. All memory of the allocator comes in pages; a larger program leaves more in the runtime than the
 * smallest, but less than a page more.
 */
const PAGE_BYTES = 4096;

export function judgeMemory(row: TerminationRow, runtime: TerminationRow): FaultReport | null {
  const heap = growthOf(row.heapResidentBytes);
  if (heap !== null && heap.bytes > CHANCE_BYTES + heap.firstBytes * HEAP_TOLERANCE) {
    return kept(`${mebibytes(heap.bytes)} more of the heap are resident`, heap.span);
  }
  const rest = growthOf(restOf(row));
  const unavoidable = leftEach(runtime);
  if (rest === null || unavoidable === null) return null;
  const allowedEach = Math.max(0, unavoidable) + PAGE_BYTES;
  const chance = Math.max(CHANCE_BYTES, scatterOf(restOf(runtime)));
  const allowed = chance + allowedEach * rest.span * DEATHS_PER_AUDIT;
  if (rest.bytes <= allowed) return null;
  const what = `${mebibytes(rest.bytes)} more of the process outside of the heap are resident, ${mebibytes(allowed)} are allowed`;
  const why = `the runtime alone leaves ${kibibytes(unavoidable)} each, give or take ${mebibytes(chance)}`;
  return kept(`${what} (${why})`, rest.span);
}

/** Bytes outside of the heap for each death behind the warm-up; null = too few samples. */
export function leftEach(row: TerminationRow): number | null {
  const growth = growthOf(restOf(row));
  return growth === null ? null : growth.bytes / (growth.span * DEATHS_PER_AUDIT);
}

const restOf = ({ residentBytes, heapResidentBytes }: TerminationRow): number[] =>
  residentBytes.map((bytes, i) => bytes - heapResidentBytes[i]!);

const kept = (what: string, samples: number): FaultReport => ({
  kind: "memory-kept",
  message: `${what} after ${samples * DEATHS_PER_AUDIT} terminations`,
});
