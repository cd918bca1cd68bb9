/** Which deaths a campaign consists of. */
import { deriveSeed, Random } from "../random.ts";
import type { DeathPoint } from "./point.ts";
import type { Survey } from "./survey.ts";
import type { Trial } from "./trial.ts";

/**
 * The first visit of every point with each number of survivors, and one later visit of every point that has one. In an
 * order that follows from the seed, so that a campaign that ends early is a sample.
 */
export function planTrials(survey: Survey, points: readonly DeathPoint[], seed: number): Trial[] {
  const random = new Random(deriveSeed(seed, "plan"));
  const trials: Trial[] = [];
  const counts = [...survey.keys()];
  for (const { number: point } of points) {
    const chosen = random.below(counts.length);
    for (const [i, survivors] of counts.entries()) {
      const visits = survey.get(survivors)!.map((stage) => stage[point]!);
      const places = i === chosen ? [1, laterVisit(visits, random)] : [1];
      for (const place of places) {
        const found = locate(visits, place);
        if (found !== undefined)
          trials.push({ ...found, point, survivors, seed: deriveSeed(seed, point, survivors) });
      }
    }
  }
  return shuffled(trials, random);
}

/** The stages that come past a trial's point: its own first, then the others, those that do so most often first. */
export function stagesOf(survey: Survey, { point, stage, survivors }: Trial): number[] {
  const visits = survey.get(survivors)!.map((counts) => counts[point]!);
  const others = [...visits.keys()].filter((other) => other !== stage && visits[other]! > 0);
  return [stage, ...others.sort((a, b) => visits[b]! - visits[a]!)];
}

/** The number of a visit behind the first, counted over all stages; 0 = there is none. */
function laterVisit(visits: readonly number[], random: Random): number {
  const all = visits.reduce((sum, count) => sum + count, 0);
  return all < 2 ? 0 : random.between(2, all);
}

/** In which stage the n-th visit of all is, and which of that stage's visits it is. */
function locate(visits: readonly number[], place: number): { stage: number; visit: number } | undefined {
  let visit = place;
  for (const [stage, count] of visits.entries()) {
    if (visit > 0 && visit <= count) return { stage, visit };
    visit -= count;
  }
  return undefined;
}

function shuffled<Item>(items: Item[], random: Random): Item[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
