/** Checks of arguments. They run before any state changes and before any conversion could call user code. */
import { ALIGNMENT_MOST_BYTES } from "./tunables.ts";

/** How a value is shown in a message, without calling any code of its owner. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "string":
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "an array" : "an object";
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    default:
      return String(value);
  }
}

/** Throws unless `value` is a number of bytes: an integer from 0 to 2^53 - 1. */
export function checkSize(name: string, value: unknown): asserts value is number {
  if (typeof value !== "number") {
    throw new TypeError(
      `\`${name}\` must be a number of bytes, an integer from 0 to 2^53 - 1, got ${show(value)}`,
    );
  }
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`\`${name}\` must be an integer from 0 to 2^53 - 1 (bytes), got ${show(value)}`);
  }
}

/** The product of `count` and `size`, both checked. */
export function checkProduct(count: unknown, size: unknown): number {
  checkSize("count", count);
  checkSize("size", size);
  const product = count * size;
  if (!Number.isSafeInteger(product)) {
    throw new RangeError(`\`count\` x \`size\` must be at most 2^53 - 1 bytes, got ${count} x ${size}`);
  }
  return product;
}

const ALIGNMENTS = `a power of two from 1 to ${ALIGNMENT_MOST_BYTES} (bytes)`;

/** Throws unless `value` is a power of two from 1 to the largest alignment. */
export function checkAlignment(value: unknown): asserts value is number {
  if (typeof value !== "number")
    throw new TypeError(`\`alignment\` must be ${ALIGNMENTS}, got ${show(value)}`);
  if (
    !(value >= 1 && value <= ALIGNMENT_MOST_BYTES && (value & (value - 1)) === 0 && Number.isInteger(value))
  ) {
    throw new RangeError(`\`alignment\` must be ${ALIGNMENTS}, got ${show(value)}`);
  }
}

/** Throws unless `value` can be an address: null or an integer from 0 to 2^53 - 1. Null becomes 0. */
export function checkPointer(value: unknown, name = "pointer"): number {
  if (value === null) return 0;
  if (typeof value !== "number") {
    throw new TypeError(`\`${name}\` must be a pointer (a number) or null, got ${show(value)}`);
  }
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`\`${name}\` must be an integer from 0 to 2^53 - 1, got ${show(value)}`);
  }
  return value + 0;
}

/** Throws unless `value` is a whole number of bytes, from a pointer on or back. */
export function checkOffset(value: unknown): asserts value is number {
  const expected = "`byteOffset` must be a whole number of bytes, at most 2^53 - 1";
  if (typeof value !== "number") throw new TypeError(`${expected}, got ${show(value)}`);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${expected}, got ${show(value)}`);
}
