/** `floor.c` as JavaScript sees it. Addresses and lengths as numbers, sizes in bytes. */
import { type FFIFunction, FFIType } from "bun:ffi";
import { openLibrary } from "./libc.ts";

export interface Floor {
  floor_pairs(operations: number, size: number): void;
  floor_random_pairs(operations: number, sizes: number): void;
  floor_calloc_pairs(operations: number, sizes: number): void;
  floor_aligned_pairs(operations: number, alignment: number, sizes: number): void;
  floor_fill(blocks: number, first: number, step: number, count: number, sizes: number): void;
  floor_empty(blocks: number, first: number, step: number, count: number): void;
  floor_replace(
    operations: number,
    turn: number,
    blocks: number,
    live: number,
    order: number,
    sizes: number,
  ): void;
  floor_batches(batches: number, blocks: number, count: number, frees: number, sizes: number): void;
  floor_doubling(vectors: number, first: number, last: number): void;
  floor_steps(vectors: number, step: number, last: number): void;
  floor_touch(size: number): void;
  floor_fresh(count: number, size: number): void;
  floor_replace_threads(
    threads: number,
    operations: number,
    live: number,
    order: number,
    sizes: number,
  ): void;
  floor_cross(batches: number, count: number, ring: number, sizes: number, blocks: number): void;
}

/** p: an address, i: a number of 32 bits. */
const SIGNATURES: Record<keyof Floor, string> = {
  floor_pairs: "ii",
  floor_random_pairs: "ip",
  floor_calloc_pairs: "ip",
  floor_aligned_pairs: "iip",
  floor_fill: "piiip",
  floor_empty: "piii",
  floor_replace: "iipipp",
  floor_batches: "ipipp",
  floor_doubling: "iii",
  floor_steps: "iii",
  floor_touch: "i",
  floor_fresh: "ii",
  floor_replace_threads: "iiipp",
  floor_cross: "iiipp",
};

/** Opens the compiled library. Throws unless its malloc comes from a library whose path contains `provider`. */
export function openFloor(path: string, provider: string): Floor {
  const symbols: Record<string, FFIFunction> = { floor_provider: { args: [], returns: "cstring" } };
  for (const [name, letters] of Object.entries(SIGNATURES)) {
    const args = [...letters].map((letter) => (letter === "p" ? FFIType.ptr : FFIType.i32));
    symbols[name] = { args, returns: "void" };
  }
  const functions = openLibrary([path], symbols);
  const { floor_provider: providerOf } = functions;
  const found = String((providerOf as () => unknown)());
  if (!found.includes(provider)) throw new Error(`malloc comes from ${found}, not from ${provider}`);
  return functions as unknown as Floor;
}
