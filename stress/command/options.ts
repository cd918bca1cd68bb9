/** The command line of `bun run stress`. Everything that can be refused without starting a Worker is refused here. */
import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { plants } from "../allocators/faulty.ts";
import { type ForeignName, foreignNames } from "../allocators/foreign.ts";
import { wastefulPlants } from "../allocators/wasteful.ts";
import { chaosModes, findChaosMode } from "../chaos/catalogue.ts";
import { bareWorkloads, workloads } from "../workloads/catalogue.ts";
import { manPage } from "./man-page.ts";
import { LARGEST_SEED, numberFrom, parseWith, randomSeed, wholeFrom } from "./parsing.ts";
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
  /** A chaos mode instead of an ordinary run. */
  readonly chaos: string | undefined;
  /** How many Workers `--chaos terminate` ends; undefined: what fits the time. */
  readonly kills: number | undefined;
  /** How long `--chaos pause` stops a Worker. */
  readonly pauseSeconds: number;
  /** One of the faults of the canary, of the chaos mode or of an ordinary run, reported as if it were real. */
  readonly plant: string | undefined;
}

export const DEFAULT_SECONDS = 30;
export const DEFAULT_WATCHDOG_SECONDS = 10;
export const DEFAULT_TASKS = 10_000;
const MOST_TASKS = 500_000;
export const DEFAULT_PAUSE_SECONDS = 3;
const MOST_WORKERS = 512;
/** A chaos mode is about what others do meanwhile. */
const LEAST_CHAOS_WORKERS = 4;
const MOST_CHAOS_WORKERS = 100;

/** Options, or the exit code when the command is done already (`--help`, `--list`). Throws a UsageError. */
export function parseOptions(argv: readonly string[]): StressOptions | number {
  const program = createProgram();
  const done = parseWith(program, argv);
  if (done !== null) return done;
  const given = program.opts<Partial<StressOptions> & { list?: boolean }>();
  if (given.list) {
    for (const { name, summary } of workloads) console.log(`${name.padEnd(20)}${summary}`);
    for (const { name, summary } of chaosModes) console.log(`${`--chaos ${name}`.padEnd(20)}${summary}`);
    return 0;
  }
  return complete(program.args, given);
}

function complete(names: readonly string[], given: Partial<StressOptions>): StressOptions {
  const known = workloads.map(({ name }) => name);
  const chosen = names.map((name) => oneOf("workload", name, known));
  const options: StressOptions = {
    workloads: chosen.length > 0 ? [...new Set(chosen)] : bareWorkloads.map(({ name }) => name),
    workers:
      given.workers ?? Math.max(given.chaos === undefined ? 2 : LEAST_CHAOS_WORKERS, availableParallelism()),
    seconds: given.seconds ?? DEFAULT_SECONDS,
    seed: given.seed ?? randomSeed(),
    allocator: oneOf("allocator", given.allocator ?? "husky", ["husky", ...foreignNames]),
    tasks: given.tasks ?? DEFAULT_TASKS,
    policy: given.policy,
    checks: oneOf("checks", given.checks ?? "default", ["default"]),
    trace: given.trace ?? [],
    json: given.json,
    watchdog: given.watchdog ?? DEFAULT_WATCHDOG_SECONDS,
    chaos: given.chaos,
    kills: given.kills,
    pauseSeconds: given.pauseSeconds ?? DEFAULT_PAUSE_SECONDS,
    plant: given.plant,
  };
  if (options.trace.length > 0 && !options.workloads.includes("replay")) {
    throw new UsageError("--trace needs the workload replay");
  }
  if (options.policy !== undefined && options.allocator !== "husky") {
    throw new UsageError("--policy needs --allocator husky");
  }
  checkChaos(options, given, chosen);
  if (options.plant !== undefined && options.chaos === undefined) checkPlant(options, options.plant);
  return options;
}

function checkPlant({ workloads, allocator, policy }: StressOptions, plant: string): void {
  const ordinary = Object.keys(wastefulPlants);
  oneOf("plant", plant, [...plants.map(({ name }) => name), ...ordinary]);
  if (!ordinary.includes(plant)) {
    if (workloads.join() !== "canary") throw new UsageError("--plant needs the workload canary, alone");
    return;
  }
  if (workloads.includes("canary")) throw new UsageError(`--plant ${plant} does not go with canary`);
  if (allocator !== "husky" || policy !== undefined) {
    throw new UsageError(`--plant ${plant} needs the process-wide heap: no --allocator, no --policy`);
  }
}

function checkChaos(options: StressOptions, given: Partial<StressOptions>, chosen: readonly string[]): void {
  const { chaos } = options;
  if (given.kills !== undefined && chaos !== "terminate") {
    throw new UsageError("--kills needs --chaos terminate");
  }
  if (given.pauseSeconds !== undefined && chaos !== "pause") {
    throw new UsageError("--pause-seconds needs --chaos pause");
  }
  if (chaos === undefined) return;
  const names = chaosModes.map(({ name }) => name);
  const mode = findChaosMode(oneOf("chaos mode", chaos, names));
  if (options.allocator !== "husky") throw new UsageError("--chaos needs --allocator husky");
  if (options.workers > MOST_CHAOS_WORKERS) {
    throw new UsageError(`--chaos takes at most ${MOST_CHAOS_WORKERS} Workers`);
  }
  if (chosen.length > 0 && !mode.usesWorkloads) {
    throw new UsageError(`--chaos ${chaos} has a workload of its own; name none`);
  }
  if (options.workloads.includes("canary")) throw new UsageError("--chaos does not go with canary");
  if (options.plant !== undefined) oneOf("plant", options.plant, mode.plants);
}

function createProgram(): Command {
  const modes = chaosModes.map(({ name }) => name).join(", ");
  const collect = (file: string, earlier: readonly string[] = []) => [...earlier, file];
  return new Command("bun run stress")
    .argument("[workloads...]", "which to run; default: the first four")
    .option(
      "--workers <count>",
      "Workers; default: one a core, at least 2, with --chaos 4",
      wholeFrom(1, MOST_WORKERS),
    )
    .option(
      "--seconds <time>",
      `for all workloads together; default: ${DEFAULT_SECONDS}`,
      numberFrom(0.1, 1e6),
    )
    .option(
      "--seed <number>",
      "repeats the random choices of a run; default: random",
      wholeFrom(0, LARGEST_SEED),
    )
    .option(
      "--policy <name>",
      "run on a private arena with this policy, for instance tree or unordered:fit=best,merge=never; default: the process-wide heap",
    )
    .option("--allocator <name>", `husky, ${foreignNames.join(", ")}; default: husky`)
    .option(
      "--tasks <count>",
      `numbers of the collatz workloads; default: ${DEFAULT_TASKS}`,
      wholeFrom(2, MOST_TASKS),
    )
    .option("--checks <level>", "checks inside the allocator; default: default")
    .option("--trace <file>", "a recording for replay, repeatable; default: the committed ones", collect)
    .option("--chaos <mode>", `one of ${modes}`)
    .option("--kills <count>", "terminations of --chaos terminate; default: 20 a second", wholeFrom(1, 1e7))
    .option(
      "--pause-seconds <time>",
      `how long --chaos pause stops a Worker; default: ${DEFAULT_PAUSE_SECONDS}`,
      numberFrom(0.1, 600),
    )
    .option("--json <file>", "write all figures as JSON, - for the standard output")
    .option("--list", "name the workloads")
    .addOption(new Option("--watchdog <time>").argParser(numberFrom(0.1, 1e6)).hideHelp())
    .addOption(new Option("--plant <name>").hideHelp())
    .helpOption("--help", "this page")
    .addHelpText("before", manPage)
    .showSuggestionAfterError()
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
}
