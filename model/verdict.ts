/** What is wrong with a run: a property that is violated, and a planted mistake that was not found. */
import type { Checked, Tried } from "./report.ts";

export function faultsIn(checked: readonly Checked[], tried: readonly Tried[]): string[] {
  const violated = checked.filter(({ result }) => result.violation !== undefined);
  const missed = tried.filter(({ result }) => result.violation === undefined);
  return [
    ...violated.map(({ configuration, result }) => `${configuration.name}: ${result.violation}`),
    ...missed.map(({ plant }) => `the planted mistake ${plant.name} was not found`),
  ];
}
