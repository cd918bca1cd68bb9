/**
 * The random numbers of every workload. All of them follow from the run's seed, so that a run can be repeated;
 * none is fit for anything but testing.
 */

/** Folds numbers and words into one 32-bit seed that is never 0 (the finaliser of lowbias32, C. Wellons, 2018). */
export function deriveSeed(seed: number, ...parts: readonly (number | string)[]): number {
  let state = mix32(seed);
  for (const part of parts) {
    if (typeof part === "number") state = mix32(state ^ mix32(part + 1));
    else for (let i = 0; i < part.length; i++) state = mix32(state ^ part.charCodeAt(i));
  }
  return state === 0 ? 1 : state;
}

function mix32(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** xorshift32 (G. Marsaglia, 2003): fast, period 2^32 - 1. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0 || 1;
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x >>> 0;
  }

  /** 0 to `limit` - 1; `limit` at most 2^31. */
  below(limit: number): number {
    return (this.next() >>> 1) % limit;
  }

  /** Uniform between both bounds, inclusive. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }
}

/**
 * The generator of larson and of the producers: a shuffled linear congruence (W. Gloger, 1996). Its state is an
 * Int32Array of `lran2Words` numbers, which may be shared, so that a Worker's successor goes on where it stopped.
 */
export const lran2Words = 99;

const TABLE = 97;
const X = 97;
const Y = 98;
const MODULUS = 714025;

const step = (x: number): number => (1366 * x + 150889) % MODULUS;

export function seedLran2(state: Int32Array, seed: number): void {
  let x = Math.abs(150889 - seed) % MODULUS;
  for (let i = 0; i < TABLE; i++) {
    x = step(x);
    state[i] = x;
  }
  x = step(x);
  state[X] = x;
  state[Y] = x;
}

/** 0 to 714024. */
export function lran2(state: Int32Array): number {
  const place = state[Y]! % TABLE;
  const drawn = state[place]!;
  const x = step(state[X]!);
  state[Y] = drawn;
  state[X] = x;
  state[place] = x;
  return drawn;
}
