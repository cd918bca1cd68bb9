/** What a run of `bun run bench` found, as it stands in the result file. */
import type { Kind } from "../contenders/contender.ts";
import { median, type Outcome } from "../rounds.ts";

export interface Results {
  /** Repeats the run. */
  readonly command: string;
  readonly seed: number;
  readonly rounds: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: { readonly processor: string; readonly cores: number; readonly system: string };
  readonly contenders: readonly ContenderResult[];
  readonly rows: readonly RowResult[];
}

export interface ContenderResult {
  readonly name: string;
  readonly kind: Kind;
  /** null: it could not be used, `missing` says why. */
  readonly version: string | null;
  readonly missing?: string;
}

export interface RowResult {
  readonly name: string;
  readonly unit: string;
  readonly workers: number;
  readonly cells: Readonly<Record<string, Cell>>;
}

export type Cell =
  /** Nanoseconds an operation: the median, and each round. */
  | { readonly ns: number; readonly rounds: readonly number[] }
  /** `broken`: the contender's process failed. */
  | { readonly reason: string; readonly broken?: true };

/** undefined where a cell is empty. */
export function nsOf(row: RowResult, contender: string): number | undefined {
  const cell = row.cells[contender];
  return cell !== undefined && "ns" in cell ? cell.ns : undefined;
}

/** From the rounds of a job; `figure`: which of its figures. */
export function cellOf(outcome: Outcome, figure = "ns"): Cell {
  if ("reason" in outcome) {
    return { reason: outcome.reason, ...(outcome.broken && { broken: true as const }) };
  }
  const rounds = outcome.rounds.map((figures) => figures[figure]!);
  return { ns: median(rounds), rounds };
}

/** Why cells are empty, each reason once. */
export function reasonsOf(rows: readonly { cells: Record<string, object> }[]): string[] {
  const reasons = rows.flatMap(({ cells }) =>
    Object.entries(cells).flatMap(([name, cell]) => ("reason" in cell ? [`${name}: ${cell.reason}`] : [])),
  );
  return [...new Set(reasons)];
}
