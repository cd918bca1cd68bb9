/**
 * A policy and its options as text, `name` or `name:option=value,option=value`, and as two words of the control block:
 * the policy's number, and the values of its options as the digits of one number, the first option's lowest.
 */
import { show } from "../core/arguments.ts";
import type { PolicyMaker } from "./policy.ts";

/** An option with named values, of which the first is the default, or with whole numbers. */
export type PolicyOption =
  | { readonly name: string; readonly values: readonly string[] }
  | { readonly name: string; readonly least: number; readonly most: number; readonly usual: number };

/** A policy with values for all of its options. */
export interface PolicyChoice {
  readonly policy: number;
  readonly choice: number;
}

/** Number of values that an option can have. */
function sizeOf(option: PolicyOption): number {
  return "values" in option ? option.values.length : option.most - option.least + 1;
}

function rangeOf(option: PolicyOption): string {
  if ("values" in option) return option.values.join(", ");
  return `the integers from ${option.least} to ${option.most}`;
}

/** Digit of a value given as text; -1 = it is none. */
function digitOf(option: PolicyOption, text: string): number {
  if ("values" in option) return option.values.indexOf(text);
  const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  return value >= option.least && value <= option.most ? value - option.least : -1;
}

function usualDigit(option: PolicyOption): number {
  return "values" in option ? 0 : option.usual - option.least;
}

/** Reads a policy with options. Throws TypeError or RangeError that lists what there is. */
export function parsePolicy(makers: readonly PolicyMaker[], text: unknown): PolicyChoice {
  const names = makers.map((maker) => maker.name).join(", ");
  if (typeof text !== "string") {
    throw new TypeError(`\`policy\` must be one of ${names}, or one with options, got ${show(text)}`);
  }
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon);
  const policy = makers.findIndex((maker) => maker.name === name);
  if (policy < 0) throw new RangeError(`\`policy\` must be one of ${names}, got ${show(name)}`);
  const given = colon < 0 ? [] : text.slice(colon + 1).split(",");
  return { policy, choice: pack(makers[policy]!, readOptions(makers[policy]!, given)) };
}

function readOptions({ name: policy, options }: PolicyMaker, given: readonly string[]): Map<string, number> {
  const digits = new Map<string, number>();
  for (const part of given) {
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    const option = options.find((candidate) => candidate.name === name);
    if (option === undefined) {
      const known = options.map((candidate) => candidate.name).join(", ");
      const what = known === "" ? "no options" : `the options ${known}`;
      throw new RangeError(`\`policy\`: ${policy} has ${what}, got ${show(name)}`);
    }
    if (digits.has(name)) throw new RangeError(`\`policy\`: the option ${name} is given twice`);
    const value = equals < 0 ? "" : part.slice(equals + 1);
    const digit = digitOf(option, value);
    if (digit < 0) {
      throw new RangeError(
        `\`policy\`: ${policy}'s option ${name} must be one of ${rangeOf(option)}, got ${show(value)}`,
      );
    }
    digits.set(name, digit);
  }
  return digits;
}

function pack({ options }: PolicyMaker, digits: ReadonlyMap<string, number>): number {
  let choice = 0;
  for (const option of [...options].reverse()) {
    choice = choice * sizeOf(option) + (digits.get(option.name) ?? usualDigit(option));
  }
  return choice;
}

/** The digits of a choice, one an option. */
export function unpack(options: readonly PolicyOption[], choice: number): number[] {
  const digits: number[] = [];
  let rest = choice;
  for (const option of options) {
    digits.push(rest % sizeOf(option));
    rest = Math.floor(rest / sizeOf(option));
  }
  return digits;
}

/** The text of a policy with those of its options that are not at their default. */
export function policyText({ name, options }: PolicyMaker, choice: number): string {
  const digits = unpack(options, choice);
  const parts = options.flatMap((option, at) => {
    const digit = digits[at]!;
    if (digit === usualDigit(option)) return [];
    const value = "values" in option ? option.values[digit]! : String(option.least + digit);
    return [`${option.name}=${value}`];
  });
  return parts.length === 0 ? name : `${name}:${parts.join(",")}`;
}
