/** A sample of deaths, and what the command says about itself. */
import { expect, test } from "bun:test";
import type { CampaignResult } from "../../stress/death-points/campaign.ts";
import { parseOptions, UsageError } from "../../stress/death-points/options.ts";

const MAIN = new URL("../../stress/death-points/main.ts", import.meta.url).pathname;

/** The figures of a command, and its exit code. */
async function command(...words: string[]): Promise<{ report: CampaignResult; exitCode: number }> {
  const run = Bun.spawn([process.execPath, MAIN, ...words, "--json", "-"], {
    stdout: "pipe",
    stderr: "ignore",
  });
  const report = (await new Response(run.stdout).json()) as CampaignResult;
  return { report, exitCode: await run.exited };
}

test("a sample of all points: nobody hangs, nothing is lost, every point but the listed ones is visited", async () => {
  const { report, exitCode } = await command("--seed", "1", "--seconds", "8", "--survivors", "2");
  expect(report.found).toEqual([]);
  expect(report.unvisited.missing).toEqual([]);
  expect(report.unvisited.stale).toEqual([]);
  expect(report.made.length).toBeGreaterThan(10);
  expect(report.counted.takeovers).toBeGreaterThan(0);
  expect(exitCode).toBe(0);
});

test("one point is repeated with what the report says", async () => {
  const { report } = await command("--seed", "7", "--point", "300", "--survivors", "2");
  const { made } = report;
  expect(made.length).toBeGreaterThan(0);
  for (const { point, survivors } of made) expect([point, survivors]).toEqual([300, 2]);
});

test("options", () => {
  expect(parseOptions(["--seed", "3", "--survivors", "1,4", "--point", "9"])).toEqual({
    seed: 3,
    seconds: 0,
    points: [9],
    survivors: [1, 4],
    mostFaults: 100,
    json: undefined,
  });
  for (const wrong of [
    ["--survivors", "5"],
    ["--survivors", ""],
    ["--point", "0"],
    ["--seconds", "x"],
    ["--what"],
  ]) {
    expect(() => parseOptions(wrong)).toThrow(UsageError);
  }
});
