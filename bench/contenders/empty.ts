/** Allocates nothing: what a loop over it takes is what the loop itself costs. */
import type { Calls } from "./calls.ts";

/** As large as those of real memory: the compiler treats smaller numbers as integers of 32 bits. */
const FIRST_ADDRESS = 2 ** 46;
const STEP_BYTES = 16;

/** Addresses of no memory, not distinct, never 0. They may be freed and must not be written to. */
export function openEmpty(): Calls<number> {
  let freed = FIRST_ADDRESS;
  const next = () => freed + STEP_BYTES;
  return {
    malloc: next,
    // Kept, so that the compiler does not leave out the load of what is freed.
    free: (address) => {
      freed = address;
    },
    calloc: next,
    realloc: next,
    alignedAlloc: next,
    fill: () => {},
    table: (length) => new Float64Array(length),
  };
}
