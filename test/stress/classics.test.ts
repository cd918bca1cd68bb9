/** The workloads of the literature, in both builds. */
import { expect, test } from "bun:test";
import { policyNames } from "../../src/index.ts";
import { type ForeignName, openForeign } from "../../stress/allocators/foreign.ts";
import { provideAllocator } from "../../stress/allocators/provide.ts";
import { parseOptions, type StressOptions } from "../../stress/command/options.ts";
import { auditHeap, createFigures, runCrew } from "../../stress/crew/crew.ts";
import { createPatternMemory } from "../../stress/oracle/pattern.ts";
import { createShadowMemory } from "../../stress/oracle/shadow.ts";
import { classicWorkloads, findWorkload } from "../../stress/workloads/catalogue.ts";
import { lastLine, runStress } from "./run-stress.ts";

const SECONDS = 0.1;
const oracle = { shadow: createShadowMemory(1024), pattern: createPatternMemory(5) };

interface Run {
  readonly workers?: number;
  readonly tasks?: number;
  readonly verify?: boolean;
  readonly allocator?: "husky" | "libc";
}

async function run(name: string, { workers = 2, tasks = 100, verify = true, allocator = "husky" }: Run) {
  const workload = findWorkload(name);
  // On an arena of its own: the process-wide heap is that of the other tests too.
  const policy = allocator === "husky" ? policyNames[0]! : undefined;
  const choices = { allocator, policy, checks: "default" } as const;
  const { choice, dispose } = await provideAllocator(choices, workload.limitBytes);
  const figures = createFigures();
  const common = { workload, recording: undefined, tasks, workers, seconds: SECONDS, seed: 11 };
  const watchdogSeconds = verify ? 10 : Number.POSITIVE_INFINITY;
  await runCrew(
    { ...common, allocator: choice, oracle: verify ? oracle : null, watchdogSeconds },
    figures,
    () => {},
  );
  const audit = await auditHeap(choice, 10);
  dispose();
  return { figures, audit };
}

for (const { name } of classicWorkloads) {
  test(`${name}: verify build on husky, nothing is live at the end`, async () => {
    const { figures, audit } = await run(name, {});
    expect(figures.operations).toBeGreaterThan(0);
    expect(audit!.liveBlocks).toBe(0);
    expect(audit!.liveBytes).toBe(0);
    expect(oracle.shadow).toSatisfy(nothingHeld);
  });

  test(`${name}: bench build on husky, nothing is live at the end`, async () => {
    const { figures, audit } = await run(name, { verify: false });
    expect(figures.operations).toBeGreaterThan(0);
    expect(audit!.liveBlocks).toBe(0);
  });
}

function nothingHeld({ bits }: typeof oracle.shadow): boolean {
  return new Int32Array(bits).every((word) => word === 0);
}

/** Allocations, reallocations and frees of one program; each block is freed once. */
const collatzWork: readonly (readonly [name: string, tasks: number, answer: string, operations: number])[] = [
  ["collatz-list", 100, "Max steps is at 97: 118 steps", 2 * (5646 + 100 + 1)],
  ["collatz-list", 1000, "Max steps is at 871: 178 steps", 2 * (108_657 + 1000 + 1)],
  ["collatz-ivec", 100, "Max steps is at 97: 118 steps", 2 * 559 + 282],
  ["collatz-ivec", 1000, "Max steps is at 871: 178 steps", 2 * 6353 + 3991],
];

for (const allocator of ["husky", "libc"] as const) {
  for (const [name, tasks, answer, operations] of collatzWork) {
    test(`${name} of ${tasks} on ${allocator}: published answer and work`, async () => {
      const { figures } = await run(name, { tasks, allocator, verify: tasks === 100 });
      expect(figures.result).toBe(answer);
      expect(figures.operations / figures.turns).toBe(operations);
    });
  }

  for (const name of ["collatz-list", "collatz-ivec"]) {
    test(`${name} of 10000 on ${allocator}: the right answer`, async () => {
      const { figures } = await run(name, { tasks: 10_000, allocator, verify: false });
      expect(figures.result).toBe("Max steps is at 6171: 261 steps");
    });
  }
}

test("frag: peak committed stays within both limits", async () => {
  for (const [name, mebibytes] of [
    ["frag", 16],
    ["frag-tight", 13],
  ] as const) {
    const { figures, audit } = await run(name, {});
    expect(figures.result).toBe("frag test ok");
    expect(audit!.peakCommittedBytes).toBeWithin(9 * 2 ** 20, mebibytes * 2 ** 20 + 1);
  }
});

test("odd-numbers of Workers: those that share more than a table", async () => {
  for (const name of ["xmalloc-test", "rptest", "sh8bench", "cache-scratch"]) {
    for (const workers of [1, 3]) {
      const { figures, audit } = await run(name, { workers });
      expect(figures.operations).toBeGreaterThan(0);
      expect(audit!.liveBlocks).toBe(0);
    }
  }
});

/** mimalloc 2.0.9 aligns `aligned_alloc(512, 512)` to 128: the oracle is right to say so. */
function misaligns(allocator: ForeignName): boolean {
  return openForeign(allocator).alignedAlloc(512, 512) % 512 !== 0;
}

test("foreign-allocators: run where they are installed, else say so and exit with 2", async () => {
  for (const allocator of ["mimalloc", "jemalloc", "tcmalloc"] as const) {
    const ofAllocator = ["--allocator", allocator];
    const { code, stderr, stdout } = await runStress("glibc-thread", "--seconds", "0.2", ...ofAllocator);
    if (code === 2) expect(stderr).toContain(`--allocator ${allocator} is not installed`);
    else if (allocator === "mimalloc" && misaligns(allocator)) {
      // The warm-up alone may end on a busy machine before it has asked for a block of such an alignment.
      const churn = await runStress("churn", "--seconds", "5", ...ofAllocator);
      expect(churn.stdout).toContain("fault misaligned");
    } else expect(lastLine(stdout)).toStartWith("passed: no fault in ");
  }
});

test("result-line: is printed, and --tasks sets N", async () => {
  const { code, stdout } = await runStress("collatz-ivec", "--seconds", "0.2", "--tasks", "1000");
  expect(code).toBe(0);
  expect(stdout).toContain("collatz-ivec: Max steps is at 871: 178 steps");
});

test("tasks: default and bounds", () => {
  expect((parseOptions([]) as StressOptions).tasks).toBe(10_000);
  expect(() => parseOptions(["--tasks", "1"])).toThrow("from 2 to 500000");
});
