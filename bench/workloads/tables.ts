/** The figures for people: speed, memory, scaling, targets. Every row is there, also the bad ones. */
import Table from "cli-table3";
import { mebibytes, rate } from "../../stress/report/units.ts";
import type { ContenderName } from "./contenders.ts";
import {
  bestForeign,
  geometricMean,
  memoryWorkloads,
  type Row,
  ratio,
  ratios,
  type Sample,
  scaling,
  targets,
} from "./summary.ts";

const style = { head: [], border: [], compact: true };
const FOUND_WIDTH = 60;
const twoDigits = (value: number | null): string => (value === null ? "-" : value.toFixed(2));

function cell(sample: Sample | undefined, show: (sample: Sample) => string): string {
  if (sample === undefined) return "-";
  return sample.operationsPerSecond === 0 ? "failed" : show(sample);
}

export function describeSpeed(rows: readonly Row[], names: readonly ContenderName[]): string {
  const table = new Table({
    head: ["operations/s", "Workers", ...names, "best other", "husky / best", "by CPU time"],
    style,
  });
  for (const row of rows) {
    const mark = memoryWorkloads.includes(row.workload) ? " *" : "";
    table.push([
      row.workload + mark,
      `${row.workers}`,
      ...names.map((name) => cell(row.samples[name], (sample) => rate(sample.operationsPerSecond))),
      bestForeign(row) ?? "-",
      twoDigits(ratio(row)),
      twoDigits(ratio(row, "operationsPerCpuSecond")),
    ]);
  }
  for (const workers of new Set(rows.map((row) => row.workers))) {
    const values = [...ratios(rows, workers).values()];
    if (values.length === 0) continue;
    const byCpu = [...ratios(rows, workers, "operationsPerCpuSecond").values()];
    const means = [values, byCpu].map((list) => twoDigits(geometricMean(list)));
    table.push([`geometric mean of ${values.length}`, `${workers}`, ...names.map(() => ""), "", ...means]);
  }
  return `${table}\n* judges memory and is in no mean: mleak mostly starts or attaches Workers, in frag only husky has a limit`;
}

export function describePeaks(rows: readonly Row[], names: readonly ContenderName[]): string {
  const table = new Table({ head: ["peak RSS over idle", "Workers", ...names], style });
  for (const row of rows) {
    const peaks = names.map((name) => cell(row.samples[name], (sample) => mebibytes(sample.peakRssBytes)));
    table.push([row.workload, `${row.workers}`, ...peaks]);
  }
  return table.toString();
}

export function describeScaling(rows: readonly Row[], names: readonly ContenderName[]): string {
  const table = new Table({ head: ["from 1 to 2 Workers", ...names], style });
  for (const workload of new Set(rows.map((row) => row.workload))) {
    const factors = names.map((name) => scaling(rows, workload, name));
    if (factors.some((factor) => factor !== null)) table.push([workload, ...factors.map(twoDigits)]);
  }
  return table.toString();
}

export function describeTargets(rows: readonly Row[]): string {
  const table = new Table({
    head: ["target", "wanted", "found", ""],
    colWidths: [null, null, FOUND_WIDTH, null],
    wordWrap: true,
    style,
  });
  for (const { name, wanted, found, reached } of targets(rows)) {
    table.push([
      name,
      wanted,
      found,
      reached === null ? "not measured" : reached ? "reached" : "NOT reached",
    ]);
  }
  return table.toString();
}
