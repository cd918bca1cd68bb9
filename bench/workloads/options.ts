/** The command line of `bun run bench:workloads`. */
import { Command } from "commander";
import { LARGEST_SEED, numberFrom, wholeFrom } from "../../stress/command/parsing.ts";
import { oneOf } from "../../stress/command/suggest.ts";
import { classicWorkloads } from "../../stress/workloads/catalogue.ts";
import { type ContenderName, contenderNames } from "./contenders.ts";

export interface BenchOptions {
  readonly workloads: readonly string[];
  readonly contenders: readonly ContenderName[];
  /** On how many each workload is measured. */
  readonly workers: readonly number[];
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  readonly seed: number;
  readonly json: boolean;
  readonly write: boolean;
}

/** As commander hands them over. */
interface Given extends Partial<Pick<BenchOptions, "rounds" | "seconds" | "seed" | "json" | "write">> {
  readonly workloads?: string;
  readonly contenders?: string;
  readonly workers?: readonly number[];
  readonly quick?: boolean;
}

const QUICK = { rounds: 1, seconds: 0.5 };
/** Takes half an hour: four Workers on two cores need more than a second until everything is compiled. */
const THOROUGH = { rounds: 3, seconds: 2 };
/** These measure mainly how long a Worker takes to start; their cheap kind is in. */
const onRequest = ["mstress"];
const DEFAULT_SEED = 4141;
const DEFAULT_WORKERS = [1, 2];
const MOST_WORKERS = 64;
const MOST_ROUNDS = 1000;
const MOST_SECONDS = 3600;

/** Throws a UsageError or a CommanderError; the latter also after `--help`, with exit code 0. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const known = classicWorkloads.map(({ name }) => name);
  const byDefault = known.filter((name) => !onRequest.includes(name));
  const program = new Command("bun run bench:workloads")
    .description("Workloads of the literature over Husky and the allocators that FFI can reach")
    .option("--workloads <names>", `separated by commas; default: all but ${onRequest.join(", ")}`)
    .option("--contenders <names>", `separated by commas; default: ${contenderNames.join(",")}`)
    .option(
      "--workers <counts>",
      `numbers of Workers, separated by commas; default: ${DEFAULT_WORKERS.join(",")}`,
      (text: string) => text.split(",").map(wholeFrom(1, MOST_WORKERS)),
    )
    .option(
      "--rounds <count>",
      `how often each is measured; default: ${THOROUGH.rounds}`,
      wholeFrom(1, MOST_ROUNDS),
    )
    .option(
      "--seconds <time>",
      `of each measurement, after as long a warm-up; default: ${THOROUGH.seconds}`,
      numberFrom(0.1, MOST_SECONDS),
    )
    .option("--seed <number>", `default: ${DEFAULT_SEED}`, wholeFrom(0, LARGEST_SEED))
    .option("--quick", `${QUICK.rounds} round of ${QUICK.seconds} s each: a look, not a measurement`)
    .option("--json", "print everything as JSON instead of tables")
    .option("--write", "also write bench/results/workloads.json and workloads.txt")
    .exitOverride()
    .parse(argv, { from: "user" });
  const given = program.opts<Given>();
  const { rounds, seconds } = given.quick ? QUICK : THOROUGH;
  const list = (text: string | undefined) => text?.split(",").map((name) => name.trim());
  return {
    workloads: list(given.workloads)?.map((name) => oneOf("workload", name, known)) ?? byDefault,
    contenders:
      list(given.contenders)?.map((name) => oneOf("contender", name, contenderNames)) ?? contenderNames,
    workers: [...new Set(given.workers ?? DEFAULT_WORKERS)],
    rounds: given.rounds ?? rounds,
    seconds: given.seconds ?? seconds,
    seed: given.seed ?? DEFAULT_SEED,
    json: given.json ?? false,
    write: given.write ?? false,
  };
}
