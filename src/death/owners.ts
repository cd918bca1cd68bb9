/**
 * Owners: who allocated a block. A header has room for a slot number only, and slots are used again. So the slot of a
 * Worker that has gone is retired until no block in use carries its number; if no slot is left otherwise, the blocks
 * of the retired ones become nobody's (slot 0, owner 0).
 *
 * The owner number is (term of the slot) x 256 + slot: it names one attachment for ever.
 *
 * Word 1 of a block in use may be changed by whoever frees it, at any time. So all here change it by
 * compare-and-exchange. The one who might use plain stores, the slot's own Worker, is gone.
 */

import { SLOTS } from "../core/tunables.ts";
import type { SlotNumber, WordIndex } from "../core/types.ts";
import type { Heap, HeapWindow } from "../heap/heap.ts";
import { forgetAllocators, noteAllocators, reclaimSpans } from "../heap/orphans.ts";
import { endLarge } from "../large/blocks.ts";
import { SLOT_MASK, SLOT_SHIFT, STATE_MASK, State, slotOf, stateOf } from "../memory/header.ts";
import type { Held } from "../memory/held.ts";

const TERM = 256;
const NOBODY = 0;

/** What is known about an owner number. */
export type OwnerState = "living" | "gone" | "unknown";

/** The number of a slot's present or last owner. Under the lock, or of the own slot. */
export function ownerNumber(heap: Heap, slot: number): number {
  return slot === NOBODY ? NOBODY : heap.slots.termOf(slot) * TERM + slot;
}

/** Who an owner number names. An earlier owner of a slot has no blocks any more: it is gone. */
export function ownerState(heap: Held<Heap>, owner: number): OwnerState {
  const slot = owner % TERM;
  const term = Math.floor(owner / TERM);
  if (slot < 1 || slot > SLOTS || term < 1 || term > heap.slots.termOf(slot)) return "unknown";
  const isPresent = term === heap.slots.termOf(slot) && heap.slots.hasBegun(slot);
  return isPresent && heap.slots.lives(slot) ? "living" : "gone";
}

/**
 * Frees every block that an owner left allocated. Its slot must be dead or retired, and drained. Returns the number of
 * blocks.
 */
export function reclaimBlocks(heap: Held<Heap>, owner: number): number {
  const slot = owner % TERM;
  if (ownerNumber(heap, slot) !== owner) return 0;
  let count = 0;
  for (let index = 0; index < heap.windows.length; index++)
    count += reclaimWindow(heap, index, slot) + reclaimSpans(heap, index, slot);
  for (const block of [...heap.large.entries()]) {
    if (block.slot !== slot || block.busy) continue;
    endLarge(heap, block);
    count++;
  }
  return count;
}

/**
 * Looks which retired slots can be used again, and makes them vacant. `inherited` is a slot with an earlier owner that
 * the caller has just taken, because there was no other, or 0: that owner's blocks become nobody's; those of all
 * retired ones too, if none can be used again otherwise.
 */
export function sweepSlots(heap: Held<Heap>, inherited: SlotNumber | 0): void {
  const forgotten = new Uint8Array(TERM);
  const inUse = new Uint8Array(TERM);
  forEachBlockInUse(heap, (part, block) => {
    const slot = slotOf(part.space.words[block - 1]!);
    inUse[slot] = 1;
  });
  for (const part of heap.windows) noteAllocators(part, inUse);
  for (const { slot } of heap.large.entries()) inUse[slot] = 1;
  const retired = heap.slots.retired();
  if (inherited !== 0) {
    forgotten[inherited] = 1;
    if (retired.every(({ slot }) => inUse[slot] === 1)) for (const { slot } of retired) forgotten[slot] = 1;
    forgetOwners(heap, forgotten);
  }
  for (const { slot, owner } of retired) {
    if (inUse[slot] === 0 || forgotten[slot] === 1) heap.slots.vacate(slot, owner);
  }
}

/** Two passes, because a free changes the chain: mark all as this Worker's, cached; then free them one by one. */
function reclaimWindow(heap: Held<Heap>, index: number, slot: number): number {
  const { space } = heap.windows[index]!;
  const { words } = space;
  let last = 0;
  let count = 0;
  for (let block = space.first; block < space.top; block = space.step(block)) {
    if (!space.isIntact(block) || !relabel(words, block, slot, heap.slot, State.cached)) continue;
    words[block] = last;
    last = block;
    count++;
  }
  while (last !== 0) {
    const before = words[last]!;
    heap.release(index, last as WordIndex);
    last = before;
  }
  return count;
}

function forgetOwners(heap: Held<Heap>, forgotten: Uint8Array): void {
  forEachBlockInUse(heap, ({ space }, block) => {
    const slot = slotOf(space.words[block - 1]!);
    // Whoever is faster frees the block or reallocates it: then it is not the slot's any more.
    if (forgotten[slot] === 1) relabel(space.words, block, slot, NOBODY, State.inUse);
  });
  for (const part of heap.windows) forgetAllocators(part, forgotten);
  for (const block of heap.large.entries()) {
    if (forgotten[block.slot] === 1 && !block.busy) heap.large.mark(block, false, NOBODY);
  }
}

/**
 * Changes slot and state of a block that is in use and carries the number `from`; false if it does not. What was tested
 * is what is exchanged: a block that is freed and handed out meanwhile is somebody else's.
 */
function relabel(words: Int32Array, block: number, from: number, to: number, state: number): boolean {
  const word1 = words[block - 1]!;
  if (stateOf(word1) !== State.inUse || slotOf(word1) !== from) return false;
  const wanted = (word1 & ~(SLOT_MASK | STATE_MASK)) | (to << SLOT_SHIFT) | state;
  return Atomics.compareExchange(words, block - 1, word1, wanted) === word1;
}

function forEachBlockInUse(heap: Held<Heap>, visit: (part: HeapWindow, block: WordIndex) => void): void {
  for (const part of heap.windows) {
    const { space } = part;
    for (let block = space.first; block < space.top; block = space.step(block)) {
      if (stateOf(space.words[block - 1]!) === State.inUse) visit(part, block);
    }
  }
}
