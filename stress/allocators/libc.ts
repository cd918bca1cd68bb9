/** malloc of the C library: the run without Husky that shows what the workloads and the runtime do by themselves. */
import { trimLibc } from "../../native/raw-memory.ts";
import { systemMalloc } from "../../native/system-malloc.ts";
import type { Allocator } from "./allocator.ts";

export function openLibc(): Allocator {
  const { malloc, calloc, realloc, alignedAlloc, free, usableSize } = systemMalloc();
  return {
    malloc,
    calloc,
    alignedAlloc,
    // C leaves realloc to 0 bytes to the implementation, and glibc frees the block.
    realloc: (address, size) => realloc(address, Math.max(1, size)),
    free,
    usableSize,
    detach() {},
    audit() {
      trimLibc();
      return null;
    },
  };
}
