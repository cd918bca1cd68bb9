/**
 * A Worker that dies at a system call, for every call that every operation makes, before and after it: the survivor
 * takes the lock over at that instant, finds the arena sound, and can have all memory back. A call that unmaps a range
 * is where the range stops being the arena's, so "before" it only address space without memory is lost.
 */
import { expect, test } from "bun:test";
import type { Arena, Pointer } from "../../src/index.ts";
import { Crew } from "./simulated-crew.ts";

const [VICTIM, SURVIVOR] = [100, 200] as const;
const OPTIONS = { largeThreshold: 2 ** 19, reserve: 2 ** 22 };

class Death extends Error {}

interface Situation {
  /** Prepares the victim's operation. */
  readonly prepare: (victim: Arena) => () => unknown;
}

const situations: Record<string, Situation> = {
  "malloc, growing": { prepare: (victim) => () => victim.malloc(400_000) },
  "malloc, opening a window": {
    prepare: (victim) => {
      for (let i = 0; i < 10; i++) victim.malloc(400_000);
      return () => victim.malloc(400_000);
    },
  },
  "malloc, large": { prepare: (victim) => () => victim.malloc(2 ** 20) },
  "alignedAlloc, large": { prepare: (victim) => () => victim.alignedAlloc(2 ** 16, 2 ** 20) },
  "malloc, large, and the table grows": {
    prepare: (victim) => {
      for (let i = 0; i < 94; i++) victim.malloc(2 ** 19 + 1);
      return () => {
        for (let i = 0; i < 6; i++) victim.malloc(2 ** 19 + 1);
      };
    },
  },
  "free, large, when another one was kept": {
    prepare: (victim) => {
      const block = victim.malloc(2 ** 20);
      fillStock(victim);
      return () => victim.free(block);
    },
  },
  "malloc, large, of another size than the stock": {
    prepare: (victim) => {
      fillStock(victim);
      return () => victim.malloc(2 ** 21);
    },
  },
  "realloc, large, shrinking": {
    prepare: (victim) => withBlock(victim, 2 ** 21, (block) => victim.realloc(block, 2 ** 20)),
  },
  "realloc, large, moving": {
    prepare: (victim) => withBlock(victim, 2 ** 20, (block) => victim.realloc(block, 2 ** 21)),
  },
  "realloc, from large to small": {
    prepare: (victim) => withBlock(victim, 2 ** 20, (block) => victim.realloc(block, 1000)),
  },
  "realloc, from small to large": {
    prepare: (victim) => withBlock(victim, 1000, (block) => victim.realloc(block, 2 ** 20)),
  },
  "realloc, small, moving": {
    prepare: (victim) => {
      const block = victim.malloc(100_000);
      victim.malloc(10);
      return () => victim.realloc(block, 300_000);
    },
  },
  trim: {
    prepare: (victim) => {
      const blocks = [200_000, 10, 200_000].map((size) => victim.malloc(size));
      victim.free(blocks[0]!);
      victim.free(blocks[2]!);
      return () => victim.trim();
    },
  },
};

/** One large mapping stays when its block is freed: the next free is one with system calls. */
function fillStock(victim: Arena): void {
  victim.free(victim.malloc(2 ** 20));
}

function withBlock(victim: Arena, size: number, act: (block: Pointer) => unknown): () => unknown {
  const block = victim.malloc(size);
  return () => act(block);
}

const CALLS = ["reserve", "map", "commit", "release", "remap", "unmap", "copy"] as const;

/** Runs `act` with a death at the n-th system call; `dead` looks at what is left. False if there are fewer calls. */
function dyingAt(crew: Crew, n: number, after: boolean, act: () => unknown, dead: () => void): boolean {
  const { pages } = crew;
  let calls = 0;
  let died = false;
  let found: unknown;
  for (const name of CALLS) {
    const call = (pages[name] as (...args: never[]) => unknown).bind(pages);
    (pages as unknown as Record<string, unknown>)[name] = (...args: never[]) => {
      if (died || ++calls < n) return call(...args);
      died = true;
      if (after) call(...args);
      crew.alive.delete(VICTIM);
      try {
        dead();
      } catch (error) {
        found = error;
      }
      throw new Death();
    };
  }
  try {
    act();
  } catch {
    // What the victim does after its death counts for nothing: the survivor has looked already.
  }
  for (const name of CALLS) delete (pages as unknown as Record<string, unknown>)[name];
  if (found !== undefined) throw found;
  return died;
}

for (const [name, { prepare }] of Object.entries(situations)) {
  test(`a death at any system call of: ${name}`, () => {
    let deaths = 0;
    for (const after of [false, true]) {
      for (let n = 1; ; n++) {
        const crew = new Crew(OPTIONS);
        const survivor = crew.join(SURVIVOR).arena;
        const victim = crew.join(VICTIM).arena;
        const mine = survivor.malloc(1000);
        const { owner } = victim;
        const act = prepare(victim);
        const died = dyingAt(crew, n, after, act, () => {
          survivor.check();
          const blocks = [...survivor.blocks({ owner })].length;
          expect(survivor.reclaim(owner)).toBe(blocks);
          survivor.check();
          survivor.free(mine);
          survivor.trim();
          survivor.check();
          const { liveBlocks, cachedBlocks, committedBytes } = survivor.stats();
          expect({ liveBlocks, cachedBlocks, committedBytes }).toEqual({
            liveBlocks: 0,
            cachedBlocks: 0,
            committedBytes: 0,
          });
          expect(survivor.usableSize(survivor.malloc(100))).toBeGreaterThanOrEqual(100);
        });
        if (!died) break;
        deaths++;
      }
    }
    expect(deaths).toBeGreaterThan(0);
  });
}

test("memory of a mapping whose end was cut short is back before its addresses are", () => {
  const crew = new Crew(OPTIONS);
  const survivor = crew.join(SURVIVOR).arena;
  const victim = crew.join(VICTIM).arena;
  survivor.malloc(10);
  const [block, second] = [victim.malloc(2 ** 20), victim.malloc(2 ** 20)];
  crew.pages.bytes(block, 2 ** 20).fill(1);
  // Kept, until the second one takes its place.
  victim.free(block);
  const died = dyingAt(
    crew,
    2,
    false,
    () => victim.free(second),
    () => {
      expect(crew.pages.bytes(block, 2 ** 20).every((byte) => byte === 0)).toBe(true);
      survivor.check();
      expect(survivor.stats().largeBlocks).toBe(1);
    },
  );
  expect(died).toBe(true);
});

test.each([
  "grown into fresh memory",
  "grown into a free block",
])("a block that has just %s has its pages counted", (how) => {
  const crew = new Crew(OPTIONS);
  const survivor = crew.join(SURVIVOR).arena;
  const { arena: victim, heap } = crew.join(VICTIM);
  const block = victim.malloc(100_000);
  if (how.endsWith("block")) {
    const behind = victim.malloc(300_000);
    victim.malloc(1000);
    victim.free(behind);
    victim.trim();
  }
  const { policy } = heap.windows[0]!;
  const resize = policy.resize.bind(policy);
  let found: unknown;
  policy.resize = (...args) => {
    const resized = resize(...args);
    crew.alive.delete(VICTIM);
    try {
      survivor.trim();
      survivor.check();
      expect(survivor.stats().committedBytes).toBeGreaterThan(survivor.usableSize(block));
    } catch (error) {
      found = error;
    }
    throw new Death(String(resized));
  };
  expect(() => victim.realloc(block, 300_000)).toThrow();
  if (found !== undefined) throw found;
});
