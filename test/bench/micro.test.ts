/** `bun run bench`, quick: that everything runs, not how fast it is. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Cell, Results } from "../../bench/report/results.ts";
import type { Target } from "../../bench/report/targets.ts";
import { rows } from "../../bench/rows/catalogue.ts";
import { runBench, runScript } from "./run-bench.ts";

const resultsOf = (stdout: string): Results & { targets: Target[] } => JSON.parse(stdout);
const isTime = (cell: Cell | undefined) => cell !== undefined && "ns" in cell && cell.ns > 0;

test("every row, Husky and libc, and the JSON has them all", async () => {
  const args = ["--quick", "--seed", "7", "--contenders", "husky", "libc", "--json", "-"];
  const { code, stdout, stderr } = await runBench(...args);
  expect(stderr).toContain("seed 7");
  expect(code).toBe(0);
  const results = resultsOf(stdout);
  expect(results.seed).toBe(7);
  expect(results.command).toBe("bun run bench --seed 7 --rounds 1 --quick --contenders husky libc");
  expect(results.contenders.map(({ name }) => name)).toEqual(["husky", "libc"]);
  expect(results.rows.map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
  for (const { name, cells } of results.rows) {
    const { husky, libc } = cells;
    expect([name, isTime(husky), isTime(libc)]).toEqual([name, true, true]);
  }
  const best = results.targets.find(({ name }) => name.includes("best by FFI"));
  expect(best?.value).toBeGreaterThan(0);
});

test("every contender in one row: a time, or the reason why not", async () => {
  const { code, stdout } = await runBench("--quick", "--rows", "cross-Worker", "--json", "-");
  expect(code).toBe(0);
  const { rows, contenders } = resultsOf(stdout);
  expect(rows.length).toBe(1);
  expect(contenders.length).toBeGreaterThan(10);
  const { cells } = rows[0]!;
  const { ArrayBuffer: buffer } = cells;
  expect(buffer).toEqual({ reason: "nothing to free: the collector takes what was dropped" });
  for (const { name, version } of contenders) {
    const cell = cells[name]!;
    if (version === null) expect("reason" in cell && cell.reason).toBeTruthy();
    expect(isTime(cell) || ("reason" in cell && cell.broken === undefined)).toBe(true);
  }
});

test("without a C compiler the native floor says so, and nothing fails", async () => {
  const args = ["--quick", "--rows", "pairs, 32", "--contenders", "husky", "C glibc", "--json", "-"];
  const { code, stdout } = await runScript("main", args, { PATH: "/nonexistent" });
  expect(code).toBe(0);
  const { husky, "C glibc": native } = resultsOf(stdout).rows[0]!.cells;
  expect(isTime(husky)).toBe(true);
  expect(native).toEqual({ reason: "there is no C compiler: `cc` was not found" });
});

const isCheckout = existsSync(fileURLToPath(new URL("../../.git", import.meta.url)));

test.if(isCheckout)("--against measures another revision beside this one", async () => {
  const args = [
    "--quick",
    "--rows",
    "pairs, 32",
    "--contenders",
    "husky",
    "--against",
    "HEAD",
    "--json",
    "-",
  ];
  const { code, stdout } = await runBench(...args);
  expect(code).toBe(0);
  const { husky, "husky@HEAD": before } = resultsOf(stdout).rows[0]!.cells;
  expect([isTime(husky), isTime(before)]).toEqual([true, true]);
});

test.each([
  [["--rows", "pears"], 'unknown row "pears"'],
  [["--contenders", "huskie"], "Did you mean husky?"],
  [["--rounds", "0"], "It must be a whole number from 1"],
  [["--seed", "x"], "It must be a whole number from 0"],
  [["--write", "--quick"], "--write keeps whole runs only"],
  [["--against", "no-such-revision"], "--against no-such-revision"],
  [["--frobnicate"], "unknown option"],
])("wrong usage: %p", async (args, message) => {
  const { code, stderr } = await runBench(...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

test("--list names rows and contenders", async () => {
  const { code, stdout } = await runBench("--list");
  expect(code).toBe(0);
  for (const name of ["replacement, 1 M live", "tcmalloc", "C jemalloc"]) expect(stdout).toContain(name);
});
