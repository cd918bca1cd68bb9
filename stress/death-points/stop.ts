/**
 * Goes into the test build: what the written-in death points call. Unarmed it does nothing; every Worker has its own
 * copy of this state.
 */

let armed = 0;
let visitsLeft = 0;
let arrived: () => void = () => {};
let counts: Int32Array | undefined;

/** Calls `arrive` at the `visit`-th visit of a point from now on, once. */
export function arm(point: number, visit: number, arrive: () => void): void {
  armed = point;
  visitsLeft = visit;
  arrived = arrive;
}

/** Counts the visits of all points from now on, by their numbers; `undefined` = no more. */
export function countVisits(visits: Int32Array | undefined): void {
  counts = visits;
}

export function __before(point: number): void {
  if (counts !== undefined) counts[point] = counts[point]! + 1;
  if (point !== armed || --visitsLeft > 0) return;
  armed = 0;
  arrived();
}

export function __after<Value>(point: number, value: Value): Value {
  __before(point);
  return value;
}
