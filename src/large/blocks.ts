/**
 * Large blocks: each has a mapping of its own, made by the request and ended by the free, unless it is kept for the next
 * one (stock.ts). The payload starts 16
 * bytes (or the alignment, or a page) behind the start of the mapping; the two words in front of it hold, as
 * everywhere, a check of place and size, so that an underflow is noticed at the free. The registry (table.ts) is what
 * decides whether a pointer is a large block: a wild one is never read through.
 */

import { GRANULE_BYTES } from "../core/size-classes.ts";
import type { Address } from "../core/types.ts";
import { MIX_PLACE, MIX_SIZE } from "../memory/header.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble } from "../memory/layout.ts";
import type { LargeHost } from "./host.ts";
import { endMapping, endPassing } from "./parking.ts";
import { fits, stockedBytes, stockFits, stockLarge, takeStock } from "./stock.ts";
import type { LargeBlock } from "./table.ts";

/** Entries that a new block may need: its own, and those of two ends that could not be cut off. */
const MAPPED_ENTRIES = 3;

/**
 * Makes a block, of the stock or of a fresh mapping, and files it. Returns the payload's address, or 0 with
 * `heap.refusal` set.
 */
export function mapLarge(heap: LargeHost, byteLength: number, alignment: number): number {
  const { pages } = heap.platform;
  const offset = Math.min(Math.max(GRANULE_BYTES, alignment), pages.pageSize);
  const wanted = roundUp(byteLength + offset, pages.pageSize);
  heap.enter();
  try {
    const isStocked = alignment <= pages.pageSize && stockFits(heap, wanted);
    const mappedBytes = isStocked ? stockedBytes(heap) : wanted;
    if (!isStocked && !chargeLarge(heap, mappedBytes)) return 0;
    const parked =
      isStocked || alignment > pages.pageSize ? undefined : heap.large.findParked(wanted, offset);
    if (parked !== undefined) return unparkLarge(heap, parked, byteLength);
    let mapping = heap.large.reserveEntry(MAPPED_ENTRIES);
    if (mapping >= 0)
      mapping = isStocked ? takeStock(heap) : mapAligned(heap, mappedBytes, offset, alignment);
    if (mapping < 0) {
      if (!isStocked) heap.control.add(ControlDouble.committed, -mappedBytes);
      heap.refusal.bound = "system";
      heap.refusal.errno = mapping;
      return 0;
    }
    heap.passage.note(mapping, mappedBytes);
    const block = {
      address: mapping + offset,
      mappedBytes,
      requestedBytes: byteLength,
      offset,
      slot: heap.slot,
      busy: false,
    };
    seal(heap, block);
    heap.large.insert(block);
    heap.passage.arrived();
    heap.servedFresh = !isStocked;
    if (!isStocked) {
      heap.control.add(ControlDouble.mappings, 1);
      heap.control.add(ControlDouble.mappedBytes, mappedBytes);
      heap.control.notePeak();
    }
    return block.address;
  } catch (error) {
    throw heap.repaired(error, "malloc");
  } finally {
    heap.leave();
  }
}

/**
 * Ends the block at `address`; its mapping goes into the stock if there is room. False if there is none, or another Worker is moving it; "corrupt" if the words in
 * front of it were overwritten. `claimed`: the caller has claimed it.
 */
export function unmapLarge(heap: LargeHost, address: number, claimed = false): boolean | "corrupt" {
  heap.enter();
  try {
    const block = claimed ? heap.large.lookUp(address) : heap.large.find(address);
    if (block === undefined) return false;
    if (!isSealed(heap, block)) return "corrupt";
    if (!stockLarge(heap, block)) endLarge(heap, block);
    return true;
  } catch (error) {
    throw heap.repaired(error, "free");
  } finally {
    heap.leave();
  }
}

/** Makes a parked mapping, which is charged for already, a block. Its content is what it was. */
function unparkLarge(heap: Held<LargeHost>, parked: LargeBlock, byteLength: number): number {
  const block = { ...parked, requestedBytes: byteLength, slot: heap.slot };
  heap.large.unpark(block);
  seal(heap, block);
  heap.large.mark(block, false, heap.slot);
  heap.servedFresh = false;
  heap.control.notePeak();
  return block.address;
}

/** Takes a block out of the registry and ends its mapping, or parks it. */
export function endLarge(heap: Held<LargeHost>, block: LargeBlock): void {
  heap.control.add(ControlDouble.committed, -block.mappedBytes);
  endMapping(heap, block);
}

/** Claims the block at `address` for moving it: nobody else finds it until it is released. False if there is none. */
export function claimLarge(heap: LargeHost, address: number): boolean {
  heap.enter();
  try {
    const block = heap.large.find(address);
    if (block !== undefined) heap.large.mark(block, true, heap.slot);
    return block !== undefined;
  } catch (error) {
    throw heap.repaired(error, "realloc");
  } finally {
    heap.leave();
  }
}

/** Ends a claim: the block is in use as before. */
export function releaseLarge(heap: LargeHost, address: number): void {
  heap.enter();
  try {
    const block = heap.large.lookUp(address);
    if (block !== undefined) heap.large.mark(block, false, heap.slot);
  } catch (error) {
    throw heap.repaired(error, "realloc");
  } finally {
    heap.leave();
  }
}

/** The large block at `address`, if it is in use and undamaged. */
export function findLarge(heap: LargeHost, address: number): LargeBlock | undefined {
  heap.enter();
  try {
    const block = heap.large.find(address);
    return block !== undefined && isSealed(heap, block) ? block : undefined;
  } catch (error) {
    throw heap.repaired(error, "find");
  } finally {
    heap.leave();
  }
}

/** Bytes of payload: what `usableSize` says. */
export function largePayloadBytes(block: LargeBlock): number {
  return block.mappedBytes - block.offset;
}

/** Charges bytes against the limit. False, and nothing changed, if they do not fit. */
export function chargeLarge(heap: Held<LargeHost>, byteLength: number): boolean {
  if (!fits(heap, byteLength)) return heap.refuse("limit", 0);
  heap.control.add(ControlDouble.committed, byteLength);
  return true;
}

/** A mapping whose start + `offset` is aligned. */
export function mapAligned(
  heap: Held<LargeHost>,
  byteLength: number,
  offset: number,
  alignment: number,
): number {
  const { pages } = heap.platform;
  if (alignment <= pages.pageSize) return pages.map(byteLength, 0);
  const wide = pages.map(byteLength + alignment, 0);
  if (wide < 0) return wide;
  const mapping = roundUp(wide + offset, alignment) - offset;
  cutOff(heap, wide, mapping - wide);
  cutOff(heap, mapping + byteLength, wide + alignment - mapping);
  return mapping;
}

/** Ends what a mapping has too much, or parks it. */
function cutOff(heap: Held<LargeHost>, address: number, byteLength: number): void {
  if (byteLength === 0) return;
  heap.passage.note(address, byteLength);
  endPassing(heap, 0);
}

function sealWords(heap: Held<LargeHost>, block: LargeBlock): Int32Array {
  return heap.platform.pages.words((block.address - GRANULE_BYTES) as Address, GRANULE_BYTES);
}

/** A check of place and size in the block's header words; its low bits 0 keep it apart from every window header. */
function sealOf(heap: Held<LargeHost>, block: LargeBlock): number {
  const place = Math.floor(block.address / GRANULE_BYTES) | 0;
  const pageCount = (block.mappedBytes / heap.platform.pages.pageSize) | 0;
  return Math.imul(place ^ heap.geometry.secret, MIX_PLACE) + Math.imul(pageCount, MIX_SIZE);
}

export function seal(heap: Held<LargeHost>, block: LargeBlock): void {
  const words = sealWords(heap, block);
  words[2] = sealOf(heap, block);
  words[3] = ~words[2]!;
}

/** Whether the words in front of `block` hold the seal of `sealed`, which is the same block unless it was moved. */
export function isSealed(heap: Held<LargeHost>, block: LargeBlock, sealed: LargeBlock = block): boolean {
  const words = sealWords(heap, block);
  const expected = sealOf(heap, sealed) | 0;
  return words[2] === expected && words[3] === ~expected;
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
