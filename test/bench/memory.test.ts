/** `bun run bench:memory`, `bun run bench:collector` and `bun bench/capacity.ts`, on little work. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MemoryResults } from "../../bench/report/memory.ts";
import type { Target } from "../../bench/report/targets.ts";
import { runScript } from "./run-bench.ts";

async function jsonOf<Result>(script: string, ...args: string[]): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "husky-test-"));
  try {
    const file = join(folder, "result.json");
    const { code, stderr } = await runScript(script, [...args, "--json", file]);
    if (code !== 0) throw new Error(stderr);
    return await Bun.file(file).json();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("memory: everybody's peak is at least what was live", async () => {
  const { rows } = await jsonOf<MemoryResults>("memory", "--recordings", "git-pack-objects");
  expect(rows.map(({ recording }) => recording)).toEqual(["git-pack-objects"]);
  const { cells, peakLiveBytes } = rows[0]!;
  for (const [name, cell] of Object.entries(cells)) {
    if ("reason" in cell) expect([name, cell.broken]).toEqual([name, false]);
    else expect([name, cell.peakBytes >= peakLiveBytes]).toEqual([name, true]);
  }
  const { husky } = cells;
  expect(husky !== undefined && "committedBytes" in husky && husky.committedBytes! >= peakLiveBytes).toBe(
    true,
  );
});

test("capacity: what the runtime keeps beside a small arena is no fault", async () => {
  const { code, stdout } = await runScript("capacity", ["0.05"]);
  expect(stdout).toContain("wrong stamps 0, live 0, committed 0.0 MiB, resident in 1 windows 0.0 MiB;");
  expect(code).toBe(0);
});

test("memory: an unknown recording is wrong usage", async () => {
  const { code, stderr } = await runScript("memory", ["--recordings", "nothing"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining('unknown recording "nothing"')]);
});

test("collector: a ratio of times and a difference of memory", async () => {
  const args = ["--rounds", "1", "--turns", "20000"];
  const { targets } = await jsonOf<{ targets: Target[] }>("collector", ...args);
  expect(targets.map(({ value }) => typeof value)).toEqual(["number", "number", "number"]);
  expect(targets[0]!.value).toBeGreaterThan(0);
});

test("collector: wrong usage", async () => {
  const { code, stderr } = await runScript("collector", ["--rounds", "none"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("whole number")]);
});
