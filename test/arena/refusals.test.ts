/** The system refuses memory: typed errors only, the heap intact, and full service once it gives again. */
import { describe, expect, test } from "bun:test";
import { OutOfMemoryError, policyNames } from "../../src/index.ts";
import { type SimulatedArena, simulatedArena } from "../support/simulated-arena.ts";

/** Grows, reallocates, aligns, maps large blocks, fills a window, frees and trims. Returns the number of refusals. */
function work({ arena }: SimulatedArena): number {
  const live: number[] = [];
  let refused = 0;
  /** `at`: the block that is replaced; a refused realloc must leave it as it was. */
  const attempt = (allocate: () => number, at = live.length) => {
    try {
      live[at] = allocate();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      expect(error.bound).toBe("system");
      refused++;
    }
  };
  for (let round = 0; round < 16; round++) {
    attempt(() => arena.malloc(200_000));
    attempt(() => arena.malloc(700_000));
    attempt(() => arena.alignedAlloc(8192, 100));
    attempt(() => arena.calloc(1, 40_000));
    const at = live.length - 1;
    if (at >= 0) attempt(() => arena.realloc(live[at]!, 900_000 + round * 300_000), at);
    attempt(() => arena.malloc(50));
    if (round % 4 === 3) arena.trim();
  }
  for (const pointer of live) arena.free(pointer);
  return refused;
}

/** All calls for the default, some for the others: each costs a window of simulated pages. */
const stepOf = (policy: string) => (policy === policyNames[0] ? 1 : 9);

for (const policy of policyNames) {
  describe(`each system call refused, ${policy}`, () => {
    const options = { policy, reserve: 2 ** 22 };
    const counting = simulatedArena(options);
    const before = counting.platform.pages.calls;
    work(counting);
    const calls = counting.platform.pages.calls - before;

    for (const mode of ["once", "from then on"] as const) {
      test(`the n-th of ${calls} calls, ${mode}`, () => {
        expect(calls).toBeGreaterThan(40);
        let refused = 0;
        for (let n = 0; n < calls; n += stepOf(policy)) {
          const simulated = simulatedArena(options);
          const { arena, platform } = simulated;
          const first = platform.pages.calls + n;
          platform.pages.refuse = (_call, number) => (mode === "once" ? number === first : number >= first);
          refused += work(simulated);
          arena.check();
          platform.pages.refuse = () => false;
          expect(work(simulated)).toBe(0);
          arena.check();
          arena.trim();
          const { liveBlocks, committedBytes } = arena.stats();
          expect({ liveBlocks, committedBytes }).toEqual({ liveBlocks: 0, committedBytes: 0 });
          arena.dispose();
          expect(platform.pages.mappedBytes).toBe(0);
        }
        if (mode === "from then on") expect(refused).toBeGreaterThan(calls / stepOf(policy));
      });
    }
  });
}

test("an arena that cannot be mapped throws and leaves nothing mapped", () => {
  for (const call of ["reserve", "commit"]) {
    const made = simulatedArena();
    const { pages } = made.platform;
    const mapped = pages.mappedBytes;
    pages.refuse = (name) => name === call;
    expect(() => simulatedArena({}, made.platform)).toThrow(OutOfMemoryError);
    expect(pages.mappedBytes).toBe(mapped);
  }
});

test("ulimit -v: OutOfMemoryError, the process goes on", () => {
  const index = new URL("../../src/index.ts", import.meta.url).pathname;
  const script = `
    const { malloc, free, heap, OutOfMemoryError } = await import(${JSON.stringify(index)});
    const live = [];
    for (const size of [300_000, 600_000, 100]) {
      try { for (;;) live.push(malloc(size)); }
      catch (error) { if (!(error instanceof OutOfMemoryError) || error.bound !== "system") throw error; }
    }
    heap.check();
    for (const pointer of live) free(pointer);
    heap.trim();
    heap.check();
    free(malloc(100_000));
    console.log(live.length > 1000, heap.stats().liveBlocks);
  `;
  const command = `ulimit -v 6000000; exec "${process.execPath}" -e '${script}'`;
  const { stdout, stderr, exitCode } = Bun.spawnSync(["bash", "-c", command]);
  expect({ stdout: String(stdout), stderr: String(stderr), exitCode }).toEqual({
    stdout: "true 0\n",
    stderr: "",
    exitCode: 0,
  });
});
