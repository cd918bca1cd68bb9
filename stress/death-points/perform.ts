/** Carries out a command: makes the test build, kills, reports. Returns the exit code. */
import pc from "picocolors";
import { type CampaignOptions, type CampaignResult, runCampaign } from "./campaign.ts";
import { type Options, UsageError } from "./options.ts";
import { showProgress } from "./progress.ts";
import { describeCampaign, describeFigures, describeFound, describeUnvisited } from "./report.ts";
import { announce, beforeSignals } from "./supervise.ts";
import { makeTestBuild, removeTestBuild, type TestBuildFiles } from "./test-build.ts";

const PASSED = 0;
const FAULT = 1;

export async function perform(options: Options): Promise<number> {
  const say = options.json === "-" ? console.error : console.log;
  say(`seed ${options.seed}: deaths with ${options.survivors.join(", ")} survivors`);
  const build = await makeTestBuild();
  beforeSignals(() => removeTestBuild(build));
  try {
    if (options.points.some((point) => point > build.points.length))
      throw new UsageError(`there are ${build.points.length} points`);
    const result = await runWithProgress(build, options, say);
    say(describeCampaign(result, options));
    say(describeUnvisited(result));
    say(describeFigures(result));
    const passed = isPassed(result);
    if (options.json !== undefined) await writeJson(options.json, options, result, passed);
    say(passed ? pc.green("passed") : pc.red(`not passed, ${result.found.length} faults`));
    return passed ? PASSED : FAULT;
  } finally {
    removeTestBuild(build);
  }
}

export function isPassed({ found, unvisited: { missing, stale } }: CampaignResult): boolean {
  return found.length === 0 && missing.length === 0 && stale.length === 0;
}

/** Tells faults as they are found. */
export async function runWithProgress(
  build: TestBuildFiles,
  options: CampaignOptions,
  say: (text: string) => void,
): Promise<CampaignResult> {
  const progress = showProgress();
  try {
    return await runCampaign(build, options, {
      begins(trial, what, done, planned) {
        announce(trial);
        progress.update(what, done, planned);
      },
      finds: (found) => say(`\n${describeFound(found, build.points, options.seed)}`),
    });
  } finally {
    progress.end();
  }
}

async function writeJson(
  file: string,
  options: Options,
  result: CampaignResult,
  passed: boolean,
): Promise<void> {
  const { survey: _, ...figures } = result;
  const text = `${JSON.stringify({ options, passed, ...figures }, null, 2)}\n`;
  await Bun.write(file === "-" ? Bun.stdout : file, text);
}
