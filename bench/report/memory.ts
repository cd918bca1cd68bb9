/** The figures of `bun run bench:memory`: tables for the terminal and for the README. */
import { mebibytes } from "../../stress/report/units.ts";
import { markdownTable, targetsMarkdown } from "./markdown.ts";
import { geometricMean } from "./ratios.ts";
import { type Results, reasonsOf } from "./results.ts";
import { newTable } from "./tables.ts";
import { type Target, target } from "./targets.ts";

export interface MemoryRow {
  readonly recording: string;
  /** Sum of the sizes of live blocks, as they were asked for, at most. */
  readonly peakLiveBytes: number;
  readonly cells: Record<string, MemoryCell>;
}

export type MemoryCell =
  /** Resident; the last two for Husky only. */
  | {
      readonly peakBytes: number;
      readonly leftBytes: number;
      readonly committedBytes?: number;
      readonly processLeftBytes?: number;
    }
  | { readonly reason: string; readonly broken: boolean };

export interface MemoryResults {
  readonly command: string;
  readonly machine: Results["machine"];
  readonly rows: readonly MemoryRow[];
}

const LEFT_MIB = 2;
const MIB = 2 ** 20;

/** The mean over all recordings; undefined if one of them is missing. */
function meanOf({ rows }: MemoryResults, name: string, bytes: (cell: Measured) => number | undefined) {
  const values = rows.flatMap(({ cells, peakLiveBytes }) => {
    const cell = cells[name]!;
    const value = "reason" in cell ? undefined : bytes(cell);
    return value === undefined ? [] : [value / peakLiveBytes];
  });
  return values.length < rows.length ? undefined : geometricMean(values);
}

export function memoryTargets(results: MemoryResults): Target[] {
  const native = Object.keys(results.rows[0]!.cells).filter((name) => !name.startsWith("husky"));
  const means = native.map((name) => meanOf(results, name, ({ peakBytes }) => peakBytes));
  const known = means.filter((mean) => mean !== undefined);
  const husky = results.rows.map(({ cells: { husky } }) => husky!);
  const left = husky.map((cell) => ("reason" in cell ? Number.NaN : cell.leftBytes / MIB));
  return [
    target(
      "committed / live, geometric mean; at most that of the best native allocator",
      meanOf(results, "husky", ({ committedBytes }) => committedBytes),
      known.length > 0 ? Math.min(...known) : null,
    ),
    target("MiB left when all is freed, the worst recording", Math.max(...left), LEFT_MIB),
  ];
}

type Measured = Exclude<MemoryCell, { reason: string }>;

interface Column {
  readonly name: string;
  /** undefined: the cell is empty. */
  value(row: MemoryRow): number | undefined;
}

/** One column a contender, or two, the second for what only Husky knows. */
function columns(
  { rows }: MemoryResults,
  first: { label: string; value: (cell: Measured, row: MemoryRow) => number | undefined },
  second: typeof first,
): Column[] {
  return Object.keys(rows[0]!.cells).flatMap((name) => {
    const all = [first, second].map(({ label, value }) => ({
      name: `${name}, ${label}`,
      value: (row: MemoryRow) => {
        const cell = row.cells[name]!;
        return "reason" in cell ? undefined : value(cell, row);
      },
    }));
    return all.filter((column, index) => index === 0 || rows.some((row) => column.value(row) !== undefined));
  });
}

interface Cells {
  readonly head: string[];
  readonly body: string[][];
}

const EMPTY = "–";

function ratioCells(results: MemoryResults): Cells {
  const all = columns(
    results,
    { label: "resident", value: ({ peakBytes }, row) => peakBytes / row.peakLiveBytes },
    {
      label: "committed",
      value: ({ committedBytes }, row) => committedBytes && committedBytes / row.peakLiveBytes,
    },
  );
  const show = (value: number | undefined) => value?.toFixed(2) ?? EMPTY;
  const body = results.rows.map((row) => [
    row.recording,
    mebibytes(row.peakLiveBytes),
    ...all.map((column) => show(column.value(row))),
  ]);
  const means = all.map((column) => {
    const values = results.rows.map((row) => column.value(row)).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : geometricMean(values);
  });
  body.push(["geometric mean", "", ...means.map(show)]);
  return { head: ["peak over live", "peak live", ...all.map(({ name }) => name)], body };
}

function leftCells(results: MemoryResults): Cells {
  const all = columns(
    results,
    { label: "resident", value: ({ leftBytes }) => leftBytes },
    { label: "process", value: ({ processLeftBytes }) => processLeftBytes },
  );
  const show = (value: number | undefined) => (value === undefined ? EMPTY : mebibytes(value));
  const body = results.rows.map((row) => [row.recording, ...all.map((column) => show(column.value(row)))]);
  return { head: ["left when all is freed", ...all.map(({ name }) => name)], body };
}

export function describeMemory(results: MemoryResults): string {
  const tables = [ratioCells(results), leftCells(results)].map(({ head, body }) => {
    const table = newTable(head);
    table.push(...body);
    return table.toString();
  });
  return [...tables, ...reasonsOf(results.rows)].join("\n");
}

/** Without the policies that are not the default; the result file has them. */
function withoutOthers(results: MemoryResults): MemoryResults {
  const usual = (cells: MemoryRow["cells"]) =>
    Object.fromEntries(Object.entries(cells).filter(([name]) => !name.startsWith("husky:")));
  return { ...results, rows: results.rows.map((row) => ({ ...row, cells: usual(row.cells) })) };
}

export function memoryMarkdown(results: MemoryResults): string {
  const shown = withoutOthers(results);
  const [ratios, left] = [ratioCells(shown), leftCells(shown)];
  return `
Peak memory over peak live bytes, \`${results.command}\`: recordings of real programs, replayed in a process each, every
byte written once. \`committed\` is what Husky counts and limits. \`resident\` is what the system counts: for Husky the pages of its
mappings, for the native allocators what the process of the C program has more than before the first operation.

${markdownTable(ratios.head, ratios.body)}

One second after everything is freed; \`process\` includes what the JavaScript runtime keeps for itself:

${markdownTable(left.head, left.body)}

${targetsMarkdown(memoryTargets(results))}`;
}
