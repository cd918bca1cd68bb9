/** Each chaos mode for a few seconds, and each again with a fault planted that it must find. */
import { expect, test } from "bun:test";
import { lastLine, runStress } from "../stress/run-stress.ts";

interface Row {
  readonly label: string;
  readonly deaths: number;
  readonly operations: number;
  readonly trials: number;
  readonly calls: number;
  readonly errors: number;
  readonly pauses: number;
  readonly takeovers: number;
  readonly fault: unknown;
}

async function figuresOf(...args: string[]): Promise<readonly Row[]> {
  const { code, stdout, stderr } = await runStress(...args, "--json", "-");
  expect(stderr).toStartWith("seed 21: ");
  expect(lastLine(stderr)).toStartWith("passed: no fault ");
  expect(code).toBe(0);
  const { chaos, seed } = JSON.parse(stdout);
  expect(seed).toBe(21);
  return chaos.rows;
}

async function planted(kind: string, ...args: string[]): Promise<void> {
  const { code, stdout } = await runStress(...args, "--seed", "21");
  const lines = stdout.trimEnd().split("\n");
  expect(lines.at(-2)).toStartWith(`fault ${kind}: `);
  expect(lines.at(-1)).toMatch(/^repeat: bun run stress .*--seed 21 .*--plant /);
  expect(code).toBe(1);
}

test("terminate: all workloads, deaths in each, operations go on", async () => {
  const rows = await figuresOf("--chaos", "terminate", "--kills", "160", "--seed", "21");
  expect(rows.map(({ label }) => label).slice(0, 5)).toEqual([
    "runtime alone",
    "churn",
    "churn, mapped",
    "larson",
    "producer-consumer",
  ]);
  expect(rows.length).toBeGreaterThan(6);
  for (const { deaths, operations, fault } of rows) {
    expect(fault).toBeNull();
    expect(deaths).toBeGreaterThan(0);
    expect(operations).toBeGreaterThan(0);
  }
});

for (const [plant, kind, kills] of [
  ["forgets", "overlap", "200"],
  ["keeps", "lost", "200"],
  // A lock is held at few of the instants.
  ["locks", "hang", "800"],
  // Fewer are too few samples.
  ["hoards", "memory-kept", "1000"],
] as const) {
  test(`terminate, planted ${plant}: reported as ${kind}`, () =>
    planted(kind, "larson", "--chaos", "terminate", "--workers", "4", "--kills", kills, "--plant", plant));
}

test("refuse: every call of two workloads on one and on two Workers, and a limited process", async () => {
  const rows = await figuresOf("larson", "producer-consumer", "--chaos", "refuse", "--seed", "21");
  const limited = rows.filter(({ label }) => label === "RLIMIT_AS");
  expect(limited.length).toBe(process.platform === "linux" ? 1 : 0);
  expect(rows.length).toBe(4 + limited.length);
  for (const { label, calls, trials, errors, fault } of rows) {
    expect(fault).toBeNull();
    expect(errors).toBeGreaterThan(0);
    if (label !== "RLIMIT_AS") expect(trials).toBe(2 * calls);
  }
});

test("refuse, planted throws: an error of another type is reported", () =>
  planted("crash", "larson", "--chaos", "refuse", "--plant", "throws"));

test("pause: in each call, nobody takes over", async () => {
  const rows = await figuresOf(
    "--chaos",
    "pause",
    "--pause-seconds",
    "0.5",
    "--seconds",
    "2",
    "--seed",
    "21",
  );
  expect(rows.length).toBe(3);
  for (const { pauses, takeovers, fault } of rows) {
    expect(fault).toBeNull();
    expect(pauses).toBeGreaterThan(0);
    expect(takeovers).toBe(0);
  }
});

test("pause, planted deadlike: whoever takes over from a living Worker is found", async () => {
  const { code, stdout } = await runStress(
    "--chaos",
    "pause",
    "--pause-seconds",
    "0.5",
    "--seconds",
    "2",
    "--plant",
    "deadlike",
  );
  expect(stdout).toMatch(/^fault /m);
  expect(code).toBe(1);
});
