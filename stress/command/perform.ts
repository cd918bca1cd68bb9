/** Carries out a command: reads all files, runs, reports. Returns the exit code. */
import { closeSync, openSync } from "node:fs";
import { checkAllocator, checkPolicy } from "../allocators/provide.ts";
import { type CanaryResult, describeCanary, faultOfPlant, runCanary } from "../canary.ts";
import { findChaosMode } from "../chaos/catalogue.ts";
import type { ChaosResult } from "../chaos/mode.ts";
import type { FaultReport } from "../crew/assignment.ts";
import { committedRecordings } from "../recordings/committed.ts";
import { readRecording } from "../recordings/read.ts";
import type { Recording } from "../recordings/recording.ts";
import { jsonReport } from "../report/json.ts";
import { describeFault, describeMemory, describePass, describeRuns, verdictOf } from "../report/table.ts";
import { runSession, type SessionResult } from "../session.ts";
import type { StressOptions } from "./options.ts";
import { repeatCommand } from "./repeat.ts";
import { UsageError } from "./usage-error.ts";

const PASSED = 0;
const FAULT = 1;

export async function perform(options: StressOptions): Promise<number> {
  const say = options.json === "-" ? console.error : console.log;
  checkAllocator(options);
  await checkPolicy(options);
  const recordings = readRecordings(options);
  checkWritable(options.json);
  const mode = options.chaos === undefined ? null : findChaosMode(options.chaos);
  const what = [mode?.name, mode?.usesWorkloads === false ? undefined : options.workloads.join(", ")];
  say(`seed ${options.seed}: ${what.filter(Boolean).join(" ")} on ${options.workers} Workers`);

  let canary: CanaryResult[] | null = null;
  let session: SessionResult | null = null;
  let fault: FaultReport | null = null;
  let chaos: ChaosResult | null = null;
  if (mode !== null) {
    chaos = await mode.run(options, recordings);
    say(chaos.table);
    fault = chaos.fault;
  } else if (options.plant !== undefined && options.workloads.includes("canary")) {
    fault = await faultOfPlant(options.plant, options.seed, options.watchdog);
  } else if (options.workloads.includes("canary")) {
    canary = await runCanary(options.seed);
    say(describeCanary(canary));
    fault = missedPlants(canary);
  }
  if (mode === null && fault === null && options.workloads.some((name) => name !== "canary")) {
    session = await runSession(options, recordings);
    say(describeRuns(session.runs));
    for (const { label, result } of session.runs) if (result !== null) say(`${label}: ${result}`);
    say(describeMemory(session));
    fault = session.fault;
  }
  const report = jsonReport(options, session, canary, chaos, fault);
  if (options.json !== undefined) await Bun.write(options.json === "-" ? Bun.stdout : options.json, report);
  say(fault === null ? describePass(chaos?.verdict ?? verdictOf(session)) : describeFault(fault, session));
  if (fault !== null) say(`repeat: ${repeatCommand(options)}`);
  return fault === null ? PASSED : FAULT;
}

function readRecordings(options: StressOptions): Recording[] {
  if (!options.workloads.includes("replay")) return [];
  return (options.trace.length > 0 ? options.trace : committedRecordings()).map(readRecording);
}

/** Finds out before the runs, not after them. */
function checkWritable(file: string | undefined): void {
  if (file === undefined || file === "-") return;
  try {
    closeSync(openSync(file, "w"));
  } catch (error) {
    throw new UsageError(`--json ${file} cannot be written: ${(error as Error).message}`);
  }
}

function missedPlants(canary: readonly CanaryResult[]): FaultReport | null {
  const missed = canary.filter(({ seen }) => !seen).map(({ plant }) => plant);
  if (missed.length === 0) return null;
  return { kind: "undetected", message: `the oracle did not detect ${missed.join(", ")}` };
}
