/**
 * The lecture's programs on the policy `husky`: their output, and every counter. The figures follow from the rules of
 * the lecture with sizes rounded to 16 bytes; "published" are the bounds that the lecture's own tests allow.
 */
import { describe, expect, test } from "bun:test";
import { type Program, programs } from "../../lecture/programs.ts";
import { type HuskyStats, huskyReport, huskyStats } from "../../lecture/report.ts";
import { Arena, policyNames } from "../../src/index.ts";

type Range = readonly [least: number, most: number];

interface Expected {
  readonly line: string;
  readonly exact: HuskyStats;
  /** Mapped, unmapped, free length; undefined = any. */
  readonly published: readonly [mapped: Range, unmapped: Range | undefined, freeLength: Range | undefined];
}

function counted(mapped: number, unmapped: number, calls: number, freeLength: number): HuskyStats {
  return {
    pagesMapped: mapped,
    pagesUnmapped: unmapped,
    chunksAllocated: calls,
    chunksFreed: calls,
    freeLength,
  };
}

const expected: Record<string, Expected> = {
  "01-hello": {
    line: "Hello, World",
    exact: counted(1, 0, 1, 1),
    published: [[1, 1], undefined, undefined],
  },
  "02-array-sum": {
    line: "Sum = 523776",
    exact: counted(3, 3, 1, 0),
    published: [
      [3, 3],
      [3, 3],
      [0, 0],
    ],
  },
  "03-list-sum": { line: "Sum = 45", exact: counted(1, 0, 10, 1), published: [[1, 1], undefined, [1, 1]] },
  "04-two-lists": {
    line: "Sum = 9900",
    exact: counted(2, 0, 200, 1),
    published: [[2, 2], undefined, [1, 1]],
  },
  // 894 pages where sizes are not rounded to 16 bytes.
  "05-many-sizes": {
    line: "Sum = 499500",
    exact: counted(895, 369, 1001, 1),
    published: [
      [600, 1000],
      [200, 600],
      [1, 100],
    ],
  },
};

function runOn(policy: string, { run }: Program, look: (arena: Arena) => void): string {
  using arena = new Arena({ policy, workerCache: false });
  const line = run(arena);
  arena.check();
  expect(arena.stats().liveBlocks).toBe(0);
  look(arena);
  return line;
}

for (const program of programs) {
  const { line, exact, published } = expected[program.name]!;

  test(`${program.name}: output and exact figures`, () => {
    let stats: HuskyStats | undefined;
    expect(
      runOn("husky", program, (arena) => {
        stats = huskyStats(arena);
      }),
    ).toBe(line);
    expect(stats).toEqual(exact);
    const { pagesMapped, pagesUnmapped, freeLength } = stats!;
    [pagesMapped, pagesUnmapped, freeLength].forEach((value, at) => {
      const [least, most] = published[at] ?? [0, Infinity];
      expect(value).toBeGreaterThanOrEqual(least);
      expect(value).toBeLessThanOrEqual(most);
    });
  });

  test(`${program.name}: the same output on every policy`, () => {
    for (const policy of policyNames) expect(runOn(policy, program, () => {})).toBe(line);
  });
}

describe("the report", () => {
  test("is an empty line, a title and five lines", () => {
    runOn("husky", programs[3]!, (arena) => {
      expect(huskyReport(arena)).toBe(
        "\n== husky malloc stats ==\nMapped:   2\nUnmapped: 0\nAllocs:   200\nFrees:    200\nFreelen:  1",
      );
    });
  });

  test("is refused for another policy", () => {
    using arena = new Arena();
    expect(() => huskyReport(arena)).toThrow("`arena` must have the policy husky, it has bins");
  });

  test("goes to standard error, the output to standard output", async () => {
    const script = new URL("../../lecture/main.ts", import.meta.url).pathname;
    const child = Bun.spawn([process.execPath, script, "02-array-sum"], { stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect(out).toBe("Sum = 523776\n");
    expect(err).toContain("Mapped:   3\nUnmapped: 3\nAllocs:   1\nFrees:    1\nFreelen:  0\n");
    const wrong = Bun.spawn([process.execPath, script, "06-none"], { stdout: "pipe", stderr: "pipe" });
    expect(await wrong.exited).toBe(2);
    expect(await wrong.stderr.text()).toContain('unknown program "06-none"; known: 01-hello');
  });
});
