import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { configurations, plants } from "../../model/configurations.ts";
import { faultsIn } from "../../model/verdict.ts";
import type { Result } from "../../model/verifier.ts";
import { violationIn } from "../../model/violations.ts";

const script = fileURLToPath(new URL("../../model/run.ts", import.meta.url));

async function runModel(environment: Record<string, string | undefined>, ...args: string[]) {
  const command = Bun.spawn([process.execPath, script, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...environment },
  });
  const [stdout, stderr] = await Promise.all([command.stdout.text(), command.stderr.text()]);
  return { code: await command.exited, stdout, stderr };
}

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";

test("quick: all properties hold, the planted mistake is found and told", async () => {
  const { code, stdout, stderr } = await runModel({}, "--quick");
  if (stdout.startsWith("not run: ")) {
    console.log(`model ${stdout.trim()}`);
    expect(code).toBe(0);
    return;
  }
  expect(stderr).toContain("shrink-first: ");
  expect(stdout).toContain(
    "Worker 1 takes the lock over from a dead owner\n      the header chain does not tile",
  );
  expect(lastLine(stdout)).toBe("passed: all properties hold in 4 configurations, 2 planted mistakes found");
  expect(code).toBe(0);
}, 600_000);

test("missing-spin: says so and passes", async () => {
  const { code, stdout } = await runModel({ PATH: "" });
  expect(stdout).toBe("not run: spin is missing (Debian package spin)\n");
  expect(code).toBe(0);
});

test("wrong-usage: exit code 2", async () => {
  expect((await runModel({}, "--quack")).code).toBe(2);
  expect((await runModel({}, "all")).code).toBe(2);
});

test("a violated property and a plant that is not found are faults", () => {
  const clean: Result = {
    statesStored: 1,
    transitions: 1,
    depthSteps: 1,
    memoryMebibytes: 1,
    seconds: 1,
    violation: undefined,
    trail: [],
  };
  const configuration = configurations[0]!;
  const plant = plants[0]!;
  const broken = { ...clean, violation: "a block has two owners" };
  expect(faultsIn([{ configuration, result: clean }], [{ plant, result: broken }])).toEqual([]);
  expect(faultsIn([{ configuration, result: broken }], [{ plant, result: clean }])).toEqual([
    `${configuration.name}: a block has two owners`,
    `the planted mistake ${plant.name} was not found`,
  ]);
});

test("a search that was cut short is no proof", () => {
  expect(violationIn("State-vector 136 byte, depth reached 9, errors: 0\n")).toBeUndefined();
  expect(() =>
    violationIn("error: max search depth too small\nWarning: Search not completed\nerrors: 0\n"),
  ).toThrow("did not visit all states");
  expect(violationIn("pan:1: invalid end state (at depth 7)\nerrors: 1\n")).toBe("nobody can go on");
});

test("a message of the verifier tells what was violated", () => {
  const meaning = (assertion: string) => violationIn(`pan:1: assertion violated ${assertion} (at depth 9)\n`);
  expect(meaning("(head[((s*(1+1))+1)]==0)")).toContain("keeps nothing by its count");
  expect(meaning("((held&(((1<<size[mine])-1)<<mine))!=0)")).toBe("a block is freed twice");
  expect(meaning("((held&(((1<<size[mine])-1)<<mine))==0)")).toBe("a block has two owners");
  expect(meaning("(((held>>mine)&1)==0)")).toBe("a free of a block in use is refused");
});
