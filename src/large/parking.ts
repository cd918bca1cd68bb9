/**
 * Parked mappings. To end a mapping in the middle of others splits what the kernel had joined, and a process may have
 * only so many mappings (`vm.max_map_count`); at that limit nothing more can be ended or mapped, not even the stack of a
 * new thread. So an arena with more large blocks than its share of them (MAPPINGS_SHARE) does not end the mapping of a
 * freed one, and neither can it where the system refuses: the content goes back, the addresses stay in the table as
 * parked, and serve the next block of the same size. They are ended later, in the order of addresses, which splits
 * little: by looks for idle memory, `trim`, and with the arena.
 *
 * The passage names a mapping while it is ended (passage.ts).
 */
import { MAPPINGS_SHARE, PARKED_SHARE } from "../core/tunables.ts";
import type { Address } from "../core/types.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble } from "../memory/layout.ts";
import type { LargeHost } from "./host.ts";
import type { LargeBlock } from "./table.ts";

/** Below so many large blocks nobody asks what the system allows. */
const FEW_BLOCKS = 64;
/** Refused system calls after which no more are tried. */
const REFUSALS_MOST = 8;

export function parkedBlocks({ control }: LargeHost): number {
  return control.doubles[ControlDouble.parkedBlocks]!;
}

/** Whether the arena has few enough mappings to end one among others. */
function mayEnd(heap: Held<LargeHost>, share = MAPPINGS_SHARE): boolean {
  const blocks = heap.control.doubles[ControlDouble.largeBlocks]!;
  return blocks <= FEW_BLOCKS || blocks <= heap.platform.pages.mappingsMost() / share;
}

/** Takes a block that is freed out of the registry; its mapping is ended or parked. */
export function endMapping(heap: Held<LargeHost>, block: LargeBlock): void {
  if (mayEnd(heap)) endOrPark(heap, block);
  else park(heap, block);
}

/**
 * Ends the range that the passage names and no registry any more, whose payload began, or will begin, `offset` bytes
 * behind its start. False if it is parked: the system refused that, or it would be one mapping too many (unless `anyway`).
 */
export function endPassing(heap: Held<LargeHost>, offset: number, anyway = false): boolean {
  const { address, byteLength } = heap.passage.range;
  if (anyway || mayEnd(heap)) {
    if (heap.passage.end()) return true;
    heap.control.add(ControlDouble.refusedReturns, 1);
  } else {
    giveBack(heap, address, byteLength);
  }
  // A block that has just been removed left an entry for it; else a table that cannot grow forgets the addresses.
  if (heap.large.reserveEntry() >= 0) heap.large.insertParked(address, byteLength, offset);
  heap.passage.arrived();
  return false;
}

/**
 * Ends parked mappings, so many at the most, as far as the system lets it and the blocks in use are few enough: between
 * them no more pieces than blocks remain.
 */
export function endParked(heap: Held<LargeHost>, most: number): void {
  if (parkedBlocks(heap) === 0 || !mayEnd(heap, PARKED_SHARE)) return;
  let refusals = 0;
  for (const block of inOrder([...heap.large.parked()]).slice(0, most)) {
    if (!endOrPark(heap, block) && ++refusals >= REFUSALS_MOST) return;
  }
}

/** Ends the mappings of all large blocks, whatever is in them. What the system refuses is tried again without the others. */
export function endAllMappings(heap: Held<LargeHost>): void {
  for (const block of inOrder([...heap.large.all()])) endOrPark(heap, block);
  for (let before = Infinity; parkedBlocks(heap) !== 0 && parkedBlocks(heap) < before; ) {
    before = parkedBlocks(heap);
    for (const block of inOrder([...heap.large.parked()])) endOrPark(heap, block);
  }
}

function inOrder(blocks: LargeBlock[]): LargeBlock[] {
  return blocks.sort((one, other) => one.address - other.address);
}

/** False if the system refused it. */
function endOrPark(heap: Held<LargeHost>, block: LargeBlock): boolean {
  heap.passage.note(block.address - block.offset, block.mappedBytes);
  heap.large.remove(block);
  if (!endPassing(heap, block.offset, true)) return false;
  heap.control.add(ControlDouble.unmappings, 1);
  heap.control.add(ControlDouble.unmappedBytes, block.mappedBytes);
  return true;
}

/** The mark comes first: no block in use ever loses its content. */
function park(heap: Held<LargeHost>, block: LargeBlock): void {
  heap.large.park(block);
  giveBack(heap, block.address - block.offset, block.mappedBytes);
}

function giveBack(heap: Held<LargeHost>, address: number, byteLength: number): void {
  if (heap.platform.pages.release(address as Address, byteLength) < 0)
    heap.control.add(ControlDouble.refusedReturns, 1);
}
