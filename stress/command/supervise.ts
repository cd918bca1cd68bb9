/**
 * A damaged heap often ends the whole process, Workers, watchdog and report included. So the runs are made in a
 * process of their own, and this one waits for it and says how to repeat a run that ended by a signal.
 */
import { constants } from "node:os";
import { foreignEnvironment } from "../allocators/foreign.ts";
import type { StressOptions } from "./options.ts";
import { repeatCommand } from "./repeat.ts";

const SUPERVISED = "HUSKY_STRESS_SUPERVISED";
/** Exit codes that a run gives itself. */
const OWN_CODES: readonly number[] = [0, 1, 2];
const FAULT = 1;
const SIGNALLED = 128;

export const isSupervised = (): boolean => process.env[SUPERVISED] === "1";

export async function supervise(options: StressOptions, argv: readonly string[]): Promise<number> {
  const run = Bun.spawn([process.execPath, Bun.main, "--seed", `${options.seed}`, ...argv], {
    env: { ...process.env, ...foreignEnvironment(options.allocator), [SUPERVISED]: "1" },
    stdio: ["inherit", "inherit", "inherit"],
  });
  let asked: NodeJS.Signals | null = null;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      asked = signal;
      run.kill(signal);
    });
  }
  const code = await run.exited;
  if (asked !== null) return SIGNALLED + constants.signals[asked];
  if (run.signalCode === null && OWN_CODES.includes(code)) return code;
  const say = options.json === "-" ? console.error : console.log;
  say(`fault crash: the process ended with ${run.signalCode ?? `exit code ${code}`}`);
  say(`repeat: ${repeatCommand(options)}`);
  return FAULT;
}
