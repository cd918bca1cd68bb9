/** The command line of the death points. */
import { Command, CommanderError, InvalidArgumentError } from "commander";
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
const LARGEST_SEED = 2 ** 32 - 1;

/** Options, or the exit code when the command is done already (`--help`). Throws a UsageError. */
export function parseOptions(argv: readonly string[]): Options | number {
  const program = createProgram();
  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw new UsageError(error.message.replace(/^error: /, ""));
  }
  const given = program.opts<Partial<Options> & { point?: number }>();
  return {
    seed: given.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!,
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
    .option("--seed <number>", "repeats the random choices; default: random", whole(0, LARGEST_SEED))
    .option("--seconds <time>", "ends a sample after this time; default: 0 = all points", whole(0, 1e6))
    .option("--point <number>", "only this point", whole(1, 1e6))
    .option("--survivors <counts>", `numbers from 1 to ${MOST_SURVIVORS}; default: 1,2,4`, counts)
    .option("--json <file>", "write all figures as JSON, - for the standard output")
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

function counts(text: string): number[] {
  return text.split(",").map(whole(1, MOST_SURVIVORS));
}
