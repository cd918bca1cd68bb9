/** Claims on shared places: one word each, 0 = free, otherwise the seat + 1 that has it. A death leaves them named. */

export const createClaims = (places: number): Int32Array => new Int32Array(new SharedArrayBuffer(places * 4));

export function claim(claims: Int32Array, place: number, worker: number): boolean {
  return Atomics.compareExchange(claims, place, 0, worker + 1) === 0;
}

export function release(claims: Int32Array, place: number): void {
  Atomics.store(claims, place, 0);
}

/** For a seat whose Worker is dead. */
export function releaseAll(claims: Int32Array, worker: number): void {
  for (let place = 0; place < claims.length; place++) {
    Atomics.compareExchange(claims, place, worker + 1, 0);
  }
}
