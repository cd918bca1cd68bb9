/** What JavaScript has itself, and the best known allocator in npm that works inside one ArrayBuffer. */
import { MemPool } from "@thi.ng/malloc";
import { absent, type Calls, type Lacks } from "./calls.ts";

const collected = "nothing to free: the collector takes what was dropped";
const unaligned = "no alignment to choose";
const unshared = "an object belongs to one Worker";

export const arrayBufferLacks: Lacks = { free: collected, alignedAlloc: unaligned, sharing: unshared };

/** Dropped instead of freed; the collector's time is in the figures as far as it runs meanwhile. */
export function openArrayBuffer(): Calls<ArrayBuffer> {
  return {
    malloc: (size) => new ArrayBuffer(size),
    free: () => {},
    calloc: (count, size) => new ArrayBuffer(count * size),
    realloc: (buffer, size) => buffer.transfer(size),
    alignedAlloc: absent,
    fill: (buffer) => new Uint8Array(buffer).fill(1),
    table: (length) => new Array(length),
  };
}

export const unsafeBufferLacks: Lacks = {
  ...arrayBufferLacks,
  calloc: "its memory is not cleared",
  realloc: "its length is fixed",
};

export function openUnsafeBuffer(): Calls<Buffer> {
  return {
    malloc: (size) => Buffer.allocUnsafeSlow(size),
    free: () => {},
    calloc: absent,
    realloc: absent,
    alignedAlloc: absent,
    fill: (buffer) => buffer.fill(1),
    table: (length) => new Array(length),
  };
}

export const poolLacks: Lacks = {
  alignedAlloc: "one alignment for the whole pool",
  Workers: "a pool has no lock",
  sharing: "a pool has no lock",
};

/** Room for every row. */
const POOL_BYTES = 2 ** 30;

export function openPool(): Calls<number> {
  const pool = new MemPool({ size: POOL_BYTES, align: 16 });
  const bytes = new Uint8Array(pool.buf);
  const orThrow = (address: number) => {
    if (address === 0) throw new Error("the pool is exhausted");
    return address;
  };
  return {
    malloc: (size) => orThrow(pool.malloc(size)),
    free: (address) => {
      pool.free(address);
    },
    calloc: (count, size) => orThrow(pool.calloc(count * size)),
    realloc: (address, size) => orThrow(pool.realloc(address, size)),
    alignedAlloc: absent,
    fill: (address, size) => bytes.fill(1, address, address + size),
    table: (length) => new Float64Array(length),
  };
}
