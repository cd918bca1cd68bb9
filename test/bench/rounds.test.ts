/** In which order the jobs of a round run. */
import { expect, test } from "bun:test";
import { inTurn, type Job } from "../../bench/rounds.ts";

const job = (name: string, group?: string): Job => ({
  name,
  command: [],
  ...(group !== undefined && { group }),
});
const jobs = [
  job("a1", "a"),
  job("a2", "a"),
  job("a3", "a"),
  job("b1", "b"),
  job("b2", "b"),
  job("c"),
  job("d"),
];

test.each([
  [0, "a1 a2 a3 b1 b2 c d"],
  [1 / 3, "a2 a3 a1 b1 b2 c d"],
  [1 / 2, "a2 a3 a1 b2 b1 c d"],
  [2 / 3, "a3 a1 a2 b2 b1 c d"],
])("groups are turned by %d of their length, whoever has none stays", (share, order) => {
  expect(
    inTurn(jobs, share)
      .map(({ name }) => name)
      .join(" "),
  ).toBe(order);
});
