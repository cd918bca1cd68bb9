/**
 * Husky: memory outside the collected heap, for every Worker of a Bun program.
 *
 * The functions work on the process-wide heap, which all Workers share without a handshake. Pointers are plain
 * numbers: give them to C through bun:ffi, or to other Workers in a message. All functions are safe from any
 * Worker; a pointer may be freed by another Worker than the one that allocated it.
 */
import { Arena, heap } from "./api/arena.ts";
import type { Pointer } from "./core/types.ts";

export type { AllocateOptions, BlockHandle, ViewType } from "./api/block.ts";
export { Block } from "./api/block.ts";
export type { ArenaStats, BlockFilter, BlockInfo } from "./api/inspect.ts";
export type { ArenaOptions } from "./api/options.ts";
export { Scope } from "./api/scope.ts";
export type { ArenaFault, MemoryBound, PointerFault } from "./core/errors.ts";
export { ArenaError, InvalidPointerError, OutOfMemoryError } from "./core/errors.ts";
export type { Pointer } from "./core/types.ts";
export { policyNames } from "./policies/catalogue.ts";
export type { ArenaHandle } from "./registry/handle.ts";
export { Arena, heap };

/** What `read` of an arena, or of the process-wide heap, can do. */
export type Read = Arena["read"];
/** The same of `write`. */
export type Write = Arena["write"];

/** `heap.read`: `read.u32(pointer, byteOffset)` and so on. */
export const read: Read = heap.read;

/** `heap.write`: `write.u32(pointer, byteOffset, value)` and so on. */
export const write: Write = heap.write;

/** `heap.malloc`. */
export function malloc(size: number): Pointer {
  return heap.malloc(size);
}

/** `heap.calloc`. */
export function calloc(count: number, size: number): Pointer {
  return heap.calloc(count, size);
}

/** `heap.realloc`. */
export function realloc(pointer: Pointer | number | null, size: number): Pointer {
  return heap.realloc(pointer, size);
}

/** `heap.alignedAlloc`. */
export function alignedAlloc(alignment: number, size: number): Pointer {
  return heap.alignedAlloc(alignment, size);
}

/** `heap.free`. */
export function free(pointer: Pointer | number | null): void {
  heap.free(pointer);
}

/** `heap.usableSize`. */
export function usableSize(pointer: Pointer | number | null): number {
  return heap.usableSize(pointer);
}

/** `heap.copy`. */
export function copy(target: Pointer | number, source: Pointer | number, byteLength: number): void {
  heap.copy(target, source, byteLength);
}

/** `heap.fill`. */
export function fill(pointer: Pointer | number, value: number, byteLength: number): void {
  heap.fill(pointer, value, byteLength);
}

/** `heap.compare`. */
export function compare(one: Pointer | number, other: Pointer | number, byteLength: number): -1 | 0 | 1 {
  return heap.compare(one, other, byteLength);
}

/** `heap.cstring`. */
export function cstring(text: string): Pointer {
  return heap.cstring(text);
}

/** `heap.readCString`. */
export function readCString(pointer: Pointer | number, byteOffset = 0, byteLength?: number): string {
  return heap.readCString(pointer, byteOffset, byteLength);
}
