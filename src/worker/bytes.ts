/**
 * Copying, filling and comparing bytes of an arena by the C library, after it is known that they are in use. Those of a large
 * block are worked on in pieces, each under the lock, since its mapping may end.
 */
import { checkPointer, checkSize, show } from "../core/arguments.ts";
import type { Address } from "../core/types.ts";
import type { Access } from "./access.ts";

/** Bytes of a large block that are worked on in one hold of the lock. */
const PIECE_BYTES = 2 ** 20;

/** Works on `count` bytes that are `done` bytes behind the beginning. False: no more is needed. */
type Piece = (done: number, count: number) => boolean;

/** memmove of `byteLength` bytes: the ranges may overlap. Where both are in view it leaves no garbage, as the other two. */
export function copyBytes(access: Access, target: unknown, source: unknown, byteLength: unknown): void {
  if (access.covers(target, byteLength) && access.covers(source, byteLength))
    access.pages.copy(target as Address, source as Address, byteLength as number);
  else copyAnywhere(access, target, source, byteLength);
}

function copyAnywhere(access: Access, target: unknown, source: unknown, byteLength: unknown): void {
  const [to, from, length] = [
    checkPointer(target, "target"),
    checkPointer(source, "source"),
    checkLength(byteLength),
  ];
  const { pages } = access;
  const piece: Piece = (done, count) => {
    pages.copy((to + done) as Address, (from + done) as Address, count);
    return true;
  };
  // Where the target overlaps the end of the source, the last piece comes first.
  inPieces(access, "copy", [to, from], length, to > from && to < from + length, piece);
}

/** memset. */
export function fillBytes(access: Access, pointer: unknown, value: unknown, byteLength: unknown): void {
  if (access.covers(pointer, byteLength) && typeof value === "number" && (value & 0xff) === value)
    access.pages.fill(pointer as Address, value, byteLength as number);
  else fillAnywhere(access, pointer, value, byteLength);
}

function fillAnywhere(access: Access, pointer: unknown, value: unknown, byteLength: unknown): void {
  const [address, length] = [checkPointer(pointer), checkLength(byteLength)];
  if (typeof value !== "number")
    throw new TypeError(`\`value\` must be a byte, from 0 to 255, got ${show(value)}`);
  if ((value & 0xff) !== value)
    throw new RangeError(`\`value\` must be a whole number from 0 to 255, got ${show(value)}`);
  const { pages } = access;
  inPieces(access, "fill", [address], length, false, (done, count) => {
    pages.fill((address + done) as Address, value, count);
    return true;
  });
}

/** memcmp: -1, 0 or 1. */
export function compareBytes(access: Access, one: unknown, other: unknown, byteLength: unknown): -1 | 0 | 1 {
  const order =
    access.covers(one, byteLength) && access.covers(other, byteLength)
      ? access.pages.compare(one as Address, other as Address, byteLength as number)
      : compareAnywhere(access, one, other, byteLength);
  return Math.sign(order) as -1 | 0 | 1;
}

function compareAnywhere(access: Access, one: unknown, other: unknown, byteLength: unknown): number {
  const [left, right, length] = [
    checkPointer(one, "one"),
    checkPointer(other, "other"),
    checkLength(byteLength),
  ];
  const { pages } = access;
  let order = 0;
  inPieces(access, "compare", [left, right], length, false, (done, count) => {
    order = pages.compare((left + done) as Address, (right + done) as Address, count);
    return order === 0;
  });
  return order;
}

function inPieces(
  access: Access,
  operation: string,
  addresses: readonly number[],
  length: number,
  isBackward: boolean,
  piece: Piece,
): void {
  const large = addresses.filter((address) => !access.follow(operation, address, 0, length));
  if (large.length === 0) {
    if (length > 0) piece(0, length);
    return;
  }
  const pieces = Math.max(Math.ceil(length / PIECE_BYTES), 1);
  for (let turn = 0; turn < pieces; turn++) {
    const done = (isBackward ? pieces - 1 - turn : turn) * PIECE_BYTES;
    const count = Math.min(PIECE_BYTES, length - done);
    const goesOn = access.locked((heap) => {
      for (const address of large) access.checkLarge(heap, operation, address, 0, length);
      return count === 0 || piece(done, count);
    });
    if (!goesOn) return;
  }
}

function checkLength(value: unknown): number {
  checkSize("byteLength", value);
  return value;
}
