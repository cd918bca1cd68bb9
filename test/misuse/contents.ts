/** What is in a block, and where it stands. */
import { expect } from "bun:test";
import { bytesAt } from "../../native/raw-memory.ts";
import type { Arena } from "../../src/index.ts";

export function isZero(pointer: number, byteLength: number): boolean {
  return bytesAt(pointer, byteLength).every((byte) => byte === 0);
}

/** The block is aligned, long enough, and its first and last byte can be written. */
export function expectAligned(arena: Arena, pointer: number, alignment: number, size: number): void {
  expect(pointer).toBeGreaterThan(0);
  expect(pointer % alignment).toBe(0);
  expect(pointer % 16).toBe(0);
  expect(arena.usableSize(pointer)).toBeGreaterThanOrEqual(size);
  if (size === 0) return;
  bytesAt(pointer, 1)[0] = 1;
  bytesAt(pointer + size - 1, 1)[0] = 1;
}

/** Fills recycled memory with 0xcc, so that zeros are not there by chance. */
export function soil(arena: Arena, sizes: readonly number[]): void {
  const blocks = sizes.flatMap((size) => Array.from({ length: 8 }, () => arena.malloc(size)));
  for (const pointer of blocks) bytesAt(pointer, arena.usableSize(pointer)).fill(0xcc);
  for (const pointer of blocks) arena.free(pointer);
}
