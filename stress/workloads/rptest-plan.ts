/**
 * The tables of rptest: sizes, and how many operations each loop does. The original's numbers are uniform too; these
 * come from xorshift32 with fixed seeds, so that every run of every contender asks for the same.
 */
import { Random } from "../random.ts";

const LEAST_BYTES = 8;
const MOST_BYTES = 16_000;
const RANDOMS = 2000;
/** Percentages of the loop's operations, in tables whose lengths have no common divisor. */
const ALLOCATION_LOOPS = 311;
const FREE_LOOPS = 257;

export interface RptestPlan {
  /** Linear: the smaller, the more often. */
  readonly sizes: Int32Array;
  readonly allocationPercent: Int32Array;
  readonly freePercent: Int32Array;
}

export function planRptest(): RptestPlan {
  const random = new Random(2017);
  const even = Float64Array.from(
    { length: RANDOMS },
    () =>
      Math.round((random.below(100_000) / 100_000) * (MOST_BYTES - LEAST_BYTES)) / (MOST_BYTES - LEAST_BYTES),
  );
  const sizes = new Int32Array(RANDOMS);
  for (let i = 0; i < RANDOMS; i++) {
    const a = even[i]!;
    const b = even[(i + 1) % RANDOMS]!;
    const c = even[(i + 2) % RANDOMS]!;
    sizes[i] = LEAST_BYTES + Math.floor(c * (MOST_BYTES - LEAST_BYTES) * Math.abs(1 - a - b));
  }
  const percent = (length: number) => Int32Array.from({ length }, () => random.between(30, 99));
  return { sizes, allocationPercent: percent(ALLOCATION_LOOPS), freePercent: percent(FREE_LOOPS) };
}
