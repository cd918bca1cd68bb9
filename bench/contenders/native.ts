/** malloc of C: through FFI, one call each, and as the native floor, one call for a whole loop. */

import { allocatorVersions } from "../../native/allocator-version.ts";
import { fillMemory } from "../../native/raw-memory.ts";
import { systemMalloc } from "../../native/system-malloc.ts";
import type { Calls } from "./calls.ts";

/** An allocator in C. A library other than libc is used when it is installed. */
export interface Library {
  readonly name: "glibc" | "mimalloc" | "jemalloc" | "tcmalloc";
  /** As the dynamic loader knows it. */
  readonly file: string;
  /** It cannot be opened when the process runs already; then LD_PRELOAD has to name it. */
  readonly opensOnlyPreloaded?: true;
}

export const libraries: readonly Library[] = [
  { name: "glibc", file: "libc.so.6" },
  { name: "mimalloc", file: "libmimalloc.so.2" },
  { name: "jemalloc", file: "libjemalloc.so.2", opensOnlyPreloaded: true },
  { name: "tcmalloc", file: "libtcmalloc_minimal.so.4" },
];

/** Throws if the library is not installed. */
export function versionOf({ name, file }: Library): string {
  try {
    return allocatorVersions[name](file);
  } catch {
    // The loader's own message names folders of this machine.
    throw new Error(`${file} is not installed`);
  }
}

export function openByFfi({ file }: Library): Calls<number> {
  const { malloc, free, calloc, realloc, alignedAlloc } = systemMalloc(file);
  return {
    malloc,
    free,
    calloc,
    realloc,
    alignedAlloc,
    fill: (address, size) => fillMemory(address, 1, size),
    table: (length) => new Float64Array(length),
  };
}
