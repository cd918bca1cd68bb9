/**
 * Adoption: a Worker that arrives, cleans up or is refused takes back what dead Workers had cached or claimed. By a
 * repair, never by their lists: a list may have lost a block, when its Worker died between two stores
 * (docs/concurrency.md).
 */

import type { SlotNumber } from "../core/types.ts";
import type { Heap } from "../heap/heap.ts";
import { hasTable } from "../heap/segments.ts";
import { endStock } from "../large/stock.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble } from "../memory/layout.ts";
import { ownerState, reclaimBlocks, sweepSlots } from "./owners.ts";
import { recover } from "./recovery.ts";

/** Takes back what the dead had cached and claimed; their slots retire. True if there was one. */
export function adoptDead(heap: Held<Heap>): boolean {
  const dead = heap.slots.dead();
  if (dead.length === 0) return false;
  recover(heap, false);
  // Whoever was to look after it may be among them.
  endStock(heap);
  for (const { slot, owner } of dead) {
    heap.slots.retire(slot, owner);
    heap.control.add(ControlDouble.adoptions, 1);
  }
  return true;
}

/** The same without the lock. True if there was a dead one: a pointer that was refused is worth another look. */
export function reap(heap: Heap): boolean {
  if (heap.slots.dead().length === 0) return false;
  heap.enter();
  try {
    return adoptDead(heap);
  } catch (error) {
    throw heap.repaired(error, "free");
  } finally {
    heap.leave();
  }
}

/**
 * Waits for the lock once: a repair takes the slot's cache for nobody's until this Worker's term has begun. So a repair
 * brings back what is left of an earlier owner's cache, and the caches of dead Workers. Who has taken the last
 * vacant slot, or one that somebody had before, looks through the retired ones. Afterwards the first window has a span
 * table, so that this Worker's views of it, and its magazines, are the same from its first request on.
 */
export function moveIn(heap: Heap, inherited: boolean): void {
  const slot = heap.slot as SlotNumber;
  const isFirst = heap.slots.countAttachment(slot, 0) === 1;
  heap.enter();
  try {
    if (inherited) heap.control.add(ControlDouble.adoptions, 1);
    if (!adoptDead(heap) && inherited) recover(heap, false);
    if (inherited || !heap.slots.hasVacant()) sweepSlots(heap, inherited ? slot : 0);
    if (isFirst) heap.slots.beginTerm(slot);
    // Refused, it is tried again when a segment is made.
    if (heap.hasSpans) hasTable(heap, heap.windows[0]!);
  } catch (error) {
    throw heap.repaired(error, "attach");
  } finally {
    heap.leave();
  }
}

/** Frees all that an owner left allocated. Returns the number of blocks, or why that cannot be. */
export function reclaim(heap: Heap, owner: number): number | "living" | "unknown" {
  heap.enter();
  try {
    const state = ownerState(heap, owner);
    if (state !== "gone") return state;
    adoptDead(heap);
    return reclaimBlocks(heap, owner);
  } catch (error) {
    throw heap.repaired(error, "reclaim");
  } finally {
    heap.leave();
  }
}
