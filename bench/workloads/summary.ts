/** From medians to ratios, means and targets. */
import type { ContenderName } from "./contenders.ts";

export interface Sample {
  /** 0: the measurement failed. */
  readonly operationsPerSecond: number;
  /** Of the whole process: counts the compilers and the collector too, and does not depend on what else runs. */
  readonly operationsPerCpuSecond: number;
  /** Above the peak of a process whose Workers do nothing. */
  readonly peakRssBytes: number;
  readonly secondsPerTurn: number;
}

/** One workload on one number of Workers. */
export interface Row {
  readonly workload: string;
  readonly workers: number;
  readonly samples: Partial<Record<ContenderName, Sample>>;
}

export interface Target {
  readonly name: string;
  readonly wanted: string;
  readonly found: string;
  /** null: not measured. */
  readonly reached: boolean | null;
}

/**
 * Rows that judge memory, and count for no target of speed: in mleak, starting and attaching Workers drown the rest,
 * and in frag Husky alone works under a limit.
 */
export const memoryWorkloads: readonly string[] = ["mleak", "mleak-cheap", "frag", "frag-tight"];
/** A workload scales at all if one contender becomes so many times as fast on two Workers. */
const SCALES_AT_ALL = 1.5;
const TWO = 2;
const SLOWEST = 0.9;

/** What rows are compared by. */
export type Speed = "operationsPerSecond" | "operationsPerCpuSecond";

export function speed(row: Row, name: ContenderName, by: Speed = "operationsPerSecond"): number {
  return row.samples[name]?.[by] ?? 0;
}

/** The fastest of the others; null where there is none. */
export function bestForeign(row: Row, by?: Speed): ContenderName | null {
  const names = Object.keys(row.samples) as ContenderName[];
  const others = names.filter((name) => name !== "husky" && speed(row, name, by) > 0);
  return others.sort((a, b) => speed(row, b, by) - speed(row, a, by))[0] ?? null;
}

/** Husky's speed over that of the best other; null where either is missing. */
export function ratio(row: Row, by?: Speed): number | null {
  const best = bestForeign(row, by);
  if (best === null || row.samples.husky === undefined) return null;
  return speed(row, "husky", by) / speed(row, best, by);
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Ratios of the rows that count for speed. */
export function ratios(rows: readonly Row[], workers: number, by?: Speed): Map<string, number> {
  const counted = rows.filter((row) => row.workers === workers && !memoryWorkloads.includes(row.workload));
  return new Map(
    counted.flatMap((row) => {
      const value = ratio(row, by);
      return value === null ? [] : [[row.workload, value] as const];
    }),
  );
}

/** How much faster a contender is on two Workers than on one; null where it was not measured on both. */
export function scaling(rows: readonly Row[], workload: string, name: ContenderName): number | null {
  const on = (workers: number) => rows.find((row) => row.workload === workload && row.workers === workers);
  const one = on(1);
  const two = on(TWO);
  if (one === undefined || two === undefined || speed(one, name) === 0) return null;
  return speed(two, name) / speed(one, name);
}

export function targets(rows: readonly Row[]): Target[] {
  const two = ratios(rows, TWO);
  const many = [...new Set(rows.map((row) => row.workers))].filter((workers) => workers >= TWO);
  const mean = geometricMean([...two.values()]);
  const scalable = [...new Set(rows.map((row) => row.workload))].filter((workload) =>
    (Object.keys(rows[0]!.samples) as ContenderName[]).some(
      (name) => (scaling(rows, workload, name) ?? 0) >= SCALES_AT_ALL,
    ),
  );
  const slow = scalable.filter((workload) => (scaling(rows, workload, "husky") ?? 0) < 1.8);
  return [
    {
      name: "2 Workers: over the best of the others, geometric mean",
      wanted: "at least 1.30",
      found: two.size === 0 ? "-" : mean.toFixed(2),
      reached: two.size === 0 ? null : mean >= 1.3,
    },
    ...many.map((workers) => noneBelow(ratios(rows, workers), workers)),
    {
      name: "from 1 to 2 Workers, where anybody scales",
      wanted: "at least 1.80",
      found:
        slow.map((name) => `${name} ${(scaling(rows, name, "husky") ?? 0).toFixed(2)}`).join(", ") || "all",
      reached: scalable.length === 0 ? null : slow.length === 0,
    },
    ...["collatz-list", "collatz-ivec"].map((workload) => overLibc(rows, workload)),
  ];
}

function noneBelow(values: Map<string, number>, workers: number): Target {
  const below = [...values].filter(([, value]) => value < SLOWEST);
  return {
    name: `${workers} Workers: no workload slower than the best of the others by more than a tenth`,
    wanted: `none below ${SLOWEST.toFixed(2)}`,
    found: below.map(([name, value]) => `${name} ${value.toFixed(2)}`).join(", ") || "none",
    reached: values.size === 0 ? null : below.length === 0,
  };
}

function overLibc(rows: readonly Row[], workload: string): Target {
  const row = rows.find((candidate) => candidate.workload === workload);
  const times = row && speed(row, "libc") > 0 ? speed(row, "husky") / speed(row, "libc") : null;
  const seconds = (name: ContenderName) => `${(row?.samples[name]?.secondsPerTurn ?? 0).toFixed(2)} s`;
  return {
    name: `${workload}, N = 10000: over libc`,
    wanted: "at least 1.30",
    found: times === null ? "-" : `${times.toFixed(2)} (${seconds("husky")}, libc ${seconds("libc")})`,
    reached: times === null ? null : times >= 1.3,
  };
}
