/** The command line of `bun run stress`. Everything that can be refused without starting a Worker is refused here. */
import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { plants } from "../allocators/faulty.ts";
import { type ForeignName, foreignNames } from "../allocators/foreign.ts";
import { bareWorkloads, workloads } from "../workloads/catalogue.ts";
import { manPage } from "./man-page.ts";
import { oneOf } from "./suggest.ts";
import { UsageError } from "./usage-error.ts";

export interface StressOptions {
  /** Names, in the order in which they run. */
  readonly workloads: readonly string[];
  readonly workers: number;
  /** For all workloads together. */
  readonly seconds: number;
  readonly seed: number;
  readonly allocator: "husky" | ForeignName;
  /** The N of the collatz workloads. */
  readonly tasks: number;
  /** undefined: the process-wide heap. */
  readonly policy: string | undefined;
  readonly checks: "default";
  readonly trace: readonly string[];
  /** A file, or `-` for the standard output. */
  readonly json: string | undefined;
  /** How long a Worker may stand still. */
  readonly watchdog: number;
  /** One of the canary's faults, reported as if it were real. */
  readonly plant: string | undefined;
}

export const DEFAULT_SECONDS = 30;
export const DEFAULT_WATCHDOG_SECONDS = 10;
export const DEFAULT_TASKS = 10_000;
const MOST_TASKS = 500_000;
const MOST_WORKERS = 512;
const LARGEST_SEED = 2 ** 32 - 1;

/** Options, or the exit code when the command is done already (`--help`, `--list`). Throws a UsageError. */
export function parseOptions(argv: readonly string[]): StressOptions | number {
  const program = createProgram();
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw new UsageError(error.message.replace(/^error: /, ""));
  }
  const given = program.opts<Partial<StressOptions> & { list?: boolean }>();
  if (given.list) {
    for (const { name, summary } of workloads) console.log(`${name.padEnd(20)}${summary}`);
    return 0;
  }
  return complete(program.args, given);
}

function complete(names: readonly string[], given: Partial<StressOptions>): StressOptions {
  const known = workloads.map(({ name }) => name);
  const chosen = names.map((name) => oneOf("workload", name, known));
  const options: StressOptions = {
    workloads: chosen.length > 0 ? [...new Set(chosen)] : bareWorkloads.map(({ name }) => name),
    workers: given.workers ?? Math.max(2, availableParallelism()),
    seconds: given.seconds ?? DEFAULT_SECONDS,
    seed: given.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!,
    allocator: oneOf("allocator", given.allocator ?? "husky", ["husky", ...foreignNames]),
    tasks: given.tasks ?? DEFAULT_TASKS,
    policy: given.policy,
    checks: oneOf("checks", given.checks ?? "default", ["default"]),
    trace: given.trace ?? [],
    json: given.json,
    watchdog: given.watchdog ?? DEFAULT_WATCHDOG_SECONDS,
    plant: given.plant,
  };
  if (options.trace.length > 0 && !options.workloads.includes("replay")) {
    throw new UsageError("--trace needs the workload replay");
  }
  if (options.policy !== undefined && options.allocator !== "husky") {
    throw new UsageError("--policy needs --allocator husky");
  }
  if (options.plant !== undefined) {
    const names = plants.map(({ name }) => name);
    oneOf("plant", options.plant, names);
    if (options.workloads.join() !== "canary")
      throw new UsageError("--plant needs the workload canary, alone");
  }
  return options;
}

function createProgram(): Command {
  const number = (least: number, most: number, whole: boolean) => (text: string) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= least && value <= most && (!whole || Number.isInteger(value)))
      return value;
    throw new InvalidArgumentError(`It must be a ${whole ? "whole " : ""}number from ${least} to ${most}.`);
  };
  const collect = (file: string, earlier: readonly string[] = []) => [...earlier, file];
  return new Command("bun run stress")
    .argument("[workloads...]", "which to run; default: the first four")
    .option("--workers <count>", "Workers; default: one a core, at least 2", number(1, MOST_WORKERS, true))
    .option(
      "--seconds <time>",
      `for all workloads together; default: ${DEFAULT_SECONDS}`,
      number(0.1, 1e6, false),
    )
    .option(
      "--seed <number>",
      "repeats the random choices of a run; default: random",
      number(0, LARGEST_SEED, true),
    )
    .option(
      "--policy <name>",
      "run on a private arena with this policy, for instance tree or unordered:fit=best,merge=never; default: the process-wide heap",
    )
    .option("--allocator <name>", `husky, ${foreignNames.join(", ")}; default: husky`)
    .option(
      "--tasks <count>",
      `numbers of the collatz workloads; default: ${DEFAULT_TASKS}`,
      number(2, MOST_TASKS, true),
    )
    .option("--checks <level>", "checks inside the allocator; default: default")
    .option("--trace <file>", "a recording for replay, repeatable; default: the committed ones", collect)
    .option("--json <file>", "write all figures as JSON, - for the standard output")
    .option("--list", "name the workloads")
    .addOption(new Option("--watchdog <time>").argParser(number(0.1, 1e6, false)).hideHelp())
    .addOption(new Option("--plant <name>").hideHelp())
    .helpOption("--help", "this page")
    .addHelpText("before", manPage)
    .showSuggestionAfterError()
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
}
