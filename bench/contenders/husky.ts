/** Husky: the public functions on the process-wide heap, and private arenas, one for each other policy. */
import { fillMemory } from "../../native/raw-memory.ts";
import type * as Husky from "../../src/index.ts";
import type { Calls } from "./calls.ts";

const rest = {
  fill: (address: number, size: number) => fillMemory(address, 1, size),
  table: (length: number) => new Float64Array(length),
};

/** The functions that the package at `index` exports. */
export async function openFunctions(index: string): Promise<Calls<number>> {
  const { malloc, free, calloc, realloc, alignedAlloc }: typeof Husky = await import(index);
  return { malloc, free, calloc, realloc, alignedAlloc, ...rest };
}

/** An arena with this policy, or, in another Worker, the one behind `handle`. */
export async function openArena(
  index: string,
  policy: string,
  handle: Husky.ArenaHandle | undefined,
): Promise<{ calls: Calls<number>; handle: Husky.ArenaHandle }> {
  const { Arena }: typeof Husky = await import(index);
  const arena = handle === undefined ? new Arena({ name: policy, policy }) : Arena.attach(handle);
  const calls: Calls<number> = {
    malloc: (size) => arena.malloc(size),
    free: (pointer) => arena.free(pointer),
    calloc: (count, size) => arena.calloc(count, size),
    realloc: (pointer, size) => arena.realloc(pointer, size),
    alignedAlloc: (alignment, size) => arena.alignedAlloc(alignment, size),
    ...rest,
  };
  return { calls, handle: arena.handle };
}
