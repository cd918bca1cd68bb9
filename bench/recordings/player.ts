/** Plays passes by an allocator. One loop for everybody; it makes no object. */
import { Operation } from "../../stress/recordings/index.ts";
import type { Calls } from "../contenders/calls.ts";
import type { Pass } from "./pass.ts";

const { malloc: MALLOC, calloc: CALLOC, realloc: REALLOC, free: FREE } = Operation;

/** The addresses of the live blocks, by slot; zero before a pass and after it. */
export type Addresses = Float64Array;

export const addressesFor = ({ slots }: Pass): Addresses => new Float64Array(slots);

/**
 * Runs a pass. `touch`: every byte of a block is written once, as a program would write what it asked for. The allocator
 * belongs to the player and the pass to the run: so the compiler knows whom the loop calls.
 */
export function playerOf(
  { malloc, calloc, realloc, alignedAlloc, free, fill }: Calls<number>,
  touch: boolean,
): (pass: Pass, addresses: Addresses) => void {
  return ({ length, kind: kinds, slot: slots, size: sizes, alignment, kept }, addresses) => {
    for (let i = 0; i < length; i++) {
      const kind = kinds[i]!;
      const slot = slots[i]!;
      if (kind === FREE) {
        free(addresses[slot]!);
        addresses[slot] = 0;
        continue;
      }
      const size = sizes[i]!;
      if (kind === MALLOC) addresses[slot] = malloc(size);
      else if (kind === CALLOC) addresses[slot] = calloc(1, size);
      else if (kind === REALLOC) addresses[slot] = realloc(addresses[slot]!, size);
      else addresses[slot] = alignedAlloc(alignment[i]!, size);
      if (touch) fill(addresses[slot]! + kept[i]!, size - kept[i]!);
    }
  };
}

/** The same functions; a refused request is an error. An allocator that refuses would look quick. */
export function insistent(calls: Calls<number>): Calls<number> {
  const granted = (address: number, size: number) => {
    if (address === 0 && size > 0) throw new Error(`a request of ${size} bytes was refused`);
    return address;
  };
  return {
    ...calls,
    malloc: (size) => granted(calls.malloc(size), size),
    calloc: (count, size) => granted(calls.calloc(count, size), count * size),
    realloc: (address, size) => granted(calls.realloc(address, size), size),
    alignedAlloc: (alignment, size) => granted(calls.alignedAlloc(alignment, size), size),
  };
}
