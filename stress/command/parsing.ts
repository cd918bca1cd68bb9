/** What the command lines have in common: numbers with bounds, seeds, and what becomes of a wrong usage. */
import { type Command, CommanderError, InvalidArgumentError } from "commander";
import { UsageError } from "./usage-error.ts";

/** Seeds are unsigned integers of 32 bits. */
export const LARGEST_SEED: number = 2 ** 32 - 1;

export const randomSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0]!;

/** For an option that is a number, not below `least` and not above `most`. */
export function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => inBounds(text, least, most, "number");
}

/** For an option that is a whole number. */
export function wholeFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = inBounds(text, least, most, "whole number");
    if (Number.isInteger(value)) return value;
    throw refusal(least, most, "whole number");
  };
}

/** Reads the command line. The exit code when the command is done already (`--help`), else null. Throws a UsageError. */
export function parseWith(program: Command, argv: readonly string[]): number | null {
  try {
    program.parse(argv, { from: "user" });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw new UsageError(error.message.replace(/^error: /, ""));
  }
}

function inBounds(text: string, least: number, most: number, what: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most) return value;
  throw refusal(least, most, what);
}

function refusal(least: number, most: number, what: string): InvalidArgumentError {
  return new InvalidArgumentError(`It must be a ${what} from ${least} to ${most}.`);
}
