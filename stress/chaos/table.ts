/** A table of a chaos mode: the first and the last column are words, the others are numbers. */
import Table from "cli-table3";
import pc from "picocolors";
import type { FaultReport } from "../crew/assignment.ts";

export function describeRows(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (column === 0 || column === head.length - 1 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

export const describeRowFault = (fault: FaultReport | null): string =>
  fault === null ? pc.green("none") : pc.red(fault.kind);
