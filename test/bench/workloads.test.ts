import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import {
  bestForeign,
  geometricMean,
  type Row,
  ratio,
  ratios,
  scaling,
  targets,
} from "../../bench/workloads/summary.ts";

const script = fileURLToPath(new URL("../../bench/workloads/main.ts", import.meta.url));

const sample = (operationsPerSecond: number, operationsPerCpuSecond = operationsPerSecond) => ({
  operationsPerSecond,
  operationsPerCpuSecond,
  secondsPerTurn: 1,
  peakRssBytes: 1,
});

const rows: readonly Row[] = [
  {
    workload: "larson-cheap",
    workers: 1,
    samples: { husky: sample(100), libc: sample(50), mimalloc: sample(80) },
  },
  {
    workload: "larson-cheap",
    workers: 2,
    samples: { husky: sample(190), libc: sample(90), mimalloc: sample(95, 380) },
  },
  { workload: "sh6bench", workers: 2, samples: { husky: sample(45), libc: sample(90), mimalloc: sample(0) } },
  { workload: "mleak", workers: 2, samples: { husky: sample(1), libc: sample(1000), mimalloc: sample(1) } },
  {
    workload: "collatz-list",
    workers: 2,
    samples: { husky: sample(140), libc: sample(100), mimalloc: sample(70) },
  },
];

test("ratio: husky over the best of the others; a failed one is nobody", () => {
  expect(rows.map((row) => bestForeign(row))).toEqual(["mimalloc", "mimalloc", "libc", "libc", "libc"]);
  expect(ratio(rows[0]!)).toBe(1.25);
  expect(ratio(rows[1]!)).toBe(2);
  expect(ratio(rows[1]!, "operationsPerCpuSecond")).toBe(0.5);
  expect(ratio(rows[2]!)).toBe(0.5);
  expect(ratio({ workload: "frag", workers: 2, samples: { husky: sample(1) } })).toBeNull();
});

test("means: rows about memory are left out", () => {
  expect([...ratios(rows, 2)]).toEqual([
    ["larson-cheap", 2],
    ["sh6bench", 0.5],
    ["collatz-list", 1.4],
  ]);
  expect(geometricMean([2, 0.5])).toBeCloseTo(1, 12);
});

test("scaling: from 1 to 2 Workers, where both were measured", () => {
  expect(scaling(rows, "larson-cheap", "husky")).toBe(1.9);
  expect(scaling(rows, "sh6bench", "husky")).toBeNull();
});

test("targets: reached, not reached, not measured", () => {
  expect(targets(rows).map(({ found, reached }) => [found, reached])).toEqual([
    ["1.12", false],
    ["sh6bench 0.50", false],
    ["all", true],
    ["1.40 (1.00 s, libc 1.00 s)", true],
    ["-", null],
  ]);
});

async function runBench(...args: string[]) {
  const child = Bun.spawn([process.execPath, script, ...args], { stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, stdout, stderr };
}

test("command: as many Workers as are asked for", async () => {
  const { code, stdout } = await runBench(
    ...["--workloads", "frag,glibc-thread", "--contenders", "husky", "--workers", "3,1,3"],
    ...["--rounds", "1", "--seconds", "0.1", "--json"],
  );
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as { rows: Row[] };
  expect(report.rows.map(({ workload, workers }) => [workload, workers])).toEqual([
    ["frag", 3],
    ["glibc-thread", 3],
    ["glibc-thread", 1],
  ]);
});

test("command: every contender that is there has figures, the others are named", async () => {
  const names = ["husky", "libc", "mimalloc", "jemalloc", "tcmalloc"];
  const { code, stdout } = await runBench(
    "--workloads",
    "frag,glibc-thread",
    "--rounds",
    "1",
    "--seconds",
    "0.1",
    "--json",
  );
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as { head: string; versions: Record<string, string | null>; rows: Row[] };
  expect(Object.keys(report.versions)).toEqual(names);
  expect(report.rows.map(({ workload, workers }) => [workload, workers])).toEqual([
    ["frag", 2],
    ["glibc-thread", 1],
    ["glibc-thread", 2],
  ]);
  for (const name of names) {
    const present = report.versions[name] !== null;
    if (!present) expect(report.head).toContain(`${name}: not installed`);
    for (const { samples } of report.rows) {
      const speed = samples[name as keyof typeof samples]?.operationsPerSecond;
      if (present) expect(speed).toBeGreaterThan(0);
      else expect(speed).toBeUndefined();
    }
  }
});

test("command: a name that is not known is wrong usage", async () => {
  const { code, stderr } = await runBench("--workloads", "larsen-cheap");
  expect(code).toBe(2);
  expect(stderr).toContain("Did you mean larson-cheap?");
});
