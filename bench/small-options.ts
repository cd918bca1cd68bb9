/** The command line of the small measurements. */
import { Command, CommanderError } from "commander";

export interface SmallOptions {
  readonly json?: string;
  readonly write?: boolean;
}

export const WRONG_USAGE = 2;

/** A command with `--json` and `--write`; the caller may add more. */
export function smallCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--json <file>", "write all figures as JSON")
    .option("--write", "write the result file and the README's section")
    .helpOption("--help", "this page")
    .exitOverride();
}

/** The options; ends the process at `--help` and at wrong usage. */
export function parseSmall<Options extends SmallOptions>(command: Command, argv: readonly string[]): Options {
  try {
    return command.parse(argv, { from: "user" }).opts<Options>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE);
  }
}
