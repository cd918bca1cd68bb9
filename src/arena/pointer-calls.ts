/**
 * The calls that take a pointer and find out what it is: `free` off the fast path, `usableSize`, `realloc`. A block
 * that a dead Worker had claimed is refused at first; once the dead one's claims are settled it is looked at again.
 */
import { InvalidPointerError } from "../core/errors.ts";
import { payloadBytes } from "../core/size-classes.ts";
import type { Pointer } from "../core/types.ts";
import { reap } from "../heap/adoption.ts";
import { findLarge, largePayloadBytes } from "../heap/large-blocks.ts";
import type { Attachment } from "./attachment.ts";
import { blockAt, cacheOf, diagnose, spanBlockAt, spanBlockBytes } from "./pointers.ts";
import { type Allocator, reallocateBlock, reallocateLarge, reallocateSpanBlock } from "./reallocate.ts";

/** Frees whatever is at `address`, or throws InvalidPointerError. */
export function freePointer(attachment: Attachment, address: number): void {
  const cache = cacheOf(attachment, address);
  if (cache !== undefined) {
    const granule = spanBlockAt(attachment, cache, address);
    if (granule !== 0) {
      if (attachment.freeSpanBlock(cache.number, granule)) return;
    } else {
      const block = blockAt(attachment, cache, address);
      if (block !== 0 && attachment.freeBlock(cache, block)) return;
    }
  } else {
    const freed = attachment.freeLarge(address);
    if (freed === true) return;
    if (freed === "corrupt") {
      const detail = "the words in front of this large block were overwritten; it is out of use";
      throw new InvalidPointerError("corrupt-block", "free", address, detail);
    }
  }
  if (!reap(attachment.heap)) throw diagnose(attachment, address, "free");
  freePointer(attachment, address);
}

/** Payload bytes of the block at `address`, or throws InvalidPointerError. */
export function usableSizeOf(attachment: Attachment, address: number): number {
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
  if (!reap(attachment.heap)) throw diagnose(attachment, address, "usableSize");
  return usableSizeOf(attachment, address);
}

/** Reallocates whatever is at `address`, or throws InvalidPointerError, or what `allocator` throws. */
export function reallocatePointer(
  attachment: Attachment,
  address: number,
  byteLength: number,
  allocator: Allocator,
): Pointer {
  const cache = cacheOf(attachment, address);
  if (cache !== undefined) {
    const granule = spanBlockAt(attachment, cache, address);
    if (granule !== 0) return reallocateSpanBlock(attachment, cache, granule, byteLength, allocator);
    const block = blockAt(attachment, cache, address);
    if (block !== 0) return reallocateBlock(attachment, cache, block, byteLength, allocator);
  } else {
    const large = findLarge(attachment.heap, address);
    if (large !== undefined) {
      return reallocateLarge(attachment, address, largePayloadBytes(large), byteLength, allocator);
    }
  }
  if (!reap(attachment.heap)) throw diagnose(attachment, address, "realloc");
  return reallocatePointer(attachment, address, byteLength, allocator);
}
