/**
 * Each policy has Workers killed for a moment, by the command that does it at length. `bun stress/every-policy.ts` does
 * so with all chaos modes and workloads; refused system calls are in test/arena/refusals.test.ts.
 */
import { expect, test } from "bun:test";
import { policyNames } from "../../src/index.ts";
import { lastLine, runStress } from "../stress/run-stress.ts";

const SEED = "23";

for (const policy of policyNames) {
  test(`terminate on ${policy}: no fault`, async () => {
    const chaos = ["larson", "--chaos", "terminate", "--kills", "20", "--policy", policy, "--seed", SEED];
    const { code, stdout } = await runStress(...chaos);
    expect(lastLine(stdout)).toMatch(/^passed: no fault after \d+ terminations/);
    expect(code).toBe(0);
  });
}

test("a run that takes too long is ended as slow, with what it has started", async () => {
  const script = new URL("../../stress/every-policy.ts", import.meta.url).pathname;
  const args = ["--policy", "bins", "--seconds", "30", "--most", "2", "--", "glibc-thread"];
  const begun = performance.now();
  const child = Bun.spawn([process.execPath, script, ...args], { stdout: "pipe", stderr: "pipe" });
  // What went on would hold the pipes open for the rest of the 30 s.
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect(performance.now() - begun).toBeLessThan(20_000);
  expect(stdout).toContain("no fault");
  expect(stderr).toContain(": slow");
  expect(await child.exited).toBe(0);
}, 60_000);
