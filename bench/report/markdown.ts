/** The README's section on speed, made from the results. */
import type { Kind } from "../contenders/contender.ts";
import { comparisons, meanRatio, ratio, singleRows } from "./ratios.ts";
import { nsOf, type Results } from "./results.ts";
import { nanoseconds } from "./tables.ts";
import { type Target, targets, verdictOf } from "./targets.ts";

/** Columns of the README's table; the result file has all. */
const COLUMNS = [
  "husky",
  "libc",
  "mimalloc",
  "jemalloc",
  "tcmalloc",
  "ArrayBuffer",
  "C glibc",
  "C mimalloc",
  "C jemalloc",
  "C tcmalloc",
];

export function markdownTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? "---" : "---:"))), ...body.map(line)].join(
    "\n",
  );
}

const fixed = (value: number | null | undefined) => value?.toFixed(2) ?? "–";

export function targetsMarkdown(targets: readonly Target[]): string {
  const body = targets.map((target) => [
    target.name,
    fixed(target.value),
    fixed(target.most),
    verdictOf(target),
  ]);
  return markdownTable(["target", "value", "at most", ""], body);
}

export function microMarkdown(results: Results): string {
  const [best] = comparisons(results);
  const names = COLUMNS.filter((name) => results.contenders.some((contender) => contender.name === name));
  const body = results.rows.map((row) => [
    row.name,
    ...names.map((name) => {
      const ns = nsOf(row, name);
      return ns === undefined ? "–" : nanoseconds(ns);
    }),
    fixed(ratio(row, best!)),
  ]);
  const blank = names.map(() => "");
  body.push(["**geometric mean, one Worker**", ...blank, fixed(meanRatio(singleRows(results), best!))]);
  body.push(["**geometric mean, all rows**", ...blank, fixed(meanRatio(results.rows, best!))]);
  return `
![Time of an operation, others relative to Husky](bench/results/micro.svg)

Nanoseconds an operation, medians of ${results.rounds} rounds; the last column is Husky over the best of the four that
FFI reaches: below 1 is quicker. \`C\`: the same loop compiled from C, entered by one call. Seed ${results.seed}, ${circumstances(results, "native")}

${markdownTable(["", ...names, "ratio"], body)}

${targetsMarkdown(targets(results))}`;
}

/** Versions and machine; the libraries as contenders of this kind. */
export function circumstances(
  { versions, contenders, machine }: Omit<Results, "rows" | "seed">,
  kind: Kind,
): string {
  const libraries = contenders
    .filter((contender) => contender.kind === kind && contender.version !== null)
    .map(({ name, version }) => `${name.replace(/^C /, "")} ${version!.split("-")[0]}`)
    .join(", ");
  const { processor, cores, system } = machine;
  return `Bun ${versions["bun"]}, ${libraries}; ${processor}, ${cores} cores, ${system}.`;
}
