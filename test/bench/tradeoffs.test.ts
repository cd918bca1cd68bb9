/** The loads of the comparison are sound, and every question names contenders and loads that exist. */
import { expect, test } from "bun:test";
import { recordingNames } from "../../bench/recordings/files.ts";
import { type Cell, judge } from "../../bench/tradeoffs/judge.ts";
import { makeLoad } from "../../bench/tradeoffs/loads.ts";
import { questions } from "../../bench/tradeoffs/questions.ts";
import { Arena } from "../../src/index.ts";
import { Operation } from "../../stress/recordings/index.ts";

for (const name of ["mixed 1024", "holes 1024", "big 64"]) {
  test(`${name}: frees what is live, once, and ends with nothing; the same again`, () => {
    const load = makeLoad(name);
    const live = new Set<number>();
    let peak = 0;
    for (let i = 0; i < load.length; i++) {
      const block = load.block[i]!;
      if (load.operation[i] === Operation.free) expect(live.delete(block)).toBe(true);
      else {
        expect(live.has(block)).toBe(false);
        live.add(block);
        expect(load.size[i]!).toBeGreaterThan(0);
      }
      peak = Math.max(peak, live.size);
    }
    expect(live.size).toBe(0);
    expect(peak).toBeGreaterThanOrEqual(Number(name.split(" ")[1]));
    expect(makeLoad(name).size).toEqual(load.size);
  });
}

test("every contender's options make an arena, every load is a pattern or a recording", () => {
  expect(questions.length).toBe(7);
  for (const { contenders, loads, decides, columns } of questions) {
    expect(new Set(contenders.map(({ name }) => name)).size).toBe(contenders.length);
    for (const { task } of contenders) new Arena(task.options).dispose();
    for (const load of loads)
      expect(/^(mixed|holes|big) \d+$/.test(load) || recordingNames().includes(load)).toBe(true);
    for (const figure of decides) expect(columns).toContain(figure);
  }
});

test("an unknown question is wrong usage", async () => {
  const script = new URL("../../bench/tradeoffs/main.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, script, "--only", "colour"], { stdout: "pipe", stderr: "pipe" });
  expect(await child.exited).toBe(2);
  expect(await child.stderr.text()).toContain(
    'unknown question "colour"; known: links, order, merging, threshold',
  );
});

/** Figures of one row: time, memory. */
const cell = (nsPerOperation: number, peakRatio: number): Cell => ({ nsPerOperation, peakRatio });

function judgementOf(rows: Record<string, Record<string, Cell>>): string {
  const question = questions.find(({ name }) => name === "order")!;
  return judge({
    question,
    rows: new Map(Object.entries(rows).map(([load, cells]) => [load, new Map(Object.entries(cells))])),
  });
}

const [UNORDERED, SORTED] = ["unordered", "unordered:order=address"];

test("the judgement names who has the least product, and the row it rests on", () => {
  const text = judgementOf({
    "mixed 1024": { [UNORDERED]: cell(100, 2), [SORTED]: cell(110, 1) },
    "holes 1024": { [UNORDERED]: cell(100, 1), [SORTED]: cell(110, 1) },
    cc1: { [UNORDERED]: cell(100, 1.2), [SORTED]: cell(110, 1) },
  });
  expect(text).toStartWith("**Judgement: unordered:order=address.** Over the 3 rows");
  expect(text).toContain("By time alone it is **unordered**");
  expect(text).toContain("It rests on the row *cc1*: unordered:order=address 110 ns an operation, 1.00 peak");
});

test("rows that somebody gave up do not count, and are told", () => {
  const text = judgementOf({
    "mixed 1024": { [UNORDERED]: cell(100, 1), [SORTED]: cell(200, 1) },
    cc1: { [UNORDERED]: cell(9000, 9), [SORTED]: { reason: "more than 5 µs an operation" } },
  });
  expect(text).toStartWith("**Judgement: unordered.** Over the one row that all finished");
  expect(text).toContain("`unordered:order=address` gave up in 1 of 2 rows.");
});
