/**
 * Where the cells of a run lie (slabs.ts). Places are word indexes, sizes granules.
 *
 *   place in cells:   0                    1      2      3             n
 *                     | words of the run   | cell | cell | ... | cell  | not cut yet ... |
 *
 * Cells lie at multiples of their size from the run's place, so that those of 2^k bytes are aligned to their size; the
 * words of the run take the place of the first ones. A run lies at a multiple of its size, so that a cell finds it by its
 * own place; the first run of a window is what the control block leaves of one.
 */

export const RUN_GRANULES = 4096;
const RUN_WORDS = (RUN_GRANULES * 4) | 0;
/** Granules of the largest cell: a run has at least seven of them. */
export const MOST_GRANULES = 512;
/** Header, the words of a run and a footer fit. */
const LEAST_HEAD_GRANULES = 3;

/** Where a whole run that has this block in it begins. */
export function placeOf(block: number): number {
  return block & ~(RUN_WORDS - 1);
}

/** Where the run behind begins. */
export function endOf(block: number): number {
  return placeOf(block) + RUN_WORDS;
}

/** Granules of a run's first block: up to the first multiple of the cells' size that leaves room for its words. */
export function headOf(run: number, size: number): number {
  const skipped = (run - placeOf(run)) / 4;
  return Math.ceil((skipped + LEAST_HEAD_GRANULES) / size) * size - skipped;
}

/** Cells of a run when all of it is cut; not above 0 if it is too short for them. */
export function cellsIn(run: number, size: number): number {
  return Math.floor(((endOf(run) - run) / 4 - headOf(run, size)) / size);
}
