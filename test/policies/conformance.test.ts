/**
 * What every policy must do, whatever its design: one suite over the whole catalogue. A policy is driven as the
 * heap drives it, on a window of simulated pages, and compared with an independent list of live blocks.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BlockSpace } from "../../src/block/space.ts";
import type { Address, WordIndex } from "../../src/core/types.ts";
import { WindowWord } from "../../src/memory/layout.ts";
import { Window } from "../../src/memory/window.ts";
import { policies } from "../../src/policies/catalogue.ts";
import type { Policy, PolicyMaker } from "../../src/policies/policy.ts";
import { simulatedPlatform } from "../support/simulated-platform.ts";

const IN_USE = 1;

interface Bench {
  readonly space: BlockSpace;
  readonly policy: Policy;
  take(granules: number): WordIndex | 0;
  give(block: WordIndex): void;
}

function bench(maker: PolicyMaker, byteLength = 2 ** 24): Bench {
  const { pages } = simulatedPlatform();
  const base = pages.reserve(byteLength, (2 ** 36) as Address) as Address;
  const window = Window.create(pages, base, byteLength, 0) as Window;
  const space = new BlockSpace(window, 0x1234567, (endWord) => {
    if (endWord > window.wordLimit || window.makeAccessible(endWord) < 0) return false;
    window.words[WindowWord.high] = Math.max(window.words[WindowWord.high]!, endWord);
    return true;
  });
  const policy = maker.create(space);
  return {
    space,
    policy,
    take(granules) {
      const block = policy.allocate(granules, granules);
      if (block !== 0) space.words[block - 1]! |= IN_USE;
      return block;
    },
    give: (block) => policy.free(block),
  };
}

/** Walks the chain; returns the numbers of free and used blocks. Throws if it does not tile the window. */
function walk({ space }: Bench): { free: number; used: number } {
  let free = 0;
  let used = 0;
  let block = space.first;
  for (; block < space.top; block = space.next(block)) {
    if (!space.isIntact(block)) throw new Error(`damaged header at ${block}`);
    if (space.isFree(block)) free++;
    else used++;
  }
  expect(block).toBe(space.top);
  return { free, used };
}

function filed({ policy }: Bench): WordIndex[] {
  const found: WordIndex[] = [];
  policy.forEachFree(2, (block) => found.push(block));
  return found;
}

for (const maker of policies) {
  describe(`policy ${maker.name}`, () => {
    test("a block has at least the size asked for and is aligned to 16 bytes", () => {
      const b = bench(maker);
      for (let granules = 2; granules < 300; granules++) {
        const block = b.take(granules);
        expect(block & 3).toBe(0);
        expect(b.space.granules(block as WordIndex)).toBeGreaterThanOrEqual(granules);
      }
      expect(walk(b).used).toBe(298);
    });

    test("what is freed is used again before fresh memory", () => {
      const b = bench(maker);
      const blocks = Array.from({ length: 100 }, () => b.take(4) as WordIndex);
      const guard = b.take(4);
      const top = b.space.top;
      for (const block of blocks) b.give(block);
      for (let i = 0; i < 100; i++) expect(b.take(4)).not.toBe(0);
      expect(b.space.top).toBe(top);
      expect(guard).not.toBe(0);
    });

    test("merge-both: A and C free, then B: one block serves the sum", () => {
      const b = bench(maker);
      const [first, middle, last, guard] = [b.take(8), b.take(8), b.take(8), b.take(8)] as WordIndex[];
      b.give(first!);
      b.give(last!);
      b.give(middle!);
      expect(walk(b)).toEqual({ free: 1, used: 1 });
      expect(b.take(24)).toBe(first!);
      expect(b.space.isFree(guard!)).toBe(false);
    });

    test("everything freed: the window is as it was", () => {
      const b = bench(maker);
      const blocks = Array.from({ length: 500 }, (_, i) => b.take(2 + (i % 60)) as WordIndex);
      for (const block of blocks) b.give(block);
      expect(walk(b)).toEqual({ free: 0, used: 0 });
      expect(b.space.top).toBe(b.space.first);
      expect(filed(b)).toEqual([]);
    });

    test("a full window gives 0, and serves again after a free", () => {
      const b = bench(maker, 2 ** 20);
      const blocks: WordIndex[] = [];
      for (;;) {
        const block = b.take(100);
        if (block === 0) break;
        blocks.push(block);
      }
      expect(b.take(2 ** 20)).toBe(0);
      walk(b);
      b.give(blocks[3]!);
      expect(b.take(100)).toBe(blocks[3]!);
    });

    test("reset forgets all free blocks and rebuilding files them again", () => {
      const b = bench(maker);
      const blocks = Array.from({ length: 60 }, (_, i) => b.take(3 + i) as WordIndex);
      for (let i = 0; i < 60; i += 2) b.give(blocks[i]!);
      const before = filed(b).sort();
      b.policy.reset();
      expect(filed(b)).toEqual([]);
      for (const block of before) {
        b.space.conceal(block);
        b.policy.free(block);
      }
      expect(filed(b).sort()).toEqual(before);
    });

    test("random operations agree with a list of intervals", () => {
      const operation = fc.record({
        take: fc.boolean(),
        granules: fc.integer({ min: 2, max: 700 }),
        pick: fc.nat(),
      });
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
          const b = bench(maker);
          const live: { block: WordIndex; granules: number }[] = [];
          for (const { take, granules, pick } of operations) {
            if (take || live.length === 0) {
              const block = b.take(granules) as WordIndex;
              const end = block + granules * 4;
              expect(
                live.every((other) => end <= other.block || other.block + other.granules * 4 <= block),
              ).toBe(true);
              live.push({ block, granules });
              b.space.words.fill(-1, block, block + b.space.granules(block) * 4 - 2);
            } else {
              const [gone] = live.splice(pick % live.length, 1);
              b.give(gone!.block);
            }
          }
          const { free, used } = walk(b);
          expect(used).toBe(live.length);
          expect(filed(b).length).toBe(free);
          for (const { block } of live) b.give(block);
          expect(walk(b)).toEqual({ free: 0, used: 0 });
        }),
        { numRuns: 60, includeErrorInReport: true },
      );
    });
  });
}
