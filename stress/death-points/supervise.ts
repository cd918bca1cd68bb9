/**
 * A damaged arena may end the whole process. So the deaths happen in a process of their own, which says before each
 * what comes next, and this one names the last when it ends by a signal.
 */
import { constants } from "node:os";
import pc from "picocolors";
import { repeatCommand } from "./report.ts";
import type { Trial } from "./trial.ts";

const SUPERVISED = "HUSKY_DEATH_POINTS_SUPERVISED";
/** Exit codes that a run gives itself. */
const OWN_CODES: readonly number[] = [0, 1, 2];
const FAULT = 1;
const SIGNALLED = 128;
const signals = ["SIGINT", "SIGTERM"] as const;

export const isSupervised = (): boolean => process.env[SUPERVISED] === "1";

export async function supervise(seed: number, argv: readonly string[]): Promise<number> {
  let last: Trial | undefined;
  const run = Bun.spawn([process.execPath, Bun.main, "--seed", `${seed}`, ...argv], {
    env: { ...process.env, [SUPERVISED]: "1" },
    stdio: ["inherit", "inherit", "inherit"],
    ipc: (trial: Trial) => {
      last = trial;
    },
  });
  let asked: NodeJS.Signals | null = null;
  for (const signal of signals) {
    process.on(signal, () => {
      asked = signal;
      run.kill(signal);
    });
  }
  const code = await run.exited;
  if (asked !== null) return SIGNALLED + constants.signals[asked];
  if (run.signalCode === null && OWN_CODES.includes(code)) return code;
  console.error(`${pc.red("fault")} crash: the process ended with ${run.signalCode ?? `exit code ${code}`}`);
  if (last !== undefined) console.error(`repeat: ${repeatCommand(last, seed)}`);
  return FAULT;
}

/** In the supervised process: what is to be done before a signal ends it. */
export function beforeSignals(act: () => void): void {
  for (const signal of signals) {
    process.once(signal, () => {
      act();
      process.exit(SIGNALLED + constants.signals[signal]);
    });
  }
}

/** In the supervised process. */
export function announce(trial: Trial): void {
  process.send?.(trial);
}
