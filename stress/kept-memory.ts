/**
 * Whether memory was kept after everything was freed: of the heap exactly, by what the kernel says about its own pages;
 * of the process by comparison with what the runtime keeps without the heap (docs/stress.md, "Memory after the runs").
 */
import type { FaultReport } from "./crew/assignment.ts";
import { mebibytes } from "./report/units.ts";

/** What an empty heap may hold for itself: its control block, of which each Worker of a run touches a page or two. */
export const EMPTY_HEAP_BYTES: number = 2 ** 20;

/** What two measurements of the process may differ by, whatever ran in between. */
export const CHANCE_BYTES: number = 8 * 2 ** 20;

/** Of a heap that was trimmed and in which nothing is live. */
export interface EmptyHeap {
  /** Its own count. */
  readonly committedBytes: number;
  /** The kernel's; null = the system does not tell. */
  readonly residentBytes: number | null;
}

export function judgeHeap({ committedBytes, residentBytes }: EmptyHeap): FaultReport | null {
  if (Math.max(committedBytes, residentBytes ?? 0) <= EMPTY_HEAP_BYTES) return null;
  const resident = residentBytes === null ? "" : `${mebibytes(residentBytes)} of its pages are resident, `;
  const allowed = `${mebibytes(EMPTY_HEAP_BYTES)} is allowed for its control block`;
  const what = `the heap is empty and trimmed: ${resident}${mebibytes(committedBytes)} are committed`;
  return { kind: "memory-kept", message: `${what}; ${allowed}` };
}

/** What Workers of this process left in it that did the same on a heap that gives everything back. */
export interface RuntimeShare {
  readonly keptBytes: number;
  readonly workers: number;
}

/**
 * In proportion to the Workers, but not less than the share itself: how many there are at a time counts for more than
 * how many there were, and runs of a few large Workers leave as much as many small ones.
 */
export function allowedBytes({ keptBytes, workers }: RuntimeShare, workersJudged: number): number {
  return CHANCE_BYTES + Math.max(0, keptBytes) * Math.max(1, workersJudged / workers);
}

export function judgeProcess(keptBytes: number, workers: number, share: RuntimeShare): FaultReport | null {
  const allowed = allowedBytes(share, workers);
  if (keptBytes <= allowed) return null;
  const what = `${mebibytes(keptBytes)} more of the process are resident than before, ${mebibytes(allowed)} are allowed`;
  const why = `${mebibytes(allowed - CHANCE_BYTES)} for ${workers} Workers, as ${share.workers} without the heap left ${mebibytes(share.keptBytes)}, and ${mebibytes(CHANCE_BYTES)}`;
  return { kind: "memory-kept", message: `${what}: ${why}` };
}
