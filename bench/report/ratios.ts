/** How Husky compares: its time over somebody else's, row by row and in geometric mean. Below 1 is quicker. */
import { nsOf, type Results, type RowResult } from "./results.ts";

export interface Comparison {
  readonly name: string;
  /** The other's nanoseconds in this row, and who it was. */
  other(row: RowResult): { readonly name: string; readonly ns: number } | undefined;
}

/** Against the best of the allocators that FFI reaches, against each in C, and against another revision. */
export function comparisons(results: Results): Comparison[] {
  const used = results.contenders.filter(({ version }) => version !== null);
  const reached = used.filter(({ kind }) => kind === "ffi").map(({ name }) => name);
  const one = (name: string): Comparison => ({ name, other: (row) => bestOf(row, [name]) });
  const single = used.filter(({ kind, name }) => kind === "native" || name.startsWith("husky@"));
  return [
    { name: "best by FFI", other: (row) => bestOf(row, reached) },
    ...single.map(({ name }) => one(name)),
  ];
}

function bestOf(row: RowResult, names: readonly string[]) {
  let best: { name: string; ns: number } | undefined;
  for (const name of names) {
    const ns = nsOf(row, name);
    if (ns !== undefined && (best === undefined || ns < best.ns)) best = { name, ns };
  }
  return best;
}

/** Husky's time over the other's; undefined if one of the cells is empty. */
export function ratio(row: RowResult, comparison: Comparison): number | undefined {
  const ns = nsOf(row, "husky");
  const other = comparison.other(row);
  return ns === undefined || other === undefined ? undefined : ns / other.ns;
}

/** Over the rows that have the ratio; undefined without any. */
export function meanRatio(rows: readonly RowResult[], comparison: Comparison): number | undefined {
  const ratios = rows.map((row) => ratio(row, comparison)).filter((value) => value !== undefined);
  return ratios.length === 0 ? undefined : geometricMean(ratios);
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Rows of the main thread. */
export const singleRows = ({ rows }: Results): RowResult[] => rows.filter(({ workers }) => workers === 0);
