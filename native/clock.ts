/**
 * The system's monotonic clock. Not `performance.now()` or `Bun.nanoseconds()`: both start at zero in every Worker,
 * so that two Workers could not compare times.
 */
import type { Libc } from "./libc.ts";
import { stableAddress } from "./stable-address.ts";

/** A `struct timespec` of 64-bit seconds and nanoseconds, as little-endian halves. Its values are below 2^32. */
export class Timespec {
  readonly #words = new Uint32Array(4);
  /** Valid while this object is. */
  readonly address: number = stableAddress(this.#words);

  /** Milliseconds, with a fraction. */
  get ms(): number {
    return this.#words[0]! * 1000 + this.#words[2]! / 1e6;
  }

  /** Milliseconds, clamped to the range of the format. NaN counts as 0. */
  set ms(value: number) {
    const clamped = value > 0 ? Math.min(value, 2 ** 31 * 1000) : 0;
    this.#words[0] = Math.floor(clamped / 1000);
    this.#words[2] = Math.floor((clamped % 1000) * 1e6);
  }
}

/** Milliseconds of a clock that is the same in all Workers and never goes back. */
export class MonotonicClock {
  readonly #libc: Libc;
  readonly #time = new Timespec();

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  now(): number {
    this.#libc.clock_gettime(this.#libc.system.memory.CLOCK_MONOTONIC, this.#time.address);
    return this.#time.ms;
  }
}
