/** The calls that take a pointer and find out what it is: `free` off the fast path, and `usableSize`. */
import { InvalidPointerError } from "../core/errors.ts";
import { payloadBytes } from "../core/size-classes.ts";
import { findLarge, largePayloadBytes, unmapLarge } from "../heap/large-blocks.ts";
import type { Attachment } from "./attachment.ts";
import { blockAt, cacheOf, diagnose } from "./pointers.ts";

/** Frees whatever is at `address`, or throws InvalidPointerError. */
export function freePointer(attachment: Attachment, address: number): void {
  const cache = cacheOf(attachment, address);
  if (cache !== undefined) {
    const block = blockAt(attachment, cache, address);
    if (block !== 0 && attachment.freeBlock(cache, block)) return;
    throw diagnose(attachment, address, "free");
  }
  const freed = unmapLarge(attachment.heap, address);
  if (freed === true) return;
  if (freed === false) throw diagnose(attachment, address, "free");
  const detail = "the words in front of this large block were overwritten; it is out of use";
  throw new InvalidPointerError("corrupt-block", "free", address, detail);
}

/** Payload bytes of the block at `address`, or throws InvalidPointerError. */
export function usableSizeOf(attachment: Attachment, address: number): number {
  const cache = cacheOf(attachment, address);
  if (cache !== undefined) {
    const block = blockAt(attachment, cache, address);
    if (block !== 0) return payloadBytes(cache.words[block - 2]! >>> 4);
    throw diagnose(attachment, address, "usableSize");
  }
  const large = findLarge(attachment.heap, address);
  if (large === undefined) throw diagnose(attachment, address, "usableSize");
  return largePayloadBytes(large);
}
