/** Ratios, targets, the README's section and the plot, from made-up results. */
import { expect, test } from "bun:test";
import { microMarkdown } from "../../bench/report/markdown.ts";
import { plotMicro } from "../../bench/report/plot.ts";
import { replaceSection } from "../../bench/report/publish.ts";
import { comparisons, meanRatio, ratio } from "../../bench/report/ratios.ts";
import type { Results } from "../../bench/report/results.ts";
import { describeRatios, describeTimes } from "../../bench/report/tables.ts";
import { targets } from "../../bench/report/targets.ts";

const time = (ns: number) => ({ ns, rounds: [ns] });
const row = (name: string, workers: number, cells: Results["rows"][number]["cells"]) => ({
  name,
  unit: "malloc and free",
  workers,
  cells,
});

const results: Results = {
  command: "bun run bench",
  seed: 1,
  rounds: 1,
  versions: { bun: "1.2.3" },
  machine: { processor: "P", cores: 2, system: "linux" },
  contenders: [
    { name: "husky", kind: "husky", version: "0.1.0" },
    { name: "libc", kind: "ffi", version: "2.36" },
    { name: "tcmalloc", kind: "ffi", version: "2.10" },
    { name: "mimalloc", kind: "ffi", version: null, missing: "not installed" },
    { name: "C glibc", kind: "native", version: "2.36" },
  ],
  rows: [
    row("replacement, 1 k live", 0, {
      husky: time(5),
      libc: time(20),
      tcmalloc: time(10),
      mimalloc: { reason: "not installed" },
      "C glibc": time(10),
    }),
    row("replacement, 1 M live", 0, {
      husky: time(20),
      libc: time(10),
      tcmalloc: { reason: "no such row" },
      mimalloc: { reason: "not installed" },
      "C glibc": time(40),
    }),
    row("2 Workers", 2, {
      husky: time(3),
      libc: time(30),
      tcmalloc: time(30),
      mimalloc: { reason: "not installed" },
      "C glibc": time(3),
    }),
  ],
};

test("a ratio is over the best of those that FFI reaches and that have the row", () => {
  const [best] = comparisons(results);
  expect(results.rows.map((row) => ratio(row, best!))).toEqual([0.5, 2, 0.1]);
  expect(meanRatio(results.rows.slice(0, 2), best!)).toBeCloseTo(1, 12);
});

test("targets look at the rows of one Worker and tell when they are missed", () => {
  const found = targets(results).map(({ name, value, reached }) => ({ name, value, reached }));
  expect(found[0]!.value).toBeCloseTo(1, 12);
  expect(found.map(({ reached }) => reached)).toEqual([false, false, true, null, null, false, null, null]);
  expect(found[1]!.value).toBe(2);
  expect(found[5]!.value).toBe(4);
});

test("tables show every row and why a cell is empty", () => {
  const times = describeTimes(results, ["husky", "tcmalloc"]);
  for (const { name } of results.rows) expect(times).toContain(name);
  expect(times).toContain("(1) no such row");
  expect(describeRatios(results)).toContain("2.00 libc");
});

test("the README's section and the plot show every row", async () => {
  const [markdown, svg] = [microMarkdown(results), await plotMicro(results)];
  for (const { name } of results.rows) {
    expect(markdown).toContain(`| ${name} |`);
    expect(svg).toContain(`>${name}</text>`);
  }
  expect(markdown).toContain("not reached");
});

test("a section is replaced between its markers, and nothing else", () => {
  const document = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb";
  expect(replaceSection(document, "x", "\nnew\n")).toBe("a\n<!-- bench:x -->\nnew\n<!-- /bench:x -->\nb");
  expect(() => replaceSection(document, "y", "new")).toThrow("no section <!-- bench:y -->");
});
