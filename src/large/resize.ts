/**
 * Changing the length of a large block by mremap, in place or by moving its pages, so that a death at any point leaves
 * the old block or the new one.
 *
 * A move first registers its target: an entry that is busy and whose requested size is the old address, negative.
 * The kernel then moves the pages in one step, and with them the seal in front of the payload. So whoever finds such
 * an entry later sees at the target whether the step was done: it is memory that this arena mapped, either way.
 */
import type { Address } from "../core/types.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble } from "../memory/layout.ts";
import { chargeLarge, isSealed, mapAligned, roundUp, seal } from "./blocks.ts";
import type { LargeHost } from "./host.ts";
import { endPassing } from "./parking.ts";
import { endStock } from "./stock.ts";
import type { LargeBlock } from "./table.ts";

/**
 * Returns the payload's address after the change, or 0 if it cannot be done this way: the caller allocates and copies.
 * The alignment beyond a page may be lost by a move.
 */
export function resizeLarge(heap: LargeHost, address: number, byteLength: number): number {
  heap.enter();
  try {
    const block = heap.large.find(address);
    if (block === undefined) return 0;
    const mappedBytes = roundUp(byteLength + block.offset, heap.platform.pages.pageSize);
    const wanted = { ...block, mappedBytes, requestedBytes: byteLength, slot: heap.slot };
    if (mappedBytes <= block.mappedBytes) return shrink(heap, block, wanted);
    const more = mappedBytes - block.mappedBytes;
    if (!chargeLarge(heap, more)) return 0;
    let resized = grow(heap, block, wanted);
    if (resized === 0 && endStock(heap) > 0) resized = grow(heap, block, wanted);
    if (resized === 0) heap.control.add(ControlDouble.committed, -more);
    else {
      heap.control.add(ControlDouble.mappedBytes, more);
      heap.control.notePeak();
    }
    return resized;
  } catch (error) {
    throw heap.repaired(error, "realloc");
  } finally {
    heap.leave();
  }
}

/** Settles a move that a lost Worker had begun: afterwards there is one block, whole and in use. */
export function settleMove(heap: Held<LargeHost>, target: LargeBlock): void {
  const old = heap.large.lookUp(-target.requestedBytes);
  if (old !== undefined && !isSealed(heap, target, old)) {
    discardTarget(heap, target);
    heap.large.mark(old, false, old.slot);
    return;
  }
  if (old !== undefined) heap.large.remove(old);
  settle(heap, { ...target, busy: false, requestedBytes: target.mappedBytes - target.offset });
}

/** The entry shrinks before its mapping does: no entry is ever longer than its mapping. */
function shrink(heap: Held<LargeHost>, block: LargeBlock, wanted: LargeBlock): number {
  const surplus = block.mappedBytes - wanted.mappedBytes;
  if (surplus > 0) heap.passage.note(block.address - block.offset + wanted.mappedBytes, surplus);
  settle(heap, wanted);
  heap.control.add(ControlDouble.committed, -surplus);
  if (surplus > 0 && endPassing(heap, 0)) heap.control.add(ControlDouble.unmappedBytes, surplus);
  return block.address;
}

function grow(heap: Held<LargeHost>, block: LargeBlock, wanted: LargeBlock): number {
  return growInPlace(heap, block, wanted) || move(heap, block, wanted);
}

function growInPlace(heap: Held<LargeHost>, block: LargeBlock, wanted: LargeBlock): number {
  const mapping = (block.address - block.offset) as Address;
  if (heap.platform.pages.remap(mapping, block.mappedBytes, wanted.mappedBytes, 0) < 0) return 0;
  settle(heap, wanted);
  return block.address;
}

function move(heap: Held<LargeHost>, block: LargeBlock, wanted: LargeBlock): number {
  const { pages } = heap.platform;
  if (heap.large.reserveEntry() < 0) return 0;
  const mapping = mapAligned(heap, wanted.mappedBytes, block.offset, 1);
  if (mapping < 0) return 0;
  heap.passage.note(mapping, wanted.mappedBytes);
  const target = { ...wanted, address: mapping + block.offset, requestedBytes: -block.address, busy: true };
  heap.large.mark(block, true, heap.slot);
  heap.large.insert(target);
  heap.passage.arrived();
  const from = (block.address - block.offset) as Address;
  if (pages.remap(from, block.mappedBytes, wanted.mappedBytes, mapping as Address) < 0) {
    discardTarget(heap, target);
    heap.large.mark(block, false, block.slot);
    return 0;
  }
  heap.large.remove(block);
  settle(heap, { ...wanted, address: target.address });
  return target.address;
}

/** Ends the empty target of a move that was not made. */
function discardTarget(heap: Held<LargeHost>, target: LargeBlock): void {
  heap.passage.note(target.address - target.offset, target.mappedBytes);
  heap.large.remove(target);
  endPassing(heap, target.offset);
}

/** Writes a block's new figures into its entry and its seal; it is busy as long as the two differ. */
function settle(heap: Held<LargeHost>, block: LargeBlock): void {
  heap.large.replace({ ...block, busy: true });
  seal(heap, block);
  heap.large.mark(block, false, block.slot);
}
