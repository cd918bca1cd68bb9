/** The command line of `bun run bench`. */
import { Command } from "commander";
import { LARGEST_SEED, parseWith, randomSeed, wholeFrom } from "../stress/command/parsing.ts";
import { oneOf } from "../stress/command/suggest.ts";
import { UsageError } from "../stress/command/usage-error.ts";
import { contendersFor } from "./contenders/catalogue.ts";
import type { Contender } from "./contenders/contender.ts";
import { rows } from "./rows/catalogue.ts";
import type { Row } from "./rows/row.ts";

export interface BenchOptions {
  readonly rows: readonly Row[];
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  readonly seed: number;
  readonly quick: boolean;
  /** A file, or `-` for the standard output. */
  readonly json: string | undefined;
  readonly write: boolean;
  /** A revision of this repository. */
  readonly against: string | undefined;
  /** Repeats the run. */
  readonly command: string;
}

const DEFAULT_ROUNDS = 5;
const MOST_ROUNDS = 1000;

type Given = Partial<Omit<BenchOptions, "rows" | "contenders">> & {
  readonly rows?: readonly string[];
  readonly contenders?: readonly string[];
  readonly list?: boolean;
};

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
  const partial = given.rows ?? given.contenders ?? given.against;
  if (given.write && (given.quick || partial !== undefined)) {
    throw new UsageError(
      "--write keeps whole runs only: without --quick, --rows, --contenders and --against",
    );
  }
  const chosen = given.contenders === undefined ? known : chooseContenders(given.contenders, known);
  const rounds = given.rounds ?? (given.quick ? 1 : DEFAULT_ROUNDS);
  const seed = given.seed ?? randomSeed();
  return {
    rows: given.rows === undefined ? rows : chooseRows(given.rows),
    contenders: chosen,
    rounds,
    seed,
    quick: given.quick ?? false,
    json: given.json,
    write: given.write ?? false,
    against: given.against,
    command: commandOf({ ...given, rounds, seed }),
  };
}

function commandOf({ rows, contenders, against, rounds, seed, quick }: Given): string {
  const quoted = (names: readonly string[]) =>
    names.map((name) => (/^[\w:@./-]+$/.test(name) ? name : `"${name}"`));
  return [
    `bun run bench --seed ${seed} --rounds ${rounds}`,
    ...(quick ? ["--quick"] : []),
    ...(against === undefined ? [] : ["--against", ...quoted([against])]),
    ...(rows === undefined ? [] : ["--rows", ...quoted(rows)]),
    ...(contenders === undefined ? [] : ["--contenders", ...quoted(contenders)]),
  ].join(" ");
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

function chooseContenders(names: readonly string[], known: readonly Contender[]): readonly Contender[] {
  for (const name of names) {
    oneOf(
      "contender",
      name,
      known.map((contender) => contender.name),
    );
  }
  // The other revision was asked for by its own option.
  return known.filter(({ name }) => names.includes(name) || name.startsWith("husky@"));
}

function createProgram(): Command {
  return new Command("bun run bench")
    .description("Nanoseconds an operation: Husky, the allocators that FFI reaches, JavaScript's own, and C.")
    .option("--rows <names...>", "only rows whose names begin so")
    .option("--contenders <names...>", "only these")
    .option("--against <revision>", "Husky of another revision of this repository as one more contender")
    .option("--rounds <count>", `default: ${DEFAULT_ROUNDS}`, wholeFrom(1, MOST_ROUNDS))
    .option("--seed <number>", "of the random tables; default: random", wholeFrom(0, LARGEST_SEED))
    .option("--quick", "one short round: whether everything works, not how fast it is")
    .option("--json <file>", "write all figures as JSON, - for the standard output")
    .option("--write", "write bench/results, the plot and the README's section")
    .option("--list", "name the rows and the contenders")
    .helpOption("--help", "this page")
    .showSuggestionAfterError()
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
}
