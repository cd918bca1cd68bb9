/** How Husky compares: its time over somebody else's, row by row and in geometric mean. Below 1 is quicker. */
import { nsOf, type Results, type RowResult } from "./results.ts";

export interface Comparison {
  readonly name: string;
  /** The other's nanoseconds in this row, and who it was. */
  other(row: RowResult): { readonly name: string; readonly ns: number } | undefined;
}

/** Against the best of the allocators that FFI reaches, against each in C, and against another revision. */
export function comparisons({ contenders }: Pick<Results, "contenders">): Comparison[] {
  const used = contenders.filter(({ version }) => version !== null);
  const reached = used.filter(({ kind }) => kind === "ffi").map(({ name }) => name);
  const single = used.filter(({ kind, name }) => kind === "native" || name.startsWith("husky@"));
  return [
    { name: "best by FFI", other: (row) => bestOf(row, reached) },
    ...single.map(({ name }) => over(name)),
  ];
}

/** Against one of them. */
export const over = (name: string): Comparison => ({ name, other: (row) => bestOf(row, [name]) });

function bestOf(row: RowResult, names: readonly string[]) {
  let best: { name: string; ns: number } | undefined;
  for (const name of names) {
    const ns = nsOf(row, name);
    if (ns !== undefined && (best === undefined || ns < best.ns)) best = { name, ns };
  }
  return best;
}

/** Husky's time, or another contender's, over that of `comparison`; undefined if one of the cells is empty. */
export function ratio(row: RowResult, comparison: Comparison, who = "husky"): number | undefined {
  const ns = nsOf(row, who);
  const other = comparison.other(row);
  return ns === undefined || other === undefined ? undefined : ns / other.ns;
}

/** Of the rows that have it. */
export function ratios(rows: readonly RowResult[], comparison: Comparison): number[] {
  return rows.map((row) => ratio(row, comparison)).filter((value) => value !== undefined);
}

/** Over the rows that have the ratio; undefined without any. */
export const meanRatio = (rows: readonly RowResult[], comparison: Comparison): number | undefined =>
  meanOf(ratios(rows, comparison));

/** undefined without any value. */
export const meanOf = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : geometricMean(values);

/** undefined without any value. */
export const largestOf = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : Math.max(...values);

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Rows of the main thread. */
export const singleRows = ({ rows }: Results): RowResult[] => rows.filter(({ workers }) => workers === 0);
