/**
 * Writing an arena's memory by pointer and offset, with the names of bun:ffi's `read`. As there (read.ts), and: what is not a
 * value of the type is refused, and nothing is written then. From any Worker; that two Workers do not write one place at the
 * same time is up to the program.
 */
import { show } from "../core/arguments.ts";
import type { Pointer } from "../core/types.ts";
import { type Access, type Act, RANGE_WORDS } from "../worker/access.ts";

const u8To: Act<number, void> = (data, at, value) => data.setUint8(at, value);
const i8To: Act<number, void> = (data, at, value) => data.setInt8(at, value);
const u16To: Act<number, void> = (data, at, value) => data.setUint16(at, value, true);
const i16To: Act<number, void> = (data, at, value) => data.setInt16(at, value, true);
const u32To: Act<number, void> = (data, at, value) => data.setUint32(at, value, true);
const i32To: Act<number, void> = (data, at, value) => data.setInt32(at, value, true);
const u64To: Act<bigint, void> = (data, at, value) => data.setBigUint64(at, value, true);
const i64To: Act<bigint, void> = (data, at, value) => data.setBigInt64(at, value, true);
const f32To: Act<number, void> = (data, at, value) => data.setFloat32(at, value, true);
const f64To: Act<number, void> = (data, at, value) => data.setFloat64(at, value, true);

/**
 * Writes by pointer and offset: `write.u32(pointer, byteOffset, value)`. As `MemoryReader`, and TypeError or RangeError for what
 * is no value of the type: nothing is written then.
 */
export class MemoryWriter {
  private declare readonly access: Access;

  /** @internal */
  constructor(access: Access) {
    this.access = access;
  }

  /** An unsigned byte, from 0 to 255. */
  u8(pointer: Pointer | number, byteOffset: number, value: number): void {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number" && typeof value === "number") {
      const { first, range, u8 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 + (pointer & 3) === pointer &&
        (value & 0xff) === value
      ) {
        const at = (word - first) * 4 + (pointer & 3) + byteOffset;
        if (at >= 0 && at < u8.length) {
          u8[at] = value;
          return;
        }
      }
    }
    checkInteger(value, 0, 255);
    access.slow("write.u8", pointer, byteOffset, 1, u8To, value);
  }

  /** A signed byte, from -128 to 127. */
  i8(pointer: Pointer | number, byteOffset: number, value: number): void {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number" && typeof value === "number") {
      const { first, range, i8 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 + (pointer & 3) === pointer &&
        (value << 24) >> 24 === value
      ) {
        const at = (word - first) * 4 + (pointer & 3) + byteOffset;
        if (at >= 0 && at < i8.length) {
          i8[at] = value;
          return;
        }
      }
    }
    checkInteger(value, -128, 127);
    access.slow("write.i8", pointer, byteOffset, 1, i8To, value);
  }

  /** An unsigned 16-bit integer, from 0 to 65535. */
  u16(pointer: Pointer | number, byteOffset: number, value: number): void {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number" && typeof value === "number") {
      const { first, range, u16 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (byteOffset & 1) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer &&
        (value & 0xffff) === value
      ) {
        const at = ((word - first) * 2 + (byteOffset >> 1)) | 0;
        if (at >= 0 && at < u16.length) {
          u16[at] = value;
          return;
        }
      }
    }
    checkInteger(value, 0, 0xffff);
    access.slow("write.u16", pointer, byteOffset, 2, u16To, value);
  }

  /** A signed 16-bit integer, from -32768 to 32767. */
  i16(pointer: Pointer | number, byteOffset: number, value: number): void {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number" && typeof value === "number") {
      const { first, range, i16 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (byteOffset & 1) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer &&
        (value << 16) >> 16 === value
      ) {
        const at = ((word - first) * 2 + (byteOffset >> 1)) | 0;
        if (at >= 0 && at < i16.length) {
          i16[at] = value;
          return;
        }
      }
    }
    checkInteger(value, -0x8000, 0x7fff);
    access.slow("write.i16", pointer, byteOffset, 2, i16To, value);
  }

  /** An unsigned 32-bit integer, from 0 to 4294967295. */
  u32(pointer: Pointer | number, byteOffset: number, value: number): void {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number" && typeof value === "number") {
      const { first, range, u32 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (byteOffset & 3) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer &&
        value >>> 0 === value
      ) {
        const at = (word - first + (byteOffset >> 2)) | 0;
        if (at >= 0 && at < u32.length) {
          u32[at] = value;
          return;
        }
      }
    }
    checkInteger(value, 0, 2 ** 32 - 1);
    access.slow("write.u32", pointer, byteOffset, 4, u32To, value);
  }

  /** A signed 32-bit integer, from -2147483648 to 2147483647. */
  i32(pointer: Pointer | number, byteOffset: number, value: number): void {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number" && typeof value === "number") {
      const { first, range, i32 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (byteOffset & 3) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer &&
        (value | 0) === value
      ) {
        const at = (word - first + (byteOffset >> 2)) | 0;
        if (at >= 0 && at < i32.length) {
          i32[at] = value;
          return;
        }
      }
    }
    checkInteger(value, -(2 ** 31), 2 ** 31 - 1);
    access.slow("write.i32", pointer, byteOffset, 4, i32To, value);
  }

  /** An unsigned 64-bit integer, from 0n to 2n ** 64n - 1n. */
  u64(pointer: Pointer | number, byteOffset: number, value: bigint): void {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number" && typeof value === "bigint") {
      const { first, range, u64 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        ((byteOffset | (word << 2)) & 7) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer &&
        BigInt.asUintN(64, value) === value
      ) {
        const at = (((word - first) >> 1) + (byteOffset >> 3)) | 0;
        if (at >= 0 && at < u64.length) {
          u64[at] = value;
          return;
        }
      }
    }
    checkBigInt(value, 0n, 2n ** 64n - 1n);
    access.slow("write.u64", pointer, byteOffset, 8, u64To, value);
  }

  /** A signed 64-bit integer, from -(2n ** 63n) to 2n ** 63n - 1n. */
  i64(pointer: Pointer | number, byteOffset: number, value: bigint): void {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number" && typeof value === "bigint") {
      const { first, range, i64 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        ((byteOffset | (word << 2)) & 7) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer &&
        BigInt.asIntN(64, value) === value
      ) {
        const at = (((word - first) >> 1) + (byteOffset >> 3)) | 0;
        if (at >= 0 && at < i64.length) {
          i64[at] = value;
          return;
        }
      }
    }
    checkBigInt(value, -(2n ** 63n), 2n ** 63n - 1n);
    access.slow("write.i64", pointer, byteOffset, 8, i64To, value);
  }

  /** A 32-bit float. */
  f32(pointer: Pointer | number, byteOffset: number, value: number): void {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number" && typeof value === "number") {
      const { first, range, f32 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (byteOffset & 3) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer
      ) {
        const at = (word - first + (byteOffset >> 2)) | 0;
        if (at >= 0 && at < f32.length) {
          f32[at] = value;
          return;
        }
      }
    }
    checkFloat(value);
    access.slow("write.f32", pointer, byteOffset, 4, f32To, value);
  }

  /** A 64-bit float. */
  f64(pointer: Pointer | number, byteOffset: number, value: number): void {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number" && typeof value === "number") {
      const { first, range, f64 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        ((byteOffset | (word << 2)) & 7) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer
      ) {
        const at = (((word - first) >> 1) + (byteOffset >> 3)) | 0;
        if (at >= 0 && at < f64.length) {
          f64[at] = value;
          return;
        }
      }
    }
    checkFloat(value);
    access.slow("write.f64", pointer, byteOffset, 8, f64To, value);
  }

  /** A pointer: a number from 0 to 2^53 - 1, or null. */
  ptr(pointer: Pointer | number, byteOffset: number, value: Pointer | number | null): void {
    const number = value ?? 0;
    checkInteger(number, 0, Number.MAX_SAFE_INTEGER);
    this.u64(pointer, byteOffset, BigInt(number));
  }

  /** A signed integer as wide as a pointer: a number from -(2^53 - 1) to 2^53 - 1. */
  intptr(pointer: Pointer | number, byteOffset: number, value: number): void {
    checkInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    this.i64(pointer, byteOffset, BigInt(value));
  }
}

function checkInteger(value: unknown, least: number, most: number): void {
  const expected = `\`value\` must be a whole number from ${least} to ${most}`;
  if (typeof value !== "number") throw new TypeError(`${expected}, got ${show(value)}`);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`${expected}, got ${show(value)}`);
}

function checkBigInt(value: unknown, least: bigint, most: bigint): void {
  const expected = `\`value\` must be a BigInt from ${least} to ${most}`;
  if (typeof value !== "bigint") throw new TypeError(`${expected}, got ${show(value)}`);
  if (value < least || value > most) throw new RangeError(`${expected}, got ${show(value)}`);
}

function checkFloat(value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`\`value\` must be a number, got ${show(value)}`);
}
