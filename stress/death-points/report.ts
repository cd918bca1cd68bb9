/** What a campaign found, for people. */
import Table from "cli-table3";
import pc from "picocolors";
import type { CampaignOptions, CampaignResult, Found } from "./campaign.ts";
import { type DeathPoint, describePoint } from "./point.ts";
import { isVisited } from "./survey.ts";
import { stages } from "./tour/index.ts";
import type { Trial } from "./trial.ts";

const folderOf = ({ file }: DeathPoint): string => file.split("/").slice(0, 2).join("/");

export function describeCampaign(result: CampaignResult, { survivors }: CampaignOptions): string {
  const { points, survey, made } = result;
  const head = [
    "folder",
    "points",
    "visited",
    ...survivors.map((count) => `deaths, ${count} left`),
    "points died at",
  ];
  const table = new Table({
    head,
    colAligns: head.map((_, column) => (column === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  const folders = [...new Set(points.map(folderOf))];
  for (const folder of [...folders, "all"]) {
    const here = points.filter((point) => folder === "all" || folderOf(point) === folder);
    const numbers = new Set(here.map(({ number }) => number));
    const deaths = made.filter(({ point }) => numbers.has(point));
    table.push([
      folder,
      here.length,
      here.filter((point) => isVisited(survey, point)).length,
      ...survivors.map((count) => deaths.filter((trial) => trial.survivors === count).length),
      new Set(deaths.map(({ point }) => point)).size,
    ]);
  }
  return table.toString();
}

export function describeFigures(result: CampaignResult): string {
  const { made, planned, stopped, repeated, longestWaitMs, counted, seconds } = result;
  const { takeovers, rebuilds, adoptions } = counted;
  return [
    `${made.length} of ${planned} trials in ${seconds.toFixed(0)} s, ${stopped} deaths, ${repeated} tries repeated`,
    `longest wait of a survivor ${longestWaitMs.toFixed(0)} ms after the end of the thread`,
    `${takeovers} takeovers, ${rebuilds} rebuilds, ${adoptions} adoptions`,
  ].join("; ");
}

/** What the tour left out. */
export function describeUnvisited({ unvisited: { excepted, missing, stale } }: CampaignResult): string {
  const lines = [
    `${excepted.length} points are not visited for reasons in stress/death-points/exceptions.ts`,
  ];
  for (const point of missing) lines.push(`${pc.red("not visited")} ${describePoint(point)}`);
  for (const exception of stale) lines.push(`${pc.red("no exception any more")} ${exception}`);
  return lines.join("\n");
}

export function describeFound({ trial, fault }: Found, points: readonly DeathPoint[], seed: number): string {
  const { stage, visit, survivors } = trial;
  const place =
    trial.point === 0 ? "the whole stage" : `${describePoint(points[trial.point - 1]!)}, visit ${visit}`;
  const where = `${place}, stage ${stages[stage]!.name}, ${survivors} survivors`;
  return `${pc.red("fault")} ${fault.kind}: ${fault.message}\n  ${where}\n  repeat: ${repeatCommand(trial, seed)}`;
}

/** The trials of one point. */
export function repeatCommand({ point, survivors }: Trial, seed: number): string {
  const words = ["--seed", seed, ...(point === 0 ? [] : ["--point", point]), "--survivors", survivors];
  return `bun stress/death-points/main.ts ${words.join(" ")}`;
}
