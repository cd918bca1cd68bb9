/**
 * `realloc` of a block that has no room for the new size, or too much (else `FastPath.restate` has done it). In place where
 * that pays: shrinking cuts the tail off, growing takes a free block behind or fresh memory at the end of the chain,
 * large blocks are remapped. Otherwise allocate, copy, free, in this order: if
 * the allocation fails, the old block is as it was.
 *
 * A small block is claimed first (state busy), so that of two Workers that free and reallocate it at the same time
 * exactly one succeeds.
 */

import { OutOfMemoryError } from "../core/errors.ts";
import {
  COPIED_GRANULES,
  classForRequest,
  classGranules,
  GRANULE_BYTES,
  granulesFor,
  hasRoom,
  payloadBytes,
  ROUNDED_GRANULES,
  SMALL_GRANULES,
} from "../core/size-classes.ts";
import { SPAN_MOST_BYTES } from "../core/tunables.ts";
import type { Address, Pointer, WordIndex } from "../core/types.ts";
import type { Heap } from "../heap/heap.ts";
import { releaseBehind } from "../heap/kept.ts";
import { claimLarge, releaseLarge } from "../large/blocks.ts";
import { resizeLarge } from "../large/resize.ts";
import type { Geometry } from "../memory/control.ts";
import { checkBits, packState, State, tailOf } from "../memory/header.ts";
import { CacheWord } from "../memory/layout.ts";
import type { Attachment } from "./attachment.ts";
import { claim, settleStale } from "./claims.ts";
import type { WindowCache } from "./lists.ts";
import { diagnose, spanBlockBytes } from "./pointers.ts";

export function reallocateBlock(
  attachment: Attachment,
  cache: WindowCache,
  block: WordIndex,
  byteLength: number,
): Pointer {
  settleStale(attachment.heap, cache);
  const pointer = cache.window.pointerTo(block);
  cache.words[cache.entries + CacheWord.reallocating] = block;
  if (!claim(attachment.heap, cache, block)) {
    cache.words[cache.entries + CacheWord.reallocating] = 0;
    throw diagnose(attachment, pointer, "realloc");
  }
  const payloadLength = payloadBytes(cache.words[block - 2]! >>> 4);
  const requested = payloadLength - tailOf(cache.words[block - 1]!);
  let result = pointer;
  try {
    result = fitOrMove(attachment, cache, block, byteLength);
  } catch (error) {
    giveBack(attachment, cache, block, requested);
    throw error;
  }
  if (result === pointer) keep(attachment, cache, block, byteLength);
  else {
    const kept = Math.min(payloadLength, byteLength);
    attachment.heap.platform.pages.copy(result as number as Address, pointer as number as Address, kept);
    attachment.discard(cache, block);
  }
  cache.words[cache.entries + CacheWord.reallocating] = 0;
  return result;
}

/** Reallocates a block of a span that is in use: where it stands, or by a copy. */
export function reallocateSpanBlock(
  attachment: Attachment,
  cache: WindowCache,
  granule: number,
  byteLength: number,
): Pointer {
  const pointer = (cache.base + granule * GRANULE_BYTES) as Pointer;
  const present = spanBlockBytes(attachment, cache, granule);
  if (hasRoom(present / GRANULE_BYTES, Math.ceil(byteLength / GRANULE_BYTES))) return pointer;
  let moved: Pointer;
  try {
    moved = attachment.fastPath.malloc(byteLength);
  } catch (error) {
    if (error instanceof OutOfMemoryError && byteLength <= present) return pointer;
    throw error;
  }
  const { pages } = attachment.heap.platform;
  pages.copy(moved as number as Address, pointer as number as Address, Math.min(present, byteLength));
  if (attachment.freeSpanBlock(cache.number, granule)) return moved;
  attachment.fastPath.free(moved);
  throw diagnose(attachment, pointer, "realloc");
}

/** Reallocates the large block at `pointer`, whose payload has `payloadLength` bytes. */
export function reallocateLarge(
  attachment: Attachment,
  pointer: number,
  payloadLength: number,
  byteLength: number,
): Pointer {
  const { heap } = attachment;
  if (byteLength > heap.geometry.largeThresholdBytes) {
    const resized = resizeLarge(heap, pointer, byteLength);
    if (resized !== 0) return resized as Pointer;
  }
  if (!claimLarge(heap, pointer)) throw diagnose(attachment, pointer, "realloc");
  let moved: Pointer;
  try {
    moved = attachment.fastPath.malloc(byteLength);
  } catch (error) {
    releaseLarge(heap, pointer);
    // There is no memory for a copy; but what was idle has gone back.
    const resized = error instanceof OutOfMemoryError ? resizeLarge(heap, pointer, byteLength) : 0;
    if (resized !== 0) return resized as Pointer;
    throw error;
  }
  heap.platform.pages.copy(
    moved as number as Address,
    pointer as Address,
    Math.min(payloadLength, byteLength),
  );
  attachment.freeLarge(pointer, true);
  return moved;
}

/** Where a claimed block has room for `byteLength` bytes: where it stands, or in a new block. */
function fitOrMove(
  attachment: Attachment,
  cache: WindowCache,
  block: WordIndex,
  byteLength: number,
): Pointer {
  const pointer = cache.window.pointerTo(block);
  if (byteLength > attachment.heap.geometry.largeThresholdBytes)
    return attachment.fastPath.malloc(byteLength);
  if (fit(attachment, cache, block, byteLength, SMALL_GRANULES)) return pointer;
  try {
    const present = payloadBytes(cache.words[block - 2]! >>> 4);
    return attachment.fastPath.malloc(
      byteLength > present ? roomyBytes(byteLength, attachment.heap.geometry) : byteLength,
    );
  } catch (error) {
    // There is no memory for a copy.
    if (error instanceof OutOfMemoryError && fit(attachment, cache, block, byteLength, 0)) return pointer;
    throw error;
  }
}

/**
 * Makes a claimed block at least `byteLength` bytes long where it stands. False if it cannot grow there, or would grow to
 * `copied` granules at most: copied between two lists of the cache, it needs no lock.
 */
function fit(
  attachment: Attachment,
  cache: WindowCache,
  block: WordIndex,
  byteLength: number,
  copied: number,
): boolean {
  const present = cache.words[block - 2]! >>> 4;
  if (hasRoom(present, granulesFor(byteLength))) return true;
  const heap: Heap = attachment.heap;
  const wanted = roundedUp(granulesFor(byteLength), present);
  if (wanted > present && wanted <= copied && heap.geometry.workerCache) return false;
  // Without the lock too, if the copy goes into a span.
  if (present <= copied && heap.hasSpans && byteLength <= SPAN_MOST_BYTES) return false;
  heap.enter();
  try {
    // Up to that size a copy costs less than the kept blocks that it would take away from the next ones.
    if (wanted > present && wanted > COPIED_GRANULES) releaseBehind(heap, cache.number, block, wanted);
    return (
      heap.resize(cache.number, block, wanted) || heap.resize(cache.number, block, granulesFor(byteLength))
    );
  } catch (error) {
    throw heap.repaired(error, "realloc");
  } finally {
    heap.leave();
    attachment.followWindows();
  }
}

/** What grows by steps has room for the next ones: up to the class that serves the request. */
function roundedUp(granules: number, present: number): number {
  const isRounded = granules > present || granules <= ROUNDED_GRANULES;
  return isRounded ? classGranules[classForRequest(granules)]! : granules;
}

/** The same in bytes, for a copy that goes into a block with a header. */
function roomyBytes(byteLength: number, { largeThresholdBytes }: Geometry): number {
  if (byteLength <= SPAN_MOST_BYTES) return byteLength;
  const roomy = payloadBytes(classGranules[classForRequest(granulesFor(byteLength))]!);
  return roomy <= largeThresholdBytes ? roomy : byteLength;
}

/** After an exception: the block is its user's again, unless a repair has settled the claim already. */
function giveBack(attachment: Attachment, cache: WindowCache, block: WordIndex, byteLength: number): void {
  const { space } = attachment.heap.windows[cache.number]!;
  if (space.isHeldBy(block, attachment.slot, State.busy)) keep(attachment, cache, block, byteLength);
  cache.words[cache.entries + CacheWord.reallocating] = 0;
}

/** Gives a claimed block back to its user. */
function keep(attachment: Attachment, cache: WindowCache, block: WordIndex, byteLength: number): void {
  const words = cache.words;
  const word0 = words[block - 2]!;
  const check = checkBits(block, word0, attachment.heap.geometry.secret);
  const tail = payloadBytes(word0 >>> 4) - byteLength;
  words[block - 1] = packState(check, State.inUse, attachment.slot, tail);
}
