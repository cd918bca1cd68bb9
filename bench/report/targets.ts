/** What Husky's speed must reach, and whether it does. */
import { comparisons, largestOf, meanRatio, ratios, singleRows } from "./ratios.ts";
import { nsOf, type Results } from "./results.ts";

export interface Target {
  readonly name: string;
  /** null: the run has not the rows or contenders for it. */
  readonly value: number | null;
  /** null: reported only. */
  readonly most: number | null;
  readonly reached: boolean | null;
}

export function verdictOf({ value, reached }: Target): string {
  if (value === null) return "not measured";
  if (reached === null) return "";
  return reached ? "reached" : "not reached";
}

const MEAN_OF_BEST = 0.55;
const GROWTH = 2.5;
/** For what should make no difference: room for the noise of a run. */
const NOISE = 1.15;

export function target(name: string, value: number | undefined, most: number | null): Target {
  const known = value !== undefined;
  return { name, value: value ?? null, most, reached: known && most !== null ? value <= most : null };
}

export function targets(results: Results): Target[] {
  const rows = singleRows(results);
  const [best, ...single] = comparisons(results);
  const mean = (name: string) => {
    const comparison = single.find((other) => other.name === name);
    return comparison && meanRatio(rows, comparison);
  };
  const between = (row: string, base: string) => {
    const [ns, baseNs] = [row, base].map((name) => {
      const found = results.rows.find((candidate) => candidate.name === name);
      return found && nsOf(found, "husky");
    });
    return ns === undefined || baseNs === undefined ? undefined : ns / baseNs;
  };
  const small = "replacement, 1 k live";
  return [
    target("one Worker: geometric mean of husky / best by FFI", meanRatio(rows, best!), MEAN_OF_BEST),
    target("one Worker: largest husky / best by FFI", largestOf(ratios(rows, best!)), 1),
    target("one Worker: geometric mean of husky / C glibc", mean("C glibc"), 1),
    target("one Worker: geometric mean of husky / C mimalloc", mean("C mimalloc"), null),
    target("one Worker: geometric mean of husky / C tcmalloc", mean("C tcmalloc"), null),
    target("1 M live / 1 k live", between("replacement, 1 M live", small), GROWTH),
    target("256 k free blocks / none", between("replacement, 1 k live, 256 k free", small), NOISE),
    target("2 Workers / 1 Worker, time an operation", scaling(results), null),
  ];
}

function scaling({ rows }: Results): number | undefined {
  const [one, two] = [1, 2].map((workers) => {
    const row = rows.find(
      (candidate) => candidate.workers === workers && !candidate.name.startsWith("cross"),
    );
    return row && nsOf(row, "husky");
  });
  return one === undefined || two === undefined ? undefined : two / one;
}
