/**
 * The judgement on a question, from its figures. In each row, what a contender needs is told in multiples of the least:
 * of time and of memory; over the rows the geometric means count, and the least product of the two is right. Those who
 * gave up somewhere are judged only if hardly anybody finished: then the rows count that all of them finished.
 */
import type { Figures } from "../rounds.ts";
import { type Figure, figures, type Question } from "./questions.ts";

/** The medians of each figure, or why there are none. */
export type Cell = Figures | { readonly reason: string };
export const isMeasured = (cell: Cell): cell is Figures => typeof cell["reason" as never] !== "string";

/** Figures by load and contender. */
export interface Measured {
  readonly question: Question;
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, Cell>>;
}

/** Less than this makes no difference. */
const FLOOR: Partial<Record<Figure, number>> = { peakRssMib: 1, endRssMib: 1 };

interface Score {
  readonly name: string;
  readonly time: number;
  readonly memory: number;
}

const product = ({ time, memory }: Score): number => time * memory;

export function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

type Row = ReadonlyMap<string, Cell>;

function figureOf(row: Row, name: string, figure: Figure): number {
  return Math.max((row.get(name) as Figures)[figure]!, FLOOR[figure] ?? 0);
}

/** What a contender needs in a row, in multiples of the least of the field. */
function multiple(row: Row, field: readonly string[], name: string, figure: Figure): number {
  return figureOf(row, name, figure) / Math.min(...field.map((other) => figureOf(row, other, figure)));
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** The row in which one is ahead of another by the median of all rows. */
function typicalRow(
  rows: ReadonlyMap<string, Row>,
  [first, second]: readonly Score[],
  decides: readonly Figure[],
) {
  const lead = (row: Row) =>
    decides.reduce(
      (all, figure) => all * (figureOf(row, second!.name, figure) / figureOf(row, first!.name, figure)),
      1,
    );
  const order = [...rows].sort(([, a], [, b]) => lead(a) - lead(b));
  return order[Math.floor((order.length - 1) / 2)]!;
}

/** Over which rows, and who is compared there. */
function finishedBy(rows: number, field: readonly string[], names: readonly string[]): string {
  const who = field.length === names.length ? "all" : field.map((name) => `\`${name}\``).join(", ");
  return `Over the ${rows === 1 ? "one row" : `${rows} rows`} that ${who} finished`;
}

export function judge({ question, rows }: Measured): string {
  const names = question.contenders.map(({ name }) => name);
  const finished = (row: Row, field: readonly string[]) => field.every((name) => isMeasured(row.get(name)!));
  const finishers = names.filter((name) => [...rows.values()].every((row) => finished(row, [name])));
  const field = finishers.length > 1 ? finishers : names;
  const counting = new Map([...rows].filter(([, row]) => finished(row, field)));
  const gaveUp = names
    .map((name) => [name, [...rows.values()].filter((row) => !finished(row, [name])).length] as const)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `\`${name}\` gave up in ${count} of ${rows.size} rows.`);
  if (counting.size === 0) return ["No row was finished by all.", ...gaveUp].join(" ");
  const [timely, thrifty] = question.decides;
  const mean = (name: string, figure: Figure) =>
    geometricMean([...counting.values()].map((row) => multiple(row, field, name, figure)));
  const scores = field.map(
    (name): Score => ({ name, time: mean(name, timely), memory: mean(name, thrifty) }),
  );
  const order = [...scores].sort((a, b) => product(a) - product(b));
  const [best, second] = order as [Score, Score];
  const quickest = scores.reduce((a, b) => (b.time < a.time ? b : a));
  const leanest = scores.reduce((a, b) => (b.memory < a.memory ? b : a));
  const needs = ({ time, memory }: Score) =>
    `${round(time)} times the least time, ${round(memory)} times the least memory`;
  const others = [
    ["time", quickest],
    ["memory", leanest],
  ] as const;
  const alternatives = others
    .filter(([, score]) => score !== best)
    .map(([what, score]) => `By ${what} alone it is **${score.name}** (${needs(score)}).`);
  const [load, row] = typicalRow(counting, [best, second], question.decides);
  const evidence = [best, second].map(
    ({ name }) =>
      `${name} ${question.decides.map((figure) => `${round(figureOf(row, name, figure))} ${figures[figure]}`).join(", ")}`,
  );
  return [
    `**Judgement: ${best.name}.** ${finishedBy(counting.size, field, names)} it needs`,
    `${needs(best)} on average; next is ${second.name} with ${needs(second)}.`,
    ...alternatives,
    ...gaveUp,
    `It rests on the row *${load}*: ${evidence.join("; ")}.`,
  ].join(" ");
}
