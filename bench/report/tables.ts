/** The tables on the terminal. All rows are there, the bad ones too. */
import Table from "cli-table3";
import { type Comparison, comparisons, meanRatio, ratio, singleRows } from "./ratios.ts";
import type { Cell, Results, RowResult } from "./results.ts";
import { type Target, verdictOf } from "./targets.ts";

/** Three digits: 4.56, 45.6, 456, 4.56 k. */
export function nanoseconds(ns: number): string {
  if (ns >= 1e6) return `${(ns / 1e6).toPrecision(3)} M`;
  if (ns >= 1000) return `${(ns / 1000).toPrecision(3)} k`;
  return ns.toPrecision(3);
}

const show = (value: number | undefined): string => (value === undefined ? "-" : value.toFixed(2));

export function newTable(head: readonly string[]) {
  const colAligns = head.map((_, column) => (column === 0 ? ("left" as const) : ("right" as const)));
  return new Table({ head: [...head], colAligns, style: { head: [], border: [], compact: true } });
}

/** Nanoseconds an operation; the reasons of empty cells stand below. */
export function describeTimes(results: Results, names: readonly string[]): string {
  const table = newTable(["ns an operation", ...names]);
  const reasons = new Map<string, number>();
  const noted = (reason: string) => {
    if (!reasons.has(reason)) reasons.set(reason, reasons.size + 1);
    return `(${reasons.get(reason)})`;
  };
  const text = (cell: Cell) => ("ns" in cell ? nanoseconds(cell.ns) : noted(cell.reason));
  for (const row of results.rows) table.push([row.name, ...names.map((name) => text(row.cells[name]!))]);
  const notes = [...reasons].map(([reason, number]) => `(${number}) ${reason}`);
  return [table.toString(), ...notes].join("\n");
}

/** Husky over others, with geometric means. */
export function describeRatios(results: Results): string {
  const columns = comparisons(results);
  const table = newTable(["husky over", ...columns.map(({ name }) => name)]);
  for (const row of results.rows) table.push([row.name, ...columns.map((column) => withBest(row, column))]);
  const means = (label: string, rows: readonly RowResult[]) =>
    table.push([label, ...columns.map((column) => show(meanRatio(rows, column)))]);
  means("geometric mean, one Worker", singleRows(results));
  means("geometric mean, all rows", results.rows);
  return table.toString();
}

function withBest(row: RowResult, column: Comparison): string {
  const value = show(ratio(row, column));
  const other = column.other(row);
  return other === undefined || other.name === column.name ? value : `${value} ${other.name}`;
}

export function describeTargets(targets: readonly Target[]): string {
  const table = newTable(["target", "value", "at most", ""]);
  for (const target of targets) {
    const [value, most] = [target.value ?? undefined, target.most ?? undefined].map(show);
    table.push([target.name, value, most, verdictOf(target)]);
  }
  return table.toString();
}
