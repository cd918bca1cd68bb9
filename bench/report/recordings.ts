/** What a run of `bun run bench:recordings` found, as it stands in the result file, and what it must reach. */
import { comparisons, largestOf, meanOf, over, ratios } from "./ratios.ts";
import type { Results, RowResult } from "./results.ts";
import { type Target, target } from "./targets.ts";

export interface RecordingResult {
  readonly name: string;
  /** Calls of a pass, with the frees at its end. */
  readonly operations: number;
  /** The same of the first pass. */
  readonly coldOperations: number;
}

/** Each list has a row for each recording. */
export interface RecordingsResults extends Omit<Results, "rows" | "seed"> {
  readonly touch: boolean;
  /** Operations of a recording in the first pass, at most. */
  readonly firstOperations: number;
  readonly recordings: readonly RecordingResult[];
  /** Nanoseconds an operation when all is compiled. */
  readonly warm: readonly RowResult[];
  /** Nanoseconds an operation in the first pass of a process. */
  readonly cold: readonly RowResult[];
  /** Nanoseconds until the contender was there: the import of Husky, or opening the library. */
  readonly opening: readonly RowResult[];
}

const WARM_MEAN = 0.85;
const WARM_LARGEST = 1.2;
const COLD_MEAN = 2;
export const mimalloc = over("mimalloc");

export function recordingsTargets(results: RecordingsResults): Target[] {
  const [best] = comparisons(results);
  const warm = ifWhole(results.warm, ratios(results.warm, best!));
  const cold = ifWhole(results.cold, ratios(results.cold, mimalloc));
  return [
    target("warm: geometric mean of husky / best by FFI", meanOf(warm), WARM_MEAN),
    target("warm: largest husky / best by FFI", largestOf(warm), WARM_LARGEST),
    target("cold: geometric mean of husky / mimalloc", meanOf(cold), COLD_MEAN),
    target("cold: largest husky / mimalloc", largestOf(cold), null),
  ];
}

/** Nothing where a row is missing: what a contender broke down in must not make its mean better. */
export const ifWhole = <Value>(rows: readonly RowResult[], values: readonly Value[]): readonly Value[] =>
  values.length < rows.length ? [] : values;
