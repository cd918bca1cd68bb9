/** The command line of the small measurements: `--json` and `--write`. Ends the process at wrong usage. */
import { Command, CommanderError } from "commander";

export interface SmallOptions {
  readonly json?: string;
  readonly write?: boolean;
}

const WRONG_USAGE = 2;

export function parseSmall(name: string, description: string, argv: readonly string[]): SmallOptions {
  const program = new Command(name)
    .description(description)
    .option("--json <file>", "write all figures as JSON")
    .option("--write", "write the result file and the README's section")
    .helpOption("--help", "this page")
    .exitOverride();
  try {
    return program.parse(argv, { from: "user" }).opts();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE);
  }
}
