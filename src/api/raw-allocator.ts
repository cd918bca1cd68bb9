/** What is built on an arena's pointers: Blocks and scopes ask for them here. */
import type { Pointer } from "../core/types.ts";

export interface RawAllocator {
  readonly name: string;
  malloc(size: number): Pointer;
  calloc(count: number, size: number): Pointer;
  realloc(pointer: Pointer | number | null, size: number): Pointer;
  alignedAlloc(alignment: number, size: number): Pointer;
  free(pointer: Pointer | number | null): void;
  cstring(text: string): Pointer;
}
