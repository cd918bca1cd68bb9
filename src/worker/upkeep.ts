/**
 * What any Worker does now and then for all of the arena: takes back what dead Workers had cached, and gives idle memory
 * to the system, whoever freed it. Whoever has the lock for a batch of blocks does it, and each Worker's timer
 * (worker/purge-timer.ts), so that one Worker that calls or waits in its event loop is enough.
 */
import { WATCH_MS } from "../core/tunables.ts";
import { adoptDead } from "../death/adoption.ts";
import type { Heap } from "../heap/heap.ts";
import { isIdle, purge } from "../heap/trim.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble } from "../memory/layout.ts";

/** Passages through the lock of which one looks for idle memory, and one at the clock. */
const LOOK_MASK = 7;
const CLOCK_MASK = 15;

/**
 * For whoever has the lock anyway: one call in eight looks, every one where nothing may lie idle. Returns after how many
 * milliseconds somebody should come again; Infinity = nothing lies idle, or nobody looked.
 */
export function upkeep(heap: Held<Heap>): number {
  const delay = heap.control.doubles[ControlDouble.purgeDelay]!;
  const turn = heap.passages++;
  if (delay === Infinity || ((turn & LOOK_MASK) !== 0 && delay !== 0)) return Infinity;
  if ((turn & CLOCK_MASK) === 0) watchWorkers(heap);
  return purge(heap);
}

/** The same for who takes the lock for this purpose. */
export function fullUpkeep(heap: Held<Heap>): number {
  if (heap.slots.hasGone()) adoptDead(heap);
  return purge(heap);
}

/** Whether a look would find something, as far as can be seen without the lock. */
export function needsUpkeep(heap: Heap): boolean {
  return isIdle(heap) || heap.slots.hasGone();
}

/** Whether Workers are still there is a system call each: asked now and then. */
function watchWorkers(heap: Held<Heap>): void {
  const now = heap.platform.threads.now();
  if (now < heap.watchAt) return;
  heap.watchAt = now + WATCH_MS;
  if (heap.slots.hasGone()) adoptDead(heap);
}
