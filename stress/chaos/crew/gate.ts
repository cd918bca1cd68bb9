/**
 * The gate that all Workers pass before each turn. While it is closed they rest, so that the heap can be looked at.
 *
 *     word 0          round: even = open, odd = closed, OVER = the run is over
 *     word 1 + seat   the round in which the seat's Worker rests
 */
import { Phase, type Seat } from "../../crew/control.ts";

const ROUND = 0;
const FIRST_SEAT = 1;
const OVER = -1;
const LOOK_MS = 50;

export const createGate = (workers: number): Int32Array =>
  new Int32Array(new SharedArrayBuffer((FIRST_SEAT + workers) * 4));

/** The main thread's side. */
export function closeGate(gate: Int32Array): void {
  Atomics.add(gate, ROUND, 1);
}

export function openGate(gate: Int32Array): void {
  Atomics.add(gate, ROUND, 1);
  Atomics.notify(gate, ROUND);
}

/** Ends the run: nobody passes any more. */
export function endGate(gate: Int32Array): void {
  Atomics.store(gate, ROUND, OVER);
  Atomics.notify(gate, ROUND);
}

export function allRest(gate: Int32Array): boolean {
  const round = Atomics.load(gate, ROUND);
  for (let word = FIRST_SEAT; word < gate.length; word++)
    if (Atomics.load(gate, word) !== round) return false;
  return true;
}

/** A Worker's side: true if it may go on, at once or after a rest. */
export function pass(gate: Int32Array, seat: Seat): boolean {
  for (;;) {
    const round = Atomics.load(gate, ROUND);
    if (round === OVER) return false;
    if ((round & 1) === 0) return true;
    seat.enter(Phase.waiting, 0);
    Atomics.store(gate, FIRST_SEAT + seat.worker, round);
    while (Atomics.load(gate, ROUND) === round) Atomics.wait(gate, ROUND, round, LOOK_MS);
  }
}
