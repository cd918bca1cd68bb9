import { expect, test } from "bun:test";
import { deriveSeed, lran2, lran2Words, Random, seedLran2 } from "../../stress/random.ts";
import { drawChurnSize } from "../../stress/workloads/churn.ts";

const lran2Draws = (seed: number, draws: number): number[] => {
  const state = new Int32Array(lran2Words);
  seedLran2(state, seed);
  return Array.from({ length: draws }, () => lran2(state));
};

test("lran2: the first draws of the original", () => {
  expect(lran2Draws(4141, 6)).toEqual([562984, 514304, 603572, 409634, 264819, 404388]);
  expect(lran2Draws(0, 3)).toEqual([500655, 445885, 246850]);
});

test("xorshift32: the first draws of the original", () => {
  const random = new Random(1 ^ 0x9e3779b9);
  expect([random.next(), random.next(), random.next()]).toEqual([1359504952, 3827716927, 3866437631]);
});

test("derived-seeds: differ between Workers, workloads and seeds, and are never 0", () => {
  const seeds = new Set<number>();
  for (const seed of [0, 1, 2 ** 32 - 1]) {
    for (const name of ["churn", "larson"]) {
      for (let worker = 0; worker < 64; worker++) seeds.add(deriveSeed(seed, name, worker));
    }
  }
  expect(seeds.size).toBe(3 * 2 * 64);
  expect(seeds.has(0)).toBe(false);
});

test("churn-sizes: the same seed gives the same sizes, another seed others", () => {
  const sizes = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 20_000 }, () => drawChurnSize(random));
  };
  expect(sizes(7)).toEqual(sizes(7));
  expect(sizes(7)).not.toEqual(sizes(8));
});

test("churn-sizes: empty, tiny, of a page and above 1 MiB all occur", () => {
  const random = new Random(1);
  const sizes = Array.from({ length: 50_000 }, () => drawChurnSize(random));
  expect(sizes).toContain(0);
  expect(sizes).toContain(1);
  expect(sizes).toContain(4096);
  expect(sizes.some((size) => size > 2 ** 20)).toBe(true);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4 * 2 ** 20);
});
