/** Every visited point gets a death at its first visit with each number of survivors, and one at a later visit. */
import { expect, test } from "bun:test";
import { planTrials, stagesOf } from "../../stress/death-points/plan.ts";
import type { DeathPoint } from "../../stress/death-points/point.ts";

const points: DeathPoint[] = [1, 2, 3].map((number) => ({
  number,
  file: "a.ts",
  line: number,
  within: "f",
  kind: "entry",
  text: "f",
}));
/** Visits by point number in two stages: of point 1 in both, of 2 once, of 3 never. */
const stages = [Int32Array.of(0, 0, 1, 0), Int32Array.of(0, 5, 0, 0)];
const survey = new Map([
  [1, stages],
  [4, stages],
]);

test("first visits with each number of survivors", () => {
  const first = planTrials(survey, points, 1).filter(({ visit }) => visit === 1);
  const planned = first.map(({ stage, point, survivors }) => [point, survivors, stage]).sort();
  expect(planned).toEqual([
    [1, 1, 1],
    [1, 4, 1],
    [2, 1, 0],
    [2, 4, 0],
  ]);
});

test("one later visit of what is visited more than once, which follows from the seed", () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 50; seed++) {
    const later = planTrials(survey, points, seed).filter(({ visit }) => visit > 1);
    expect(later.length).toBe(1);
    expect([later[0]!.point, later[0]!.stage]).toEqual([1, 1]);
    seen.add(later[0]!.visit);
  }
  expect([...seen].sort()).toEqual([2, 3, 4, 5]);
  expect(planTrials(survey, points, 7)).toEqual(planTrials(survey, points, 7));
});

test("a visit that did not come about is looked for where the point is visited most often", () => {
  const counts = [1, 0, 2, 9, 0, 5].map((visits) => Int32Array.of(0, visits));
  const trial = { stage: 2, point: 1, visit: 1, survivors: 1, seed: 1 };
  expect(stagesOf(new Map([[1, counts]]), trial)).toEqual([2, 3, 5, 0]);
});
