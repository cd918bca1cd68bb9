import { closest, distance } from "fastest-levenshtein";
import { UsageError } from "./usage-error.ts";

/** How much of a word may be wrong for a suggestion to help. */
const FAR = 0.5;

/** `value`, if it is one of the known ones; otherwise a UsageError that lists them and names the closest. */
export function oneOf<Known extends string>(what: string, value: string, known: readonly Known[]): Known {
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  const near = closest(value, known);
  const hint =
    distance(value, near) <= Math.max(value.length, near.length) * FAR ? ` Did you mean ${near}?` : "";
  throw new UsageError(`unknown ${what} ${JSON.stringify(value)}; known: ${known.join(", ")}.${hint}`);
}
