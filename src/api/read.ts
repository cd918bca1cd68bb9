/**
 * Reading an arena's memory by pointer and offset, with the names and the order of bun:ffi's `read`, as fast as an array. Numbers
 * have the order of bytes of the machine's; a place need not be aligned, but is read faster if it is.
 *
 * All methods throw TypeError or RangeError for what is no pointer or no offset, RangeError for an offset that leads out of the
 * memory that is in use, InvalidPointerError for a pointer into anything else. A block's own borders, and whether it was freed,
 * are not looked at: that is what views and blocks are for. From any Worker.
 *
 * Straight-line copies, since a shared function for the place costs a nanosecond (docs/runtime.md); a test keeps them equal.
 */
import type { Pointer } from "../core/types.ts";
import { type Access, type Act, RANGE_WORDS } from "../worker/access.ts";

const u8At: Act<undefined, number> = (data, at) => data.getUint8(at);
const i8At: Act<undefined, number> = (data, at) => data.getInt8(at);
const u16At: Act<undefined, number> = (data, at) => data.getUint16(at, true);
const i16At: Act<undefined, number> = (data, at) => data.getInt16(at, true);
const u32At: Act<undefined, number> = (data, at) => data.getUint32(at, true);
const i32At: Act<undefined, number> = (data, at) => data.getInt32(at, true);
const u64At: Act<undefined, bigint> = (data, at) => data.getBigUint64(at, true);
const i64At: Act<undefined, bigint> = (data, at) => data.getBigInt64(at, true);
const f32At: Act<undefined, number> = (data, at) => data.getFloat32(at, true);
const f64At: Act<undefined, number> = (data, at) => data.getFloat64(at, true);

/**
 * Reads by pointer and offset: `read.u32(pointer, byteOffset)`. All throw TypeError or RangeError for what is no pointer or
 * offset or leads out of the memory in use, InvalidPointerError for a pointer into anything else. From any Worker.
 */
export class MemoryReader {
  private declare readonly access: Access;

  /** @internal */
  constructor(access: Access) {
    this.access = access;
  }

  /** An unsigned byte. */
  u8(pointer: Pointer | number, byteOffset = 0): number {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number") {
      const { first, range, u8 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 + (pointer & 3) === pointer
      ) {
        const value = u8[(word - first) * 4 + (pointer & 3) + byteOffset];
        if (value !== undefined) return value;
      }
    }
    return access.slow("read.u8", pointer, byteOffset, 1, u8At, undefined);
  }

  /** A signed byte. */
  i8(pointer: Pointer | number, byteOffset = 0): number {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number") {
      const { first, range, i8 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 + (pointer & 3) === pointer
      ) {
        const value = i8[(word - first) * 4 + (pointer & 3) + byteOffset];
        if (value !== undefined) return value;
      }
    }
    return access.slow("read.i8", pointer, byteOffset, 1, i8At, undefined);
  }

  /** An unsigned 16-bit integer. */
  u16(pointer: Pointer | number, byteOffset = 0): number {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number") {
      const { first, range, u16 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (byteOffset & 1) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer
      ) {
        const value = u16[((word - first) * 2 + (byteOffset >> 1)) | 0];
        if (value !== undefined) return value;
      }
    }
    return access.slow("read.u16", pointer, byteOffset, 2, u16At, undefined);
  }

  /** A signed 16-bit integer. */
  i16(pointer: Pointer | number, byteOffset = 0): number {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number") {
      const { first, range, i16 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (byteOffset & 1) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer
      ) {
        const value = i16[((word - first) * 2 + (byteOffset >> 1)) | 0];
        if (value !== undefined) return value;
      }
    }
    return access.slow("read.i16", pointer, byteOffset, 2, i16At, undefined);
  }

  /** An unsigned 32-bit integer. */
  u32(pointer: Pointer | number, byteOffset = 0): number {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number") {
      const { first, range, u32 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (byteOffset & 3) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer
      ) {
        const value = u32[(word - first + (byteOffset >> 2)) | 0];
        if (value !== undefined) return value;
      }
    }
    return access.slow("read.u32", pointer, byteOffset, 4, u32At, undefined);
  }

  /** A signed 32-bit integer. */
  i32(pointer: Pointer | number, byteOffset = 0): number {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number") {
      const { first, range, i32 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (byteOffset & 3) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer
      ) {
        const value = i32[(word - first + (byteOffset >> 2)) | 0];
        if (value !== undefined) return value;
      }
    }
    return access.slow("read.i32", pointer, byteOffset, 4, i32At, undefined);
  }

  /** An unsigned 64-bit integer. */
  u64(pointer: Pointer | number, byteOffset = 0): bigint {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number") {
      const { first, range, u64 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        ((byteOffset | (word << 2)) & 7) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer
      ) {
        const value = u64[(((word - first) >> 1) + (byteOffset >> 3)) | 0];
        if (value !== undefined) return value;
      }
    }
    return access.slow("read.u64", pointer, byteOffset, 8, u64At, undefined);
  }

  /** A signed 64-bit integer. */
  i64(pointer: Pointer | number, byteOffset = 0): bigint {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number") {
      const { first, range, i64 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        ((byteOffset | (word << 2)) & 7) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer
      ) {
        const value = i64[(((word - first) >> 1) + (byteOffset >> 3)) | 0];
        if (value !== undefined) return value;
      }
    }
    return access.slow("read.i64", pointer, byteOffset, 8, i64At, undefined);
  }

  /** A 32-bit float. */
  f32(pointer: Pointer | number, byteOffset = 0): number {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number") {
      const { first, range, f32 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        (byteOffset & 3) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer
      ) {
        const value = f32[(word - first + (byteOffset >> 2)) | 0];
        if (value !== undefined) return value;
      }
    }
    return access.slow("read.f32", pointer, byteOffset, 4, f32At, undefined);
  }

  /** A 64-bit float. */
  f64(pointer: Pointer | number, byteOffset = 0): number {
    const { access } = this;
    if (typeof pointer === "number" && typeof byteOffset === "number") {
      const { first, range, f64 } = access;
      const word = pointer >>> 2;
      if (
        (byteOffset | 0) === byteOffset &&
        ((byteOffset | (word << 2)) & 7) === 0 &&
        (range * RANGE_WORDS + 0 + word) * 4 + 0 === pointer
      ) {
        const value = f64[(((word - first) >> 1) + (byteOffset >> 3)) | 0];
        if (value !== undefined) return value;
      }
    }
    return access.slow("read.f64", pointer, byteOffset, 8, f64At, undefined);
  }

  /** A pointer, as a number. Throws RangeError if it is above 2^53. */
  ptr(pointer: Pointer | number, byteOffset = 0): Pointer {
    return asNumber("read.ptr", this.u64(pointer, byteOffset)) as Pointer;
  }

  /** A signed integer as wide as a pointer. Throws RangeError if it is beyond 2^53. */
  intptr(pointer: Pointer | number, byteOffset = 0): number {
    return asNumber("read.intptr", this.i64(pointer, byteOffset));
  }
}

function asNumber(operation: string, value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(`${operation}: ${value} is no safe integer; read it as a BigInt`);
}
