/** Every row of the list of misuse cases has a test or a reason why not. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { NOT_APPLICABLE, ROWS } from "./rows.ts";

/** A test's or a case's name that starts with row numbers: `test("13 96 double_free…`, `"13 96 double_free…": `. */
const NAME = /(?:\btest(?:\.skipIf\([^)]*\))?\(\s*|^\s+)["'`]((?:\d{1,3} )+)/gm;

function rowsIn(source: string): number[] {
  return [...source.matchAll(NAME)].flatMap(([, numbers]) => numbers!.trim().split(" ").map(Number));
}

function coveredRows(): Set<number> {
  const sources = readdirSync(import.meta.dir).filter((file) => /\.(test|cases)\.ts$/.test(file));
  return new Set(sources.flatMap((file) => rowsIn(readFileSync(`${import.meta.dir}/${file}`, "utf8"))));
}

test("row numbers are read from test names and from the names of cases", () => {
  expect(rowsIn('test("13 96 double_free", () => {});')).toEqual([13, 96]);
  expect(rowsIn('  "22 41 unaligned: block + 1": () => {},')).toEqual([22, 41]);
  expect(rowsIn('test.skip("7 copies", () => {});\nnumbers("8 of 10");')).toEqual([]);
});

test("every row is covered by a test or listed with a reason, none is both", () => {
  const covered = coveredRows();
  const missing: number[] = [];
  const both: number[] = [];
  for (let row = 1; row <= ROWS; row++) {
    if (!covered.has(row) && NOT_APPLICABLE[row] === undefined) missing.push(row);
    if (covered.has(row) && NOT_APPLICABLE[row] !== undefined) both.push(row);
  }
  expect({ missing, both }).toEqual({ missing: [], both: [] });
  expect([...covered].filter((row) => row < 1 || row > ROWS)).toEqual([]);
  expect(
    Object.keys(NOT_APPLICABLE)
      .map(Number)
      .every((row) => row >= 1 && row <= ROWS),
  ).toBe(true);
});
