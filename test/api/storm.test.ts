/** Blocks that change hands between Workers: exactly one owner at a time, and nothing is read after release. */
import { expect, test } from "bun:test";
import { storm } from "./storm.ts";

test("random operations over four Workers; each handle was sent to two of them", async () => {
  const { operations, adopted, refused, stale } = await storm(60_000, 1);
  expect(operations).toBe(60_000);
  expect(adopted).toBeGreaterThan(1000);
  // Who came second.
  expect(refused).toBeGreaterThan(500);
  expect(refused).toBeLessThanOrEqual(adopted);
  expect(stale).toBeGreaterThan(10_000);
});
