/** What the command lines of the comparisons have in common: who takes part, how often, and where the figures go. */
import { Command } from "commander";
import { wholeFrom } from "../stress/command/parsing.ts";
import { oneOf } from "../stress/command/suggest.ts";
import { UsageError } from "../stress/command/usage-error.ts";
import type { Contender } from "./contenders/contender.ts";

export interface CommonOptions {
  readonly contenders: readonly Contender[];
  readonly rounds: number;
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

/** As commander hands them over. */
export interface GivenCommon extends Partial<Omit<CommonOptions, "contenders" | "command">> {
  readonly contenders?: readonly string[];
  readonly list?: boolean;
}

/** The caller adds its own options, `--list` among them. */
export function commonCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--contenders <names...>", "only these")
    .option("--against <revision>", "Husky of another revision of this repository as one more contender")
    .option("--rounds <count>", `default: ${DEFAULT_ROUNDS}`, wholeFrom(1, MOST_ROUNDS))
    .option("--quick", "one short round: whether everything works, not how fast it is")
    .option("--json <file>", "write all figures as JSON, - for the standard output")
    .option("--write", "write bench/results, the plot and the README's section")
    .helpOption("--help", "this page")
    .showSuggestionAfterError()
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
}

/**
 * The options in full. `own`: the caller's options by their spelling, of which any that is given makes the run a
 * partial one. Throws a UsageError.
 */
export function completeCommon(
  given: GivenCommon,
  known: readonly Contender[],
  own: Readonly<Record<string, unknown>>,
): Omit<CommonOptions, "command"> {
  const { quick, contenders, against } = given;
  const partial = { "--quick": quick, ...own, "--contenders": contenders, "--against": against };
  if (given.write && Object.values(partial).some((value) => value !== undefined)) {
    const names = new Intl.ListFormat("en-GB").format(Object.keys(partial));
    throw new UsageError(`--write keeps whole runs only: without ${names}`);
  }
  return {
    contenders: contenders === undefined ? known : chooseContenders(contenders, known),
    rounds: given.rounds ?? (quick ? 1 : DEFAULT_ROUNDS),
    quick: quick ?? false,
    json: given.json,
    write: given.write ?? false,
    against,
  };
}

function chooseContenders(names: readonly string[], known: readonly Contender[]): readonly Contender[] {
  const all = known.map(({ name }) => name);
  for (const name of names) oneOf("contender", name, all);
  // The other revision was asked for by its own option.
  return known.filter(({ name }) => names.includes(name) || name.startsWith("husky@"));
}

/** The options as words of the command that repeats the run. */
export function commonWords({ quick, against, contenders }: GivenCommon, rounds: number): string[] {
  return [
    `--rounds ${rounds}`,
    ...(quick ? ["--quick"] : []),
    ...(against === undefined ? [] : ["--against", ...quoted([against])]),
    ...(contenders === undefined ? [] : ["--contenders", ...quoted(contenders)]),
  ];
}

export const quoted = (names: readonly string[]): string[] =>
  names.map((name) => (/^[\w:@./-]+$/.test(name) ? name : `"${name}"`));
