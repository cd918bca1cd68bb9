/** The figures of `bun run bench:recordings` as tables, for the terminal and for the README. */
import { median } from "../rounds.ts";
import { circumstances, markdownTable, targetsMarkdown } from "./markdown.ts";
import { comparisons, geometricMean, ratio } from "./ratios.ts";
import {
  ifWhole,
  mimalloc,
  type RecordingResult,
  type RecordingsResults,
  recordingsTargets,
} from "./recordings.ts";
import { nsOf, type RowResult, reasonsOf } from "./results.ts";
import { describeTargets, nanoseconds, newTable } from "./tables.ts";

const NS_IN_MS = 1e6;

interface Column {
  readonly name: string;
  /** What stands in the cell of a recording, as numbers of which a geometric mean makes sense; null: it is empty. */
  values(row: RowResult, recording: RecordingResult): readonly number[] | null;
  text(values: readonly number[]): string;
}

interface Cells {
  readonly head: string[];
  readonly body: string[][];
}

const EMPTY = "–";
const listed = (value: number | undefined) => (value === undefined ? null : [value]);
const fixed = (value: number) => value.toFixed(2);

function cellsOf(
  unit: string,
  recordings: RecordingsResults["recordings"],
  rows: readonly RowResult[],
  columns: readonly Column[],
): Cells {
  const body = recordings.map(({ name }) => [name]);
  const means = ["geometric mean"];
  for (const { values, text } of columns) {
    const cells = rows.map((row, index) => values(row, recordings[index]!));
    for (const [index, cell] of cells.entries()) body[index]!.push(cell === null ? EMPTY : text(cell));
    const present = ifWhole(
      rows,
      cells.filter((cell) => cell !== null),
    );
    means.push(present.length === 0 ? EMPTY : text(meansOf(present)));
  }
  return { head: [unit, ...columns.map(({ name }) => name)], body: [...body, means] };
}

/** Of the first numbers of each, of the second, and so on. */
function meansOf(cells: readonly (readonly number[])[]): number[] {
  return cells[0]!.map((_, index) => geometricMean(cells.map((cell) => cell[index]!)));
}

function warmCells(results: RecordingsResults): Cells {
  const times = results.contenders.map(
    ({ name }): Column => ({
      name,
      values: (row) => listed(nsOf(row, name)),
      text: ([ns]) => nanoseconds(ns!),
    }),
  );
  const ratios = comparisons(results).map(
    (comparison): Column => ({
      name: `husky / ${comparison.name}`,
      values: (row) => listed(ratio(row, comparison)),
      text: ([value]) => fixed(value!),
    }),
  );
  return cellsOf("ns an operation", results.recordings, results.warm, [...times, ...ratios]);
}

/** Milliseconds of the first pass, and in brackets how often mimalloc's. */
function coldCells(results: RecordingsResults): Cells {
  const columns = results.contenders.map(
    ({ name }): Column => ({
      name,
      values(row, { coldOperations }) {
        const ns = nsOf(row, name);
        const times = ratio(row, mimalloc, name);
        return ns === undefined
          ? null
          : [(ns * coldOperations) / NS_IN_MS, ...(times === undefined ? [] : [times])];
      },
      text: ([ms, times]) => `${ms!.toPrecision(3)}${times === undefined ? "" : ` (${fixed(times)})`}`,
    }),
  );
  return cellsOf("ms, over mimalloc", results.recordings, results.cold, columns);
}

/** Milliseconds, by contender, in the median over all recordings. */
function describeOpening({ opening, contenders }: RecordingsResults): string {
  const parts = contenders.flatMap(({ name }) => {
    const values = opening.map((row) => nsOf(row, name)).filter((ns) => ns !== undefined);
    return values.length === 0 ? [] : [`${name} ${(median(values) / NS_IN_MS).toPrecision(3)}`];
  });
  return parts.join(", ");
}

export function describeRecordings(results: RecordingsResults): string {
  const [warm, cold] = [warmCells(results), coldCells(results)].map(({ head, body }) => {
    const table = newTable(head);
    table.push(...body);
    return table.toString();
  });
  return [
    `Warm:\n${warm}`,
    ...reasonsOf(results.warm),
    `\nCold, the first pass of a process:\n${cold}`,
    `ms before it, for the import or to open the library: ${describeOpening(results)}`,
    `\n${describeTargets(recordingsTargets(results))}`,
  ].join("\n");
}

export function recordingsMarkdown(results: RecordingsResults): string {
  const [warm, cold] = [warmCells(results), coldCells(results)].map(({ head, body }) =>
    markdownTable(head, body),
  );
  return `
![Time of an operation in recordings, others relative to Husky](bench/results/recordings.svg)

Recordings of real programs, replayed by one thread, \`${results.command}\`: nanoseconds an operation when
all is compiled. \`empty\` allocates nothing: what the loop itself costs, which is in every figure.
${circumstances(results, "ffi")}

${warm}

The first ${results.firstOperations} operations of a process: milliseconds, and how many times mimalloc's. Before them the import
of Husky or opening the library took, in ms: ${describeOpening(results)}.

${cold}

${targetsMarkdown(recordingsTargets(results))}`;
}
