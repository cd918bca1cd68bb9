/** `--chaos death-point`: a sample that takes `--seconds`, or all points if that is time enough. */
import type { ChaosMode, ChaosResult } from "../chaos/mode.ts";
import type { StressOptions } from "../command/options.ts";
import type { FaultReport } from "../crew/assignment.ts";
import type { CampaignResult } from "./campaign.ts";
import { MOST_FAULTS } from "./options.ts";
import { runWithProgress } from "./perform.ts";
import { describePoint } from "./point.ts";
import { describeCampaign, describeFigures, describeUnvisited } from "./report.ts";
import { makeTestBuild, removeTestBuild } from "./test-build.ts";

export const deathPoint: ChaosMode = {
  name: "death-point",
  summary: "a Worker stops for ever and dies at each numbered point of the source; nothing may be lost",
  plants: [],
  usesWorkloads: false,
  run: runDeathPoints,
};

async function runDeathPoints({ seed, seconds, json }: StressOptions): Promise<ChaosResult> {
  const campaign = { seed, seconds, points: [], survivors: [1, 2, 4], mostFaults: MOST_FAULTS };
  const build = await makeTestBuild();
  try {
    const result = await runWithProgress(build, campaign, json === "-" ? console.error : console.log);
    const { survey: _, ...figures } = result;
    const table = `${describeCampaign(result, campaign)}\n${describeUnvisited(result)}`;
    return { table, verdict: describeFigures(result), figures, fault: faultOf(result) };
  } finally {
    removeTestBuild(build);
  }
}

function faultOf({ found, unvisited: { missing, stale } }: CampaignResult): FaultReport | null {
  if (found[0] !== undefined) return found[0].fault;
  if (missing[0] !== undefined)
    return { kind: "undetected", message: `not visited: ${describePoint(missing[0])}` };
  return stale[0] === undefined
    ? null
    : { kind: "undetected", message: `no exception any more: ${stale[0]}` };
}
