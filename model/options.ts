/** The command line of `bun run model`. */
import { Command, CommanderError } from "commander";

export interface ModelOptions {
  readonly quick: boolean;
  /** A file, or `-` for the standard output. */
  readonly json: string | undefined;
  /** A document whose marked section gets the figures. */
  readonly write: string | undefined;
}

const manPage = `model - checks a model of the allocator's protocol in every state it can reach

A model in Promela (model/protocol) of the lock, takeover and rebuild, lists, refill, flush, free by
another Worker, adoption, slots and reclaim, and another one (model/spans) of the spans of small blocks, for 2 and
3 Workers any of which can be terminated between any two steps. spin visits all states: no block has two
owners, none is lost, the header chain tiles, nobody waits for ever. Then mistakes are planted in the
model; each must be found, and how is told. Two searches run at a time where there are two processors.
docs/model.md says what is modelled. Needs spin and gcc (Debian packages of these names).

Exit code: 0 all as it must be, or not run because a program is missing; 1 a property is violated or
a planted mistake was not found; 2 wrong usage.
`;

/** Options, or the exit code when the command is done already. */
export function parseOptions(argv: readonly string[]): ModelOptions | number {
  const program = new Command("bun run model")
    .option("--quick", "the smallest configurations and one planted mistake of each model only")
    .option("--json <file>", "write all figures as JSON, - for the standard output")
    .option("--write <file>", "put the figures into the marked section of a document")
    .helpOption("--help", "this page")
    .addHelpText("before", manPage)
    .showSuggestionAfterError()
    .exitOverride();
  try {
    program.parse(argv, { from: "user" });
    if (program.args.length > 0) program.error(`error: too many arguments: ${program.args.join(" ")}`);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  const { quick = false, json, write } = program.opts<Partial<ModelOptions>>();
  return { quick, json, write };
}
