/** The command line of `bun run bench:recordings`. */
import type { Command } from "commander";
import { parseWith, wholeFrom } from "../../stress/command/parsing.ts";
import {
  type CommonOptions,
  commonCommand,
  commonWords,
  completeCommon,
  type GivenCommon,
  quoted,
} from "../common-options.ts";
import { replayersFor } from "../contenders/catalogue.ts";
import { chooseFiles, recordingNames } from "./files.ts";

export interface RecordingsOptions extends CommonOptions {
  /** Paths. */
  readonly files: readonly string[];
  /** Operations of the first pass, at most. */
  readonly cold: number;
  readonly touch: boolean;
}

/** A program's start; Husky's compiled code comes only later. */
const COLD_OPERATIONS = 5000;
const MOST_OPERATIONS = 1e9;

interface Given extends GivenCommon {
  readonly recordings?: readonly string[];
  readonly cold?: number;
  readonly touch?: boolean;
}

/** Options, or the exit code when the command is done already (`--help`, `--list`). Throws a UsageError. */
export function parseOptions(argv: readonly string[]): RecordingsOptions | number {
  const program = createProgram();
  const done = parseWith(program, argv);
  if (done !== null) return done;
  const given = program.opts<Given>();
  const known = replayersFor(given.against);
  if (given.list) {
    console.log(`recordings:\n  ${recordingNames().join("\n  ")}`);
    console.log(`contenders:\n  ${known.map(({ name }) => name).join("\n  ")}`);
    return 0;
  }
  const further = program.args;
  const { recordings, cold, touch } = given;
  const common = completeCommon(given, known, {
    "further files": further.length > 0 ? further : undefined,
    "--recordings": recordings,
    "--cold": cold,
    "--touch": touch,
  });
  return {
    ...common,
    files: chooseFiles(recordings, further),
    cold: cold ?? COLD_OPERATIONS,
    touch: touch ?? false,
    command: [
      "bun run bench:recordings",
      ...quoted(further),
      ...commonWords(given, common.rounds),
      ...(touch ? ["--touch"] : []),
      ...(cold === undefined ? [] : [`--cold ${cold}`]),
      ...(recordings === undefined ? [] : ["--recordings", ...quoted(recordings)]),
    ].join(" "),
  };
}

function createProgram(): Command {
  return commonCommand(
    "bun run bench:recordings",
    "Nanoseconds an operation in recordings of real programs: Husky and the allocators that FFI reaches.",
  )
    .argument(
      "[files...]",
      "recordings beside the committed ones, of any kind in docs/recordings.md; before --contenders and --recordings",
    )
    .option("--recordings <names...>", "only these")
    .option(
      "--cold <operations>",
      `length of the first pass; default: ${COLD_OPERATIONS}`,
      wholeFrom(1, MOST_OPERATIONS),
    )
    .option("--touch", "write every byte of every block once")
    .option("--list", "name the recordings and the contenders");
}
