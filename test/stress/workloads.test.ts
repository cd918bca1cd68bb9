import { expect, test } from "bun:test";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { lastLine, runStress } from "./run-stress.ts";

interface Report {
  readonly seed: number;
  readonly passed: boolean;
  readonly machine: { readonly cores: number };
  readonly session: {
    readonly runs: readonly { label: string; operations: number; peakLiveBytes: number }[];
  };
}

const workloads = ["churn", "larson", "producer-consumer"];

for (const workers of ["1", "2", "3"]) {
  test(`all on libc with ${workers} Workers: pass, one second each`, async () => {
    const args = [
      "--allocator",
      "libc",
      "--seconds",
      "3",
      "--workers",
      workers,
      "--seed",
      "77",
      "--json",
      "-",
    ];
    const { code, stdout, stderr } = await runStress(...workloads, ...args);
    expect(stderr).toStartWith(`seed 77: ${workloads.join(", ")} on ${workers} Workers`);
    expect(lastLine(stderr)).toStartWith("passed: no fault in ");
    expect(code).toBe(0);
    const report: Report = JSON.parse(stdout);
    expect(report.seed).toBe(77);
    expect(report.passed).toBe(true);
    expect(report.session.runs.map(({ label }) => label)).toEqual(workloads);
    for (const { operations, peakLiveBytes } of report.session.runs) {
      expect(operations).toBeGreaterThan(10_000);
      expect(peakLiveBytes).toBeGreaterThan(10_000);
    }
  });
}

test("json-file: holds the same report, names no host", async () => {
  const file = join(tmpdir(), `stress-${process.pid}.json`);
  const { code, stdout } = await runStress(
    "churn",
    "--allocator",
    "libc",
    "--seconds",
    "0.2",
    "--json",
    file,
  );
  expect(code).toBe(0);
  expect(stdout).toStartWith("seed ");
  const text = await Bun.file(file).text();
  await Bun.file(file).delete();
  expect((JSON.parse(text) as Report).machine.cores).toBeGreaterThan(0);
  expect(text).not.toContain(hostname());
});
