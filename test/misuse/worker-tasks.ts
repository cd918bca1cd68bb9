/** What the Workers of workers.cases.ts and worker-ends.cases.ts do, and the sizes they use. */
import assert from "node:assert/strict";
import { bytesAt } from "../../native/raw-memory.ts";
import { Arena, type ArenaHandle, free, realloc, usableSize } from "../../src/index.ts";
import { ALL_SIZES } from "./harness.ts";

export const TASKS: string = import.meta.url;

export const SMALL_SIZES = Array.from({ length: 10_000 }, (_, i) => 16 + (i % 8) * 16);
export const MIXED_SIZES = ALL_SIZES.flatMap((size) => [size, size, size, size]);

/** The blocks hold what `allocate` wrote to them. */
export function hasMarks(pointers: readonly number[], sizes: readonly number[]): void {
  pointers.forEach((pointer, i) => {
    assert.ok(
      bytesAt(pointer, sizes[i]!).every((byte) => byte === i % 251),
      `contents of block ${i}`,
    );
  });
}

export function attach(handle: ArenaHandle): number {
  return Arena.attach(handle).stats().workers;
}

export function leave(handle: ArenaHandle): void {
  Arena.attach(handle).detach();
}

export function allocate({ handle, sizes }: { handle: ArenaHandle; sizes: number[] }): number[] {
  const arena = Arena.attach(handle);
  return sizes.map((size, i) => {
    const pointer = arena.malloc(size);
    bytesAt(pointer, size).fill(i % 251);
    return pointer;
  });
}

/** Allocates some and frees some, so that the cache of this Worker has blocks in it. */
export function warmUp(handle: ArenaHandle): void {
  const arena = Arena.attach(handle);
  const blocks = Array.from({ length: 200 }, (_, i) => arena.malloc(16 + (i % 20) * 16));
  for (const block of blocks) arena.free(block);
}

export function freeAll({ handle, pointers }: { handle: ArenaHandle; pointers: number[] }): void {
  const arena = Arena.attach(handle);
  for (const pointer of pointers) arena.free(pointer);
}

export function freeUnattached(pointer: number): void {
  free(pointer);
}

export function reallocateAll(input: { handle: ArenaHandle; pointers: number[]; size: number }): number[] {
  const arena = Arena.attach(input.handle);
  return input.pointers.map((pointer) => arena.realloc(pointer, input.size));
}

/** On the process-wide heap: realloc to 1024 bytes and free. */
export function growAndFree(pointer: number): boolean {
  const grown = realloc(pointer, 1024);
  const kept = bytesAt(grown, 12).every((byte) => byte === 9) && usableSize(grown) >= 1024;
  free(grown);
  return kept;
}

/** Allocates and frees without end, every request under the lock. */
export function churn({ handle, signal }: { handle: ArenaHandle; signal: SharedArrayBuffer }): void {
  const arena = Arena.attach(handle);
  const counter = new Int32Array(signal);
  for (let i = 0; ; i++) {
    arena.free(arena.malloc((i % 64) * 700));
    Atomics.add(counter, 0, 1);
  }
}
