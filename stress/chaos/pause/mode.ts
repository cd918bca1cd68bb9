/**
 * `--chaos pause`: a Worker stops for seconds inside a call of the page source that it makes under the arena's lock. The
 * others wait as soon as they need the lock, and go on afterwards; nobody takes over from a living one.
 */
import type { StressOptions } from "../../command/options.ts";
import type { FaultReport } from "../../crew/assignment.ts";
import { reportOf } from "../../crew/report-fault.ts";
import { Fault } from "../../oracle/fault.ts";
import { deriveSeed } from "../../random.ts";
import type { Recording } from "../../recordings/recording.ts";
import { showProgress } from "../../report/progress.ts";
import { createOracle } from "../../session.ts";
import { ChaosCrew } from "../crew/crew.ts";
import type { ChaosMode, ChaosResult } from "../mode.ts";
import {
  createTrouble,
  isAwaited,
  pauseAt,
  pauseIsOver,
  type Trouble,
  type TroubledCall,
} from "../subjects/trouble.ts";
import { createTroubled } from "../subjects/troubled.ts";
import { describeRowFault, describeRows } from "../table.ts";
import { churn } from "../workloads/churn.ts";

/** Each in turn. `remap` is rare and `reserve` happens once a window: those are for `--chaos refuse`. */
const calls: readonly TroubledCall[] = ["commit", "map", "release"];
/** Small windows and large blocks, so that all of these calls are made again and again. */
const ARENA = { name: "pause", reserve: 2 ** 26, largeThreshold: 2 ** 19 };
const FEWEST_ROUNDS = calls.length;
/** How much longer than the pause somebody may wait. */
const SLACK_MS = 1000;
/** How long the call may fail to come about. */
const PATIENCE_MS = 10_000;
/** The others must really have waited: so much of the pause at least. */
const WAITED = 0.5;

interface PauseRow {
  readonly call: TroubledCall;
  pauses: number;
  /** In each pause: how long the Worker stood still that waited longest for the stopped one. */
  readonly waitsMs: number[];
  /** In each pause: how many Workers waited for half of it or more. */
  readonly waiting: number[];
  takeovers: number;
  fault: FaultReport | null;
}

export const pause: ChaosMode = {
  name: "pause",
  summary: "a Worker stops for seconds while it holds the lock; others wait and go on, nobody takes over",
  plants: ["deadlike"],
  usesWorkloads: false,
  run: runPause,
};

async function runPause(options: StressOptions, _recordings: readonly Recording[]): Promise<ChaosResult> {
  const rows: PauseRow[] = calls.map((call) => ({
    call,
    pauses: 0,
    waitsMs: [],
    waiting: [],
    takeovers: 0,
    fault: null,
  }));
  await perform(options, rows);
  const fault = rows.find((row) => row.fault !== null)?.fault ?? null;
  const total = rows.reduce((sum, row) => sum + row.pauses, 0);
  const verdict = `no fault in ${total} pauses of ${options.pauseSeconds} s with the lock held`;
  return { table: describe(rows), verdict, figures: { rows }, fault };
}

async function perform(options: StressOptions, rows: readonly PauseRow[]): Promise<void> {
  const pauseMs = options.pauseSeconds * 1000;
  const rounds = Math.max(FEWEST_ROUNDS, Math.round(options.seconds / options.pauseSeconds));
  const trouble = createTrouble(options.plant === "deadlike" ? "deadlike" : "none");
  const arena = createTroubled(ARENA, trouble);
  const crew = new ChaosCrew({
    workload: churn,
    recording: undefined,
    workers: Math.max(2, options.workers),
    seed: deriveSeed(options.seed, "pause"),
    subject: { kind: "troubled", address: arena.handle.address, trouble },
    oracle: createOracle(options, []),
    longestWaitMs: pauseMs + SLACK_MS,
    patienceMs: pauseMs + options.watchdog * 1000,
  });
  const progress = showProgress("pause", rounds, "pauses");
  let row = rows[0]!;
  try {
    await crew.start();
    for (let round = 0; round < rounds; round++) {
      progress.update(round, () => `${crew.control.operations()} operations`);
      row = rows[round % rows.length]!;
      await pauseOnce(crew, trouble, row, pauseMs);
    }
    await crew.finish();
    // Not after a fault: its lock may be held for ever.
    arena.dispose();
  } catch (thrown) {
    row.fault = reportOf(thrown);
  } finally {
    progress.end();
    await crew.dismiss();
  }
}

/** Lets somebody stop, sees the others wait and go on, and audits. */
async function pauseOnce(crew: ChaosCrew, trouble: Trouble, row: PauseRow, pauseMs: number): Promise<void> {
  crew.waits.longestMs.fill(0);
  pauseAt(trouble, row.call, pauseMs);
  await until(crew, () => !isAwaited(trouble), PATIENCE_MS, `no Worker called ${row.call}`);
  await until(
    crew,
    () => pauseIsOver(trouble),
    pauseMs + PATIENCE_MS,
    `the pause in ${row.call} does not end`,
  );
  row.pauses++;
  // The longest is that of the stopped Worker itself.
  const waitsMs = crew.waits.longestMs.toSorted((a, b) => b - a).slice(1);
  row.waitsMs.push(waitsMs[0]!);
  row.waiting.push(waitsMs.filter((ms) => ms >= pauseMs * WAITED).length);
  row.takeovers = (await crew.audit()).takeovers;
  if (row.takeovers > 0) throw new Fault("lost", `a lock was taken over from a living Worker`);
  if (row.waiting.at(-1) === 0)
    throw new Fault("lost", `nobody waited for the Worker that stopped with the lock held`);
}

async function until(
  crew: ChaosCrew,
  holds: () => boolean,
  patienceMs: number,
  complaint: string,
): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > end) throw new Fault("hang", complaint);
    await crew.pass();
  }
}

const describe = (rows: readonly PauseRow[]): string =>
  describeRows(
    ["stopped in", "pauses", "Workers waiting", "they waited", "takeovers", "fault"],
    rows.map(({ call, pauses, waitsMs, waiting, takeovers, fault }) => [
      call,
      `${pauses}`,
      range(waiting),
      `${range(waitsMs)} ms`,
      `${takeovers}`,
      describeRowFault(fault),
    ]),
  );

function range(values: readonly number[]): string {
  if (values.length === 0) return "-";
  const [least, most] = [Math.min(...values).toFixed(0), Math.max(...values).toFixed(0)];
  return least === most ? least : `${least} to ${most}`;
}
