/**
 * Allocators that a Bun program can reach through FFI: malloc of the C library, which also shows what the workloads
 * and the runtime do by themselves, and those that a system may have as shared libraries.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { trimLibc } from "../../native/raw-memory.ts";
import { systemMalloc } from "../../native/system-malloc.ts";
import type { Allocator } from "./allocator.ts";

export const foreignNames = ["libc", "mimalloc", "jemalloc", "tcmalloc"] as const;
export type ForeignName = (typeof foreignNames)[number];

/** Names as Debian has them; undefined = the library that the process has anyway. */
const libraries: { readonly [name in ForeignName]: string | undefined } = {
  libc: undefined,
  mimalloc: "libmimalloc.so.2",
  jemalloc: "libjemalloc.so.2",
  tcmalloc: "libtcmalloc_minimal.so.4",
};

const GRANULE_BYTES = 16;

/** What a process must be started with: jemalloc asks for thread-local memory that dlopen has no room for. */
export function foreignEnvironment(name: string): Record<string, string> {
  return name === "jemalloc" ? { LD_PRELOAD: libraries.jemalloc! } : {};
}

/** Throws an error that says what is missing where the library cannot be opened. */
export function openForeign(name: ForeignName): Allocator {
  const { malloc, calloc, realloc, alignedAlloc, free, usableSize } = systemMalloc(libraries[name]);
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

/**
 * The same allocator, never asked for less than 16 bytes. As C allows, most align blocks of at most 8 bytes to 8, but
 * the oracle's map knows granules of 16 bytes.
 */
export function inWholeGranules(allocator: Allocator): Allocator {
  const least = (size: number) => Math.max(GRANULE_BYTES, size);
  return {
    ...allocator,
    malloc: (size) => allocator.malloc(least(size)),
    calloc: (count, size) => allocator.calloc(1, least(count * size)),
    alignedAlloc: (alignment, size) => allocator.alignedAlloc(least(alignment), least(size)),
    realloc: (address, size) => allocator.realloc(address, least(size)),
  };
}

/** The full name of the opened library's file, which holds its version; null where the system does not tell. */
export function foreignFile(name: ForeignName): string | null {
  const library = libraries[name]?.replace(/\.so.*/, ".so") ?? "/libc.so";
  try {
    const line = readFileSync("/proc/self/maps", "latin1")
      .split("\n")
      .find((text) => text.includes(library));
    return line === undefined ? null : basename(line);
  } catch {
    return null;
  }
}
