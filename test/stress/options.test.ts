import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chaosModes } from "../../stress/chaos/catalogue.ts";
import { parseOptions, type StressOptions } from "../../stress/command/options.ts";
import { repeatArguments, repeatCommand } from "../../stress/command/repeat.ts";
import { classicWorkloads } from "../../stress/workloads/catalogue.ts";
import { runStress } from "./run-stress.ts";

const wrong: readonly (readonly [name: string, args: readonly string[], message: RegExp])[] = [
  ["workload-misspelt", ["chrun"], /unknown workload "chrun".*Did you mean churn\?/],
  ["workload-far-off", ["xxxxxxxxxxxxxxxx"], /unknown workload "x+"; known: churn, larson.*canary\.\n/],
  ["option-misspelt", ["--secnds", "3"], /unknown option '--secnds'[\s\S]*Did you mean --seconds\?/],
  ["allocator-misspelt", ["--allocator", "lib"], /unknown allocator "lib".*Did you mean libc\?/],
  ["policy-misspelt", ["--policy", "bin"], /unknown policy "bin".*Did you mean bins\?/],
  [
    "policy-option-misspelt",
    ["--policy", "unordered:fitt=best"],
    /unordered has the options fit, merge, every/,
  ],
  [
    "policy-value-misspelt",
    ["--policy", "unordered:fit=worst"],
    /must be one of first, next, best, got "worst"/,
  ],
  ["policy-without-options", ["--policy", "tree:fit=best"], /tree has no options, got "fit"/],
  ["policy-with-libc", ["--allocator", "libc", "--policy", "bins"], /--policy needs --allocator husky/],
  ["checks-unknown", ["--checks", "everything"], /unknown checks "everything"; known: default/],
  ["workers-zero", ["--workers", "0"], /'0' is invalid.*from 1 to 512/],
  ["workers-fraction", ["--workers", "1.5"], /whole number/],
  ["workers-no-number", ["--workers", "many"], /'many' is invalid/],
  ["seconds-empty", ["--seconds", ""], /is invalid/],
  ["seconds-negative", ["--seconds=-1"], /is invalid/],
  ["seed-too-large", ["--seed", "4294967296"], /is invalid/],
  ["value-missing", ["--seed"], /argument missing/],
  ["trace-without-replay", ["churn", "--trace", "x.rep"], /--trace needs the workload replay/],
  ["trace-not-there", ["replay", "--trace", "/not/there.rep"], /\/not\/there\.rep.*cannot be read/],
  ["json-not-writable", ["churn", "--json", "/not/there/x.json"], /cannot be written/],
  ["chaos-misspelt", ["--chaos", "terminat"], /unknown chaos mode "terminat".*Did you mean terminate\?/],
  ["chaos-with-libc", ["--chaos", "pause", "--allocator", "libc"], /--chaos needs --allocator husky/],
  ["chaos-with-canary", ["canary", "--chaos", "terminate"], /--chaos does not go with canary/],
  ["chaos-too-many-workers", ["--chaos", "pause", "--workers", "101"], /at most 100 Workers/],
  ["kills-without-chaos", ["--kills", "5"], /--kills needs --chaos terminate/],
  ["kills-with-pause", ["--chaos", "pause", "--kills", "5"], /--kills needs --chaos terminate/],
  ["kills-zero", ["--chaos", "terminate", "--kills", "0"], /'0' is invalid/],
  ["pause-seconds-without-pause", ["--pause-seconds", "1"], /--pause-seconds needs --chaos pause/],
  ["pause-with-workload", ["churn", "--chaos", "pause"], /has a workload of its own; name none/],
  ["chaos-plant-unknown", ["--chaos", "pause", "--plant", "hang"], /unknown plant "hang"; known: deadlike/],
  ["plant-without-canary", ["churn", "--plant", "hang"], /--plant needs the workload canary/],
  ["plant-with-canary", ["canary", "--plant", "keeps"], /--plant keeps does not go with canary/],
  [
    "plant-with-policy",
    ["--plant", "keeps", "--policy", "tree"],
    /--plant keeps needs the process-wide heap/,
  ],
  ["plant-with-libc", ["--plant", "hoards", "--allocator", "libc"], /needs the process-wide heap/],
  ["plant-misspelt", ["--plant", "keep"], /unknown plant "keep"; known: none.*hoards\. Did you mean keeps\?/],
];

for (const [name, args, message] of wrong) {
  test(name, async () => {
    const { code, stdout, stderr } = await runStress(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe("");
  });
}

test("repeat-chaos: the repeated command parses to the same options", () => {
  for (const args of [
    ["churn", "--chaos", "terminate", "--kills", "40", "--plant", "keeps"],
    ["--chaos", "pause", "--pause-seconds", "2"],
  ]) {
    const options = parseOptions(args) as StressOptions;
    expect(parseOptions(repeatArguments(options))).toEqual(options);
  }
});

test("trace-broken: file and line, and no run begins although an earlier file is good", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stress-"));
  const good = join(folder, "good.txt");
  const broken = join(folder, "broken.txt");
  writeFileSync(good, "1: malloc 0x10 8\n1: free 0x10\n");
  writeFileSync(broken, "1: malloc 0x10 8\n1: melloc 0x20 8\n");
  const { code, stdout, stderr } = await runStress("--trace", good, "--trace", broken, "--allocator", "libc");
  expect(stderr).toContain("broken.txt, line 2");
  expect(code).toBe(2);
  expect(stdout).toBe("");
});

test("help-is-a-man-page", async () => {
  const { code, stdout } = await runStress("--help");
  expect(code).toBe(0);
  for (const word of [
    "churn",
    "larson",
    "producer-consumer",
    "replay",
    "canary",
    ...classicWorkloads.map(({ name }) => name),
    "--seconds 300",
    "--chaos terminate",
    "--chaos refuse",
    "--chaos pause",
    "--json",
  ]) {
    expect(stdout).toContain(word);
  }
});

test("list", async () => {
  const { code, stdout } = await runStress("--list");
  expect(code).toBe(0);
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")[0]),
  ).toEqual([
    "churn",
    "larson",
    "producer-consumer",
    "replay",
    ...classicWorkloads.map(({ name }) => name),
    "canary",
    ...chaosModes.map(() => "--chaos"),
  ]);
});

test("bare: the four workloads of the bare command, at least two Workers, half a minute", () => {
  const options = parseOptions([]) as StressOptions;
  expect(options.workloads).toEqual(["churn", "larson", "producer-consumer", "replay"]);
  expect(options.workers).toBeGreaterThanOrEqual(2);
  expect(options.seconds).toBe(30);
});

test("repeat: the repeated command parses to the same options", () => {
  const args = [
    "replay",
    "churn",
    "--workers",
    "3",
    "--seconds",
    "0.5",
    "--seed",
    "0",
    "--allocator",
    "libc",
    "--tasks",
    "77",
  ];
  const options = parseOptions([
    ...args,
    "--trace",
    "a b.rep",
    "--trace",
    "c.rep",
    "--watchdog",
    "2",
  ]) as StressOptions;
  expect(parseOptions(repeatArguments(options))).toEqual(options);
  expect(repeatCommand(options)).toEndWith(
    "--allocator libc --tasks 77 --trace 'a b.rep' --trace c.rep --watchdog 2",
  );
});
