/** Strings of C: UTF-8 that ends with a NUL byte. */
import { checkSize, show } from "../core/arguments.ts";
import type { Pointer } from "../core/types.ts";
import type { Access } from "./access.ts";

const encoder = new TextEncoder();
/** What the bytes say, a mark at the beginning too; what is no UTF-8 becomes U+FFFD. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes of a string with its NUL. Throws TypeError for what is no string, RangeError for one that C would cut off. */
export function encodeCString(text: unknown): Uint8Array {
  if (typeof text !== "string") throw new TypeError(`\`text\` must be a string, got ${show(text)}`);
  const at = text.indexOf("\0");
  if (at >= 0)
    throw new RangeError(`\`text\` must be without NUL, where a C string ends; there is one at ${at}`);
  return encoder.encode(`${text}\0`);
}

export function writeCString(access: Access, pointer: Pointer, bytes: Uint8Array): void {
  access.bytes("cstring", pointer, 0, bytes.length, (target) => target.set(bytes));
}

/** The string at `byteOffset` from `pointer`: up to the first NUL, or `byteLength` bytes if there is none before. */
export function readCString(
  access: Access,
  pointer: unknown,
  byteOffset: unknown,
  byteLength: unknown,
): string {
  if (byteLength !== undefined) checkSize("byteLength", byteLength);
  const length = byteLength ?? access.bytesLeft("readCString", pointer, byteOffset);
  return access.bytes("readCString", pointer, byteOffset, length, (bytes) => {
    const end = bytes.indexOf(0);
    if (end < 0 && byteLength === undefined)
      throw new RangeError(`readCString: none of the ${length} bytes that are in use from there on is NUL`);
    return decoder.decode(bytes.subarray(0, end < 0 ? length : end));
  });
}
