/** When memory counts as kept: by figures, and by plants that a command must find. */
import { beforeAll, expect, test } from "bun:test";
import { parseOptions, type StressOptions } from "../../stress/command/options.ts";
import { allowedBytes, judgeHeap, judgeProcess } from "../../stress/kept-memory.ts";
import { mostSeats, planRuns, planWarmUp } from "../../stress/run-plan.ts";
import { type CommandResult, runStress } from "./run-stress.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;

test("16 cores, nothing kept by the heap: what the runtime keeps of 176 Workers is no fault", () => {
  const share = { keptBytes: 11 * MIB, workers: 48 };
  expect(judgeProcess(12.5 * MIB, 176, share)).toBeNull();
  expect(judgeHeap({ committedBytes: 0, residentBytes: 184 * KIB })).toBeNull();
});

test("the process: 8 MiB, and what the runtime left without the heap, in proportion if Workers are more", () => {
  const share = { keptBytes: 3 * MIB, workers: 6 };
  for (const [workers, mebibytes] of [
    [1, 11],
    [6, 11],
    [12, 14],
    [20, 18],
  ] as const)
    expect(allowedBytes(share, workers)).toBe(mebibytes * MIB);
  expect(judgeProcess(18 * MIB, 20, share)).toBeNull();
  expect(judgeProcess(18.1 * MIB, 20, share)).toEqual({
    kind: "memory-kept",
    message:
      "18.1 MiB more of the process are resident than before, 18.0 MiB are allowed: " +
      "10.0 MiB for 20 Workers, as 6 without the heap left 3.0 MiB, and 8.0 MiB",
  });
});

test("the process: Workers that left nothing, or less than nothing, allow 8 MiB", () => {
  for (const keptBytes of [0, -5 * MIB]) {
    expect(judgeProcess(8 * MIB, 500, { keptBytes, workers: 48 })).toBeNull();
    expect(judgeProcess(8.1 * MIB, 500, { keptBytes, workers: 48 })).toMatchObject({ kind: "memory-kept" });
  }
});

test("the heap: more than a control block is resident, whatever it counts itself, or committed", () => {
  expect(judgeHeap({ committedBytes: 0, residentBytes: MIB })).toBeNull();
  expect(judgeHeap({ committedBytes: 0, residentBytes: 1.2 * MIB })).toEqual({
    kind: "memory-kept",
    message:
      "the heap is empty and trimmed: 1.2 MiB of its pages are resident, 0.0 MiB are committed; " +
      "1.0 MiB is allowed for its control block",
  });
  expect(judgeHeap({ committedBytes: 0, residentBytes: null })).toBeNull();
  for (const residentBytes of [0, null]) {
    expect(judgeHeap({ committedBytes: 1.2 * MIB, residentBytes })).toMatchObject({ kind: "memory-kept" });
  }
});

test("the runs without the heap have as many Workers as the largest of the others, and a tenth of the time", () => {
  const options = (...args: string[]) => parseOptions(["--workers", "4", ...args]) as StressOptions;
  const seats = (...args: string[]) => mostSeats(planRuns(options(...args), []), options(...args));
  expect(seats("churn")).toBe(4);
  expect(seats("churn", "xmalloc-test")).toBe(8);
  expect(seats("mleak")).toBe(10);
  const seconds = (text: string) =>
    planWarmUp(options("--seconds", text)).reduce((sum, run) => sum + run.seconds, 0);
  expect(seconds("1")).toBe(1.5);
  expect(seconds("3600")).toBeCloseTo(360);
});

const argsFor = (plant: string): string[] => [
  "larson",
  "--workers",
  "2",
  "--seconds",
  "0.3",
  "--seed",
  "21",
  "--plant",
  plant,
];

/** Both at once: most of the time they wait for memory to settle. */
let commands: Record<string, Promise<CommandResult>> = {};
beforeAll(() => {
  commands = { keeps: runStress(...argsFor("keeps")), hoards: runStress(...argsFor("hoards")) };
});

async function planted(plant: string, message: RegExp): Promise<void> {
  const { code, stdout } = await commands[plant]!;
  const lines = stdout.trimEnd().split("\n");
  expect(lines.at(-2)).toMatch(message);
  expect(lines.at(-1)).toBe(`repeat: bun run stress ${argsFor(plant).join(" ")}`);
  expect(code).toBe(1);
}

/** The kernel tells of single mappings on Linux only. */
test.skipIf(process.platform !== "linux")(
  "planted keeps: 8 MiB in the heap are found, whatever the process has",
  () =>
    planted(
      "keeps",
      /^fault memory-kept in larson: .*: 8\.\d MiB of its pages are resident, 0\.0 MiB are committed; 1\.0 MiB is allowed/,
    ),
);

test("planted hoards: what each Worker leaves outside of the heap is found", () =>
  planted(
    "hoards",
    /^fault memory-kept: [34]\d\.\d MiB more .*, \d+\.\d MiB are allowed: \d\.\d MiB for 2 Workers, as 6 without the heap left -?\d\.\d MiB, and 8\.0 MiB$/,
  ));
