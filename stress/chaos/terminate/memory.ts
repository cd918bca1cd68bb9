/**
 * Whether a row's memory is flat: that of the heap's window must not grow at all, that of the rest of the process no
 * more for each death than it does with the heap of fixed places.
 */
import type { FaultReport } from "../../crew/assignment.ts";
import { mebibytes } from "../../report/units.ts";
import { RSS_TOLERANCE_BYTES } from "../../session.ts";
import { growthOf } from "./flatness.ts";
import { DEATHS_PER_AUDIT, type TerminationRow } from "./row.ts";

/** What lives in a heap differs from sample to sample: so much of it may be chance. */
const HEAP_TOLERANCE = 0.25;
/** Code and counters of larger workloads leave more in the runtime than those of the smallest. */
const RUNTIME_FACTOR = 2;

export function judgeMemory(row: TerminationRow, runtime: TerminationRow): FaultReport | null {
  const heap = growthOf(row.heapResidentBytes);
  if (heap !== null && heap.bytes > RSS_TOLERANCE_BYTES + heap.firstBytes * HEAP_TOLERANCE) {
    return kept(`${mebibytes(heap.bytes)} more of the heap are resident`, heap.span);
  }
  const rest = growthOf(restOf(row));
  const allowed = growthOf(restOf(runtime));
  if (rest === null || allowed === null) return null;
  const perSample = (RUNTIME_FACTOR * Math.max(0, allowed.bytes)) / allowed.span;
  if (rest.bytes <= RSS_TOLERANCE_BYTES + perSample * rest.span) return null;
  return kept(`${mebibytes(rest.bytes)} more of the process outside of the heap are resident`, rest.span);
}

const restOf = ({ residentBytes, heapResidentBytes }: TerminationRow): number[] =>
  residentBytes.map((bytes, i) => bytes - heapResidentBytes[i]!);

const kept = (what: string, samples: number): FaultReport => ({
  kind: "memory-kept",
  message: `${what} after ${samples * DEATHS_PER_AUDIT} terminations`,
});
