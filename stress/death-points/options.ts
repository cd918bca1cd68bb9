/** The command line of the death points. */
import { Command } from "commander";
import { LARGEST_SEED, parseWith, randomSeed, wholeFrom } from "../command/parsing.ts";
import { UsageError } from "../command/usage-error.ts";
import type { CampaignOptions } from "./campaign.ts";
import { MOST_SURVIVORS } from "./trial-memory.ts";

export { UsageError };

export interface Options extends CampaignOptions {
  /** A file, or `-` for the standard output. */
  readonly json: string | undefined;
}

/** More say nothing new. */
export const MOST_FAULTS = 100;

/** Options, or the exit code when the command is done already (`--help`). Throws a UsageError. */
export function parseOptions(argv: readonly string[]): Options | number {
  const program = createProgram();
  const done = parseWith(program, argv);
  if (done !== null) return done;
  const given = program.opts<Partial<Options> & { point?: number }>();
  return {
    seed: given.seed ?? randomSeed(),
    seconds: given.seconds ?? 0,
    points: given.point === undefined ? [] : [given.point],
    mostFaults: MOST_FAULTS,
    survivors: given.survivors ?? [1, 2, 4],
    json: given.json,
  };
}

function createProgram(): Command {
  return new Command("bun stress/death-points/main.ts")
    .description("Kills a Worker at every point of the allocator where a termination can take effect.")
    .option("--seed <number>", "repeats the random choices; default: random", wholeFrom(0, LARGEST_SEED))
    .option("--seconds <time>", "ends a sample after this time; default: 0 = all points", wholeFrom(0, 1e6))
    .option("--point <number>", "only this point", wholeFrom(1, 1e6))
    .option("--survivors <counts>", `numbers from 1 to ${MOST_SURVIVORS}; default: 1,2,4`, counts)
    .option("--json <file>", "write all figures as JSON, - for the standard output")
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

function counts(text: string): number[] {
  return text.split(",").map(wholeFrom(1, MOST_SURVIVORS));
}
