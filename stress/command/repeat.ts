import { bareWorkloads } from "../workloads/catalogue.ts";
import {
  DEFAULT_PAUSE_SECONDS,
  DEFAULT_TASKS,
  DEFAULT_WATCHDOG_SECONDS,
  type StressOptions,
} from "./options.ts";

/** The arguments that repeat a run, with nothing left to a default that depends on the machine. */
export function repeatArguments(options: StressOptions): string[] {
  const bare = bareWorkloads.map(({ name }) => name).join() === options.workloads.join();
  const words = bare ? [] : [...options.workloads];
  words.push(
    "--workers",
    `${options.workers}`,
    "--seconds",
    `${options.seconds}`,
    "--seed",
    `${options.seed}`,
  );
  if (options.allocator !== "husky") words.push("--allocator", options.allocator);
  if (options.tasks !== DEFAULT_TASKS) words.push("--tasks", `${options.tasks}`);
  if (options.policy !== undefined) words.push("--policy", options.policy);
  if (options.checks !== "default") words.push("--checks", options.checks);
  if (options.chaos !== undefined) words.push("--chaos", options.chaos);
  if (options.kills !== undefined) words.push("--kills", `${options.kills}`);
  if (options.pauseSeconds !== DEFAULT_PAUSE_SECONDS)
    words.push("--pause-seconds", `${options.pauseSeconds}`);
  for (const file of options.trace) words.push("--trace", file);
  if (options.watchdog !== DEFAULT_WATCHDOG_SECONDS) words.push("--watchdog", `${options.watchdog}`);
  if (options.plant !== undefined) words.push("--plant", options.plant);
  return words;
}

export function repeatCommand(options: StressOptions): string {
  return ["bun run stress", ...repeatArguments(options).map(quoted)].join(" ");
}

const quoted = (word: string): string =>
  /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
