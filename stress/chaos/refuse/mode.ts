/**
 * `--chaos refuse`: each system call that a short form of each workload makes is refused in turn, once and from then on,
 * by a page source in between, with one Worker and with two. Then the real system refuses, by a limit of the address
 * space. Only typed errors may come out, nothing may be lost, and all requests are served again afterwards.
 */
import type { StressOptions } from "../../command/options.ts";
import { deriveSeed } from "../../random.ts";
import type { Recording } from "../../recordings/recording.ts";
import { count } from "../../report/units.ts";
import { planRuns } from "../../run-plan.ts";
import { createOracle } from "../../session.ts";
import type { ChaosMode, ChaosResult } from "../mode.ts";
import { describeRowFault, describeRows } from "../table.ts";
import { limitProcess } from "./limited.ts";
import { type TrialRow, tryAllCalls } from "./trials.ts";

const crews = [1, 2];

export const refuse: ChaosMode = {
  name: "refuse",
  summary:
    "the system refuses each call in turn, once and from then on; only typed errors, full service after",
  plants: ["throws"],
  usesWorkloads: true,
  run: runRefuse,
};

async function runRefuse(options: StressOptions, recordings: readonly Recording[]): Promise<ChaosResult> {
  const oracle = createOracle(options, recordings);
  const rows: TrialRow[] = [];
  for (const { label, workload, recording } of planRuns(options, recordings)) {
    for (const workers of crews) {
      if (faultOf(rows) !== null) break;
      const seed = deriveSeed(options.seed, label);
      const plant = options.plant === "throws" ? "throws" : "none";
      const patienceMs = options.watchdog * 1000;
      rows.push(
        await tryAllCalls({
          label,
          workload: workload.name,
          recording,
          workers,
          seed,
          oracle,
          plant,
          patienceMs,
        }),
      );
    }
  }
  if (faultOf(rows) === null && process.platform === "linux") rows.push(await limitProcess(options.seed));
  const sum = (value: (row: TrialRow) => number) => count(rows.reduce((total, row) => total + value(row), 0));
  const verdict = `no fault in ${sum((row) => row.trials)} refusals, ${sum((row) => row.errors)} typed errors`;
  return { table: describe(rows), verdict, figures: { rows }, fault: faultOf(rows) };
}

const faultOf = (rows: readonly TrialRow[]) => rows.at(-1)?.fault ?? null;

const describe = (rows: readonly TrialRow[]): string =>
  describeRows(
    ["workload", "Workers", "system calls", "refusals tried", "typed errors", "fault"],
    rows.map(({ label, workers, calls, trials, errors, fault }) => [
      label,
      `${workers}`,
      calls === 0 ? "-" : count(calls),
      count(trials),
      count(errors),
      describeRowFault(fault),
    ]),
  );
