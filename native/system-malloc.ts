/** The C library's own malloc on plain numbers: a contender in the stress runs and the benchmark, not part of Husky. */
import { i64, openLibrary } from "./libc.ts";
import { stableAddress } from "./stable-address.ts";
import { systemFor } from "./system.ts";

/** Sizes are bytes; a refusal is the address 0. */
export interface SystemMalloc {
  malloc(size: number): number;
  calloc(count: number, size: number): number;
  realloc(address: number, size: number): number;
  /** `alignment` is a power of two. */
  alignedAlloc(alignment: number, size: number): number;
  free(address: number): void;
  usableSize(address: number): number;
}

interface Functions extends Pick<SystemMalloc, "malloc" | "calloc" | "realloc" | "free"> {
  aligned_alloc(alignment: number, size: number): number;
  posix_memalign(resultAddress: number, alignment: number, size: number): number;
  malloc_usable_size(address: number): number;
  malloc_size(address: number): number;
}

/** malloc of libc, or of a library with the same function names, given by its name or path. */
export function systemMalloc(library?: string): SystemMalloc {
  const system = systemFor(process.platform, process.arch);
  const linux = system.kind === "linux";
  const usableSize = linux ? "malloc_usable_size" : "malloc_size";
  const symbols = openLibrary(library === undefined ? system.libraries : [library], {
    malloc: { args: ["ptr"], returns: i64 },
    calloc: { args: ["ptr", "ptr"], returns: i64 },
    realloc: { args: ["ptr", "ptr"], returns: i64 },
    aligned_alloc: { args: ["ptr", "ptr"], returns: i64 },
    posix_memalign: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
    free: { args: ["ptr"], returns: "void" },
    [usableSize]: { args: ["ptr"], returns: i64 },
  }) as unknown as Functions;
  const { malloc, calloc, realloc, free } = symbols;
  // aligned_alloc of macOS refuses sizes that are not multiples of the alignment.
  const alignedAlloc = linux ? symbols.aligned_alloc : byPosix(symbols);
  return { malloc, calloc, realloc, alignedAlloc, free, usableSize: symbols[usableSize] };
}

function byPosix({ posix_memalign }: Functions): SystemMalloc["alignedAlloc"] {
  const result = new Uint32Array(2);
  const resultAddress = stableAddress(result);
  return (alignment, size) => {
    // It asks for an alignment of at least a pointer's size.
    const refused = posix_memalign(resultAddress, Math.max(alignment, 8), size) !== 0;
    return refused ? 0 : result[0]! + result[1]! * 2 ** 32;
  };
}
