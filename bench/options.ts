/** The command line of `bun run bench`. */
import type { Command } from "commander";
import { LARGEST_SEED, parseWith, randomSeed, wholeFrom } from "../stress/command/parsing.ts";
import { oneOf } from "../stress/command/suggest.ts";
import {
  type CommonOptions,
  commonCommand,
  commonWords,
  completeCommon,
  type GivenCommon,
  quoted,
} from "./common-options.ts";
import { contendersFor } from "./contenders/catalogue.ts";
import type { Contender } from "./contenders/contender.ts";
import { rows } from "./rows/catalogue.ts";
import type { Row } from "./rows/row.ts";

export interface BenchOptions extends CommonOptions {
  readonly rows: readonly Row[];
  readonly seed: number;
}

interface Given extends GivenCommon {
  readonly rows?: readonly string[];
  readonly seed?: number;
}

/**
 * Options, or the exit code when the command is done already (`--help`, `--list`). `policies` are those beside the
 * process-wide heap's. Throws a UsageError.
 */
export function parseOptions(argv: readonly string[], policies: readonly string[]): BenchOptions | number {
  const program = createProgram();
  const done = parseWith(program, argv);
  if (done !== null) return done;
  const given = program.opts<Given>();
  const known = contendersFor(policies, given.against);
  if (given.list) {
    console.log(`rows:\n  ${rows.map(({ name }) => name).join("\n  ")}`);
    console.log(`contenders:\n  ${known.map(({ name }) => name).join("\n  ")}`);
    return 0;
  }
  return complete(given, known);
}

function complete(given: Given, known: readonly Contender[]): BenchOptions {
  const common = completeCommon(given, known, { "--rows": given.rows });
  const seed = given.seed ?? randomSeed();
  return {
    ...common,
    rows: given.rows === undefined ? rows : chooseRows(given.rows),
    seed,
    command: [
      `bun run bench --seed ${seed}`,
      ...commonWords(given, common.rounds),
      ...(given.rows === undefined ? [] : ["--rows", ...quoted(given.rows)]),
    ].join(" "),
  };
}

/** Rows that begin with one of the names. */
function chooseRows(names: readonly string[]): readonly Row[] {
  for (const name of names) {
    if (!rows.some((row) => row.name.startsWith(name))) {
      oneOf(
        "row",
        name,
        rows.map((row) => row.name),
      );
    }
  }
  return rows.filter((row) => names.some((name) => row.name.startsWith(name)));
}

function createProgram(): Command {
  return commonCommand(
    "bun run bench",
    "Nanoseconds an operation: Husky, the allocators that FFI reaches, JavaScript's own, and C.",
  )
    .option("--rows <names...>", "only rows whose names begin so")
    .option("--seed <number>", "of the random tables; default: random", wholeFrom(0, LARGEST_SEED))
    .option("--list", "name the rows and the contenders");
}
