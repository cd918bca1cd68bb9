/**
 * `usableSize`, and `realloc` off the fast path, of a pointer that may be anything. A block that a dead Worker had claimed is
 * refused at first; once the dead one's claims are settled it is looked at again.
 */
import { payloadBytes } from "../core/size-classes.ts";
import type { Pointer } from "../core/types.ts";
import { reap } from "../death/adoption.ts";
import { findLarge, largePayloadBytes } from "../large/blocks.ts";
import type { Attachment } from "./attachment.ts";
import { blockAt, cacheOf, diagnose, spanBlockAt, spanBlockBytes } from "./pointers.ts";
import { reallocateBlock, reallocateLarge, reallocateSpanBlock } from "./reallocate.ts";

/** Payload bytes of the block at `address`, or throws InvalidPointerError. */
export function usableSizeOf(
  attachment: Attachment,
  address: number,
  operation: "usableSize" | "view" = "usableSize",
): number {
  const cache = cacheOf(attachment, address);
  if (cache !== undefined) {
    const granule = spanBlockAt(attachment, cache, address);
    if (granule !== 0) return spanBlockBytes(attachment, cache, granule);
    const block = blockAt(attachment, cache, address);
    if (block !== 0) return payloadBytes(cache.words[block - 2]! >>> 4);
  } else {
    const large = findLarge(attachment.heap, address);
    if (large !== undefined) return largePayloadBytes(large);
  }
  if (!reap(attachment.heap)) throw diagnose(attachment, address, operation);
  return usableSizeOf(attachment, address, operation);
}

/** Reallocates whatever is at `address`, or throws InvalidPointerError, OutOfMemoryError. */
export function reallocatePointer(attachment: Attachment, address: number, byteLength: number): Pointer {
  const cache = cacheOf(attachment, address);
  if (cache !== undefined) {
    const granule = spanBlockAt(attachment, cache, address);
    if (granule !== 0) return reallocateSpanBlock(attachment, cache, granule, byteLength);
    const block = blockAt(attachment, cache, address);
    if (block !== 0) return reallocateBlock(attachment, cache, block, byteLength);
  } else {
    const large = findLarge(attachment.heap, address);
    if (large !== undefined) {
      return reallocateLarge(attachment, address, largePayloadBytes(large), byteLength);
    }
  }
  if (!reap(attachment.heap)) throw diagnose(attachment, address, "realloc");
  return reallocatePointer(attachment, address, byteLength);
}
