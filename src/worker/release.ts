/** `free` off the fast path: finds out what a pointer is. */
import { InvalidPointerError } from "../core/errors.ts";
import { reap } from "../death/adoption.ts";
import type { Attachment } from "./attachment.ts";
import { blockAt, cacheOf, diagnose, spanBlockAt } from "./pointers.ts";

/**
 * Frees whatever is at `address`, or throws InvalidPointerError. A block that a dead Worker had claimed is looked at again
 * once the dead one's claims are settled.
 */
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
