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
