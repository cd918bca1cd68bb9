/** The random tables of a run: the same for every contender, drawn from the run's seed. */
import { Random } from "../../stress/random.ts";

/** Entries of `sizes`, and the shift that makes an index of a word of `order`. native/floor.c has the same numbers. */
export const SIZES = 4096;
export const SIZE_SHIFT = 20;
/** Entries of `order`; also the most slots that one word of it can choose from. */
const ORDER = 1 << SIZE_SHIFT;

/** Integers for the compiler too: a power (`2 ** 20`) would be a double, and each `&` with it a conversion. */
export const SIZE_MASK = (SIZES - 1) | 0;
export const ORDER_MASK = (ORDER - 1) | 0;

const SMALLEST_BYTES = 8;
const LARGEST_BYTES = 507;

export interface Draws {
  /** Sizes of 8 to 507 bytes. */
  readonly sizes: Int32Array;
  /** Random words; the low 20 bits choose a slot, the high 12 bits a size. */
  readonly order: Uint32Array;
}

export function draw(seed: number): Draws {
  const random = new Random(seed);
  return {
    sizes: Int32Array.from({ length: SIZES }, () => random.between(SMALLEST_BYTES, LARGEST_BYTES)),
    order: Uint32Array.from({ length: ORDER }, () => random.next()),
  };
}

/** The numbers below `count`, shuffled. */
export function shuffled(count: number, seed: number): Int32Array {
  const random = new Random(seed);
  const numbers = Int32Array.from({ length: count }, (_, index) => index);
  for (let i = count - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [numbers[i], numbers[other]] = [numbers[other]!, numbers[i]!];
  }
  return numbers;
}
