/** Which points each stage of the tour comes past, and how often; and which points no stage does. */
import { exceptions } from "./exceptions.ts";
import type { DeathPoint } from "./point.ts";
import type { Trial } from "./trial.ts";

/** Visits by point number, for each stage; for each number of survivors, because it changes what the tour finds. */
export type Survey = ReadonlyMap<number, readonly Int32Array[]>;

/** For a survey of a stage: the victim goes the whole way, and its visits are counted. */
export function surveyTrial(stage: number, survivors: number, seed: number): Trial {
  return { stage, point: 0, visit: 0, survivors, seed };
}

export function createVisits(points: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer((points + 1) * 4));
}

/** With every number of survivors. */
export function isVisited(survey: Survey, { number }: DeathPoint): boolean {
  return [...survey.values()].every((stages) => stages.some((visits) => visits[number] !== 0));
}

export interface Unvisited {
  /** In the list of exceptions. */
  readonly excepted: readonly DeathPoint[];
  /** Faults of the tour. */
  readonly missing: readonly DeathPoint[];
  /** Exceptions that are none any more. */
  readonly stale: readonly string[];
}

export function unvisited(survey: Survey, points: readonly DeathPoint[]): Unvisited {
  const excepted: DeathPoint[] = [];
  const missing: DeathPoint[] = [];
  const used = new Set<string>();
  for (const point of points) {
    if (isVisited(survey, point)) continue;
    const exception = exceptions.find(
      ({ file, within, text }) =>
        point.file === file && ["", point.within].includes(within) && point.text.includes(text),
    );
    if (exception === undefined) missing.push(point);
    else {
      excepted.push(point);
      used.add(nameOf(exception));
    }
  }
  const stale = exceptions.map(nameOf).filter((name) => !used.has(name));
  return { excepted, missing, stale };
}

function nameOf({ file, within, text }: (typeof exceptions)[number]): string {
  return `${file}, ${within}${text === "" ? "" : `: ${text}`}`;
}
