/**
 * What every policy must do, whatever its design: one suite over the whole catalogue, with all options. A policy is driven
 * as the heap drives it, on a window of simulated pages, and compared with an independent list of live blocks.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { granulesFor, payloadBytes } from "../../src/core/size-classes.ts";
import type { WordIndex } from "../../src/core/types.ts";
import { policyVariants } from "../support/policy-variants.ts";
import { type Bench, bench, inspect, rebuild } from "./bench.ts";

interface Live {
  readonly block: WordIndex;
  granules: number;
  readonly stamp: number;
}

const operation = fc.record({
  act: fc.constantFrom("take", "take", "take", "align", "resize", "give", "give", "give", "compact"),
  granules: fc.oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 700 })),
  log: fc.integer({ min: 5, max: 11 }),
  pick: fc.nat(),
});
type Operation = typeof operation extends fc.Arbitrary<infer Each> ? Each : never;

/** Live blocks with their contents, told by nothing but what was asked of the policy. */
class Model {
  readonly live: Live[] = [];
  private stamp = 1;

  constructor(
    private readonly b: Bench,
    private readonly most: number,
  ) {}

  run({ act, granules: wanted, log, pick }: Operation): void {
    const { b, live } = this;
    const granules = 2 + ((wanted - 2) % (this.most - 1));
    if (act === "compact") b.policy.compact();
    else if (act === "take") this.add(b.take(granules), granules);
    else if (act === "align") {
      // What the caller sends to the policy: request and alignment together are below its largest request.
      const small = Math.min(granules, 100);
      const alignment = Math.min(2 ** log, 2 ** Math.floor(Math.log2(payloadBytes(this.most - small - 1))));
      const block = b.take(small, alignment);
      expect((block * 4) % alignment).toBe(0);
      this.add(block, small);
    } else if (live.length > 0) {
      const at = pick % live.length;
      if (act === "give") b.give(live.splice(at, 1)[0]!.block);
      else this.resize(live[at]!, granules);
    }
  }

  /** The bytes of all live blocks are as they were written. */
  verify(): void {
    for (const { block, granules, stamp } of this.live) {
      const payload = this.b.space.words.subarray(block, block + granules * 4 - 2);
      if (!payload.every((word) => word === stamp)) throw new Error(`the block at ${block} was overwritten`);
    }
  }

  private resize(live: Live, granules: number): void {
    const { space, policy } = this.b;
    const before = space.granules(live.block);
    // If it is cut short, the block may be smaller already.
    live.granules = Math.min(live.granules, granules);
    if (policy.resize(live.block, granules)) {
      expect(space.granules(live.block)).toBeGreaterThanOrEqual(granules);
      live.granules = granules;
      space.words.fill(live.stamp, live.block, live.block + granules * 4 - 2);
    } else {
      expect(granules).toBeGreaterThan(before);
      expect(space.granules(live.block)).toBe(before);
    }
  }

  private add(block: WordIndex | 0, granules: number): void {
    const { space } = this.b;
    if (block === 0) throw new Error(`${granules} granules are refused in an empty window`);
    expect(block & 3).toBe(0);
    expect(space.granules(block)).toBeGreaterThanOrEqual(granules);
    const end = block + granules * 4;
    for (const other of this.live) {
      if (block < other.block + other.granules * 4 && other.block < end)
        throw new Error(`overlap at ${block}`);
    }
    const stamp = this.stamp++;
    space.words.fill(stamp, block, end - 2);
    this.live.push({ block, granules, stamp });
  }
}

for (const policy of policyVariants) {
  describe(`policy ${policy}`, () => {
    const most = Math.min(700, granulesFor(Math.min(bench(policy).largestBytes, 2 ** 20)));

    test("what is freed is used again before fresh memory", () => {
      const b = bench(policy);
      const blocks = Array.from({ length: 100 }, () => b.take(4) as WordIndex);
      b.take(4);
      const top = b.space.top;
      for (const block of blocks) b.give(block);
      for (let i = 0; i < 100; i++) expect(b.take(4)).not.toBe(0);
      expect(b.space.top).toBe(top);
    });

    test("everything freed and compacted: the window is as it was", () => {
      const b = bench(policy);
      const blocks = Array.from({ length: 500 }, (_, i) => b.take(2 + (i % 60)) as WordIndex);
      for (const block of blocks) b.give(block);
      b.policy.compact();
      expect(inspect(b)).toEqual({ free: 0, used: 0, freeGranules: 0 });
      expect(b.space.top).toBe(b.space.first);
    });

    test("a full window gives 0, and serves again after a free", () => {
      const b = bench(policy, 2 ** 20);
      const blocks: WordIndex[] = [];
      for (;;) {
        const block = b.take(100);
        if (block === 0) break;
        blocks.push(block);
      }
      expect(b.take(most)).toBe(0);
      inspect(b);
      b.give(blocks[3]!);
      expect(b.take(100)).toBe(blocks[3]!);
      for (const block of blocks) b.give(block);
      b.policy.compact();
      expect(b.space.top).toBe(b.space.first);
    });

    test("the largest request fits into an empty window of any length", () => {
      for (const byteLength of [2 ** 20, 3 * 2 ** 20, 2 ** 22 + 4096]) {
        const b = bench(policy, byteLength);
        // No request is above a quarter of the window.
        const granules = granulesFor(Math.min(b.largestBytes, byteLength / 4 - 2 ** 18));
        expect(b.take(granules)).not.toBe(0);
      }
    });

    test("random operations agree with a list of blocks", () => {
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
          const b = bench(policy);
          const model = new Model(b, most);
          for (const step of operations) {
            model.run(step);
            expect(inspect(b).used).toBe(model.live.length);
          }
          model.verify();
          for (const { block } of model.live) b.give(block);
          b.policy.compact();
          expect(inspect(b)).toEqual({ free: 0, used: 0, freeGranules: 0 });
        }),
        { numRuns: 40, includeErrorInReport: true },
      );
    });

    test("a rebuild at any time files all that is free, and loses nothing", () => {
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
          const b = bench(policy);
          const model = new Model(b, most);
          operations.forEach((step, turn) => {
            model.run(step);
            if (turn % 8 !== 0) return;
            const before = inspect(b);
            const top = b.space.top;
            rebuild(b);
            const after = inspect(b);
            expect(after.used).toBe(before.used);
            expect(after.freeGranules + (top - b.space.top) / 4).toBe(before.freeGranules);
          });
          model.verify();
          for (const { block } of model.live) b.give(block);
          b.policy.compact();
          expect(inspect(b).free).toBe(0);
        }),
        { numRuns: 40, includeErrorInReport: true },
      );
    });

    test("a death between any two steps leaves a chain that a rebuild makes whole", () => {
      const arbitrary = fc.record({
        operations: fc.array(operation, { minLength: 20, maxLength: 120 }),
        deaths: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 }),
      });
      fc.assert(
        fc.property(arbitrary, ({ operations, deaths }) => {
          const b = bench(policy);
          const mortal = new Mortal(b);
          const model = new Model(b, most);
          for (const step of operations) {
            mortal.left = deaths.pop() ?? Infinity;
            if (!mortal.survives(() => model.run(step))) rebuild(b);
            // A block that was on its way to or from its user is on one side or the other.
            expect(Math.abs(inspect(b).used - model.live.length)).toBeLessThanOrEqual(mortal.deaths);
            model.verify();
          }
          for (let block = b.space.first; block < b.space.top; ) {
            if (b.space.isFree(block)) block = b.space.next(block);
            else {
              b.give(block);
              block = b.space.first;
            }
          }
          b.policy.compact();
          expect(inspect(b)).toEqual({ free: 0, used: 0, freeGranules: 0 });
        }),
        { numRuns: 60, includeErrorInReport: true },
      );
    });
  });
}

class Death extends Error {}

const STEPS = ["carve", "extend", "split", "absorb", "disown", "announce", "conceal", "retreat"] as const;

/** Ends an operation of a policy before the n-th of its calls that change the chain or what neighbours are told. */
class Mortal {
  left = Infinity;
  deaths = 0;

  constructor({ space }: Bench) {
    for (const name of STEPS) {
      const step = space[name].bind(space) as (...values: number[]) => number;
      Object.assign(space, {
        [name]: (...values: number[]) => {
          if (--this.left === 0) throw new Death(name);
          return step(...values);
        },
      });
    }
  }

  survives(act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      this.deaths++;
      return false;
    } finally {
      this.left = Infinity;
    }
  }
}

test("unordered:order=address: the list rises, whatever order the blocks are freed in", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 20, maxLength: 60 }), (picks) => {
      const b = bench("unordered:order=address");
      const blocks = Array.from({ length: 200 }, () => b.take(4) as WordIndex);
      for (const pick of picks) {
        b.give(blocks.splice(pick % blocks.length, 1)[0]!);
        if (pick % 5 === 0) blocks.push(b.take(4) as WordIndex);
        const free: number[] = [];
        b.policy.forEachFree(0, (block) => free.push(block));
        expect(free).toEqual([...free].sort((one, other) => one - other));
      }
    }),
  );
});
