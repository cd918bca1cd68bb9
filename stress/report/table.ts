/** The table and the verdict at the end, for people. */
import Table from "cli-table3";
import pc from "picocolors";
import type { FaultReport } from "../crew/assignment.ts";
import { allowedBytes } from "../kept-memory.ts";
import type { SessionResult } from "../session.ts";
import type { RunResult } from "../workload-run.ts";
import { count, mebibytes, rate } from "./units.ts";

const columns = [
  "workload",
  "op/s",
  "operations",
  "turns",
  "peak live",
  "peak committed",
  "RSS start",
  "RSS peak",
  "RSS end",
  "fault",
];

export function describeRuns(runs: readonly RunResult[]): string {
  const table = new Table({
    head: columns,
    colAligns: columns.map((_, column) => (column === 0 || column === columns.length - 1 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const run of runs) {
    table.push([
      run.label,
      rate(run.operations / Math.max(run.seconds, 0.001)),
      count(run.operations),
      count(run.turns),
      mebibytes(run.peakLiveBytes),
      run.peakCommittedBytes === null ? "-" : mebibytes(run.peakCommittedBytes),
      mebibytes(run.rssStartBytes),
      mebibytes(run.peakRssBytes),
      mebibytes(run.rssEndBytes),
      run.fault === null ? pc.green("none") : pc.red(run.fault.kind),
    ]);
  }
  return table.toString();
}

export function describeMemory({ runs, memory }: SessionResult): string {
  const { rssBaseBytes, rssEndBytes, workers, runtime } = memory;
  const more = mebibytes(rssEndBytes - rssBaseBytes);
  const lines = [`RSS ${mebibytes(rssBaseBytes)} before, ${mebibytes(rssEndBytes)} after: ${more} more`];
  if (runtime !== null) {
    const share = `${runtime.workers} Workers without the heap left ${mebibytes(runtime.keptBytes)}`;
    lines.push(`allowed ${mebibytes(allowedBytes(runtime, workers))} for ${workers} Workers: ${share}`);
  }
  const last = runs.at(-1);
  if (last?.committedBytes != null) {
    const resident = last.heapResidentBytes === null ? "" : `${mebibytes(last.heapResidentBytes)} resident, `;
    lines.push(`heap, empty and trimmed: ${resident}${mebibytes(last.committedBytes)} committed`);
  }
  return lines.join("\n");
}

/** What a command without a fault has shown. */
export function verdictOf(session: SessionResult | null): string {
  if (session === null) return "every planted fault was detected";
  const operations = session.runs.reduce((sum, run) => sum + run.operations, 0);
  return `no fault in ${count(operations)} operations`;
}

export const describePass = (verdict: string): string => `${pc.green("passed")}: ${verdict}`;

export function describeFault(fault: FaultReport, session: SessionResult | null): string {
  const run = session?.runs.find((run) => run.fault !== null);
  return `${pc.red("fault")} ${fault.kind}${run ? ` in ${run.label}` : ""}: ${fault.message}`;
}
