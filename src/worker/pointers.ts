/**
 * From a number to a block. No address given by a caller is read before it is proven to lie in memory that the
 * arena owns: inside a window's accessible prefix, or equal to an address in the registry of large blocks.
 */

import { hex, InvalidPointerError, type PointerFault } from "../core/errors.ts";
import { GRANULE_BYTES, LEAST_GRANULES } from "../core/size-classes.ts";
import { spanGranules, UNIT_GRANULES } from "../core/span-classes.ts";
import type { WordIndex } from "../core/types.ts";
import type { Heap } from "../heap/heap.ts";
import { granulesOf, State, stateOf } from "../memory/header.ts";
import type { BlockSpace } from "../memory/space.ts";
import { BlockState } from "../memory/span-table.ts";
import { blockAround, classOfSpan, isInUse, spanAt, stateAt } from "../spans/span.ts";
import type { Attachment } from "./attachment.ts";
import type { WindowCache } from "./lists.ts";

/** The cache of the window that a pointer lies in, followed to the window's present length and to its span table. */
export function cacheOf(attachment: Attachment, pointer: number): WindowCache | undefined {
  const known = cacheAt(attachment, pointer);
  if (known !== undefined && pointer - known.base < known.words.length * 4) {
    // Another Worker may have made the window's first segment in what this one has seen of it.
    if (attachment.heap.windows[known.number]!.spans.isCurrent) return known;
  }
  attachment.followWindows();
  return cacheAt(attachment, pointer);
}

function cacheAt(attachment: Attachment, pointer: number): WindowCache | undefined {
  const { caches } = attachment;
  for (let number = 0; number < caches.length; number++) {
    const cache = caches[number]!;
    if (pointer >= cache.base && pointer < cache.base + cache.window.byteLength) return cache;
  }
  return undefined;
}

/** The block in use that starts at `pointer`, or 0. A block being reallocated counts as not in use. */
export function blockAt(attachment: Attachment, cache: WindowCache, pointer: number): WordIndex | 0 {
  const block = ((pointer - cache.base) / 4) as WordIndex;
  if (!Number.isInteger(block) || !attachment.heap.windows[cache.number]!.space.isIntact(block)) return 0;
  return stateOf(cache.words[block - 1]!) === State.inUse ? block : 0;
}

/** The block of a span that is in use at `pointer`, as its granule, or 0. */
export function spanBlockAt(attachment: Attachment, cache: WindowCache, pointer: number): number {
  const granule = (pointer - cache.base) / GRANULE_BYTES;
  return isInUse(attachment.heap.windows[cache.number]!.spans, granule) ? granule : 0;
}

/** Bytes of a block of a span. */
export function spanBlockBytes(attachment: Attachment, cache: WindowCache, granule: number): number {
  const { spans } = attachment.heap.windows[cache.number]!;
  return spanGranules[classOfSpan(spans, spanAt(spans, granule))]! * GRANULE_BYTES;
}

/** Why `pointer` is not a block in use, as the error to throw. Walks the header chain under the lock. */
export function diagnose(attachment: Attachment, pointer: number, operation: string): InvalidPointerError {
  const [code, detail] = explain(attachment, pointer, operation);
  return new InvalidPointerError(code, operation, pointer, detail);
}

function explain(attachment: Attachment, pointer: number, operation: string): [PointerFault, string] {
  const heap: Heap = attachment.heap;
  const cache = cacheOf(attachment, pointer);
  if (cache !== undefined) {
    heap.enter();
    try {
      return explainInWindow(attachment, cache, (pointer - cache.base) / 4, operation);
    } catch (error) {
      throw heap.repaired(error, operation);
    } finally {
      heap.leave();
    }
  }
  heap.enter();
  try {
    const block = heap.large.lookUp(pointer);
    if (block?.busy === true) return ["double-free", "another Worker is reallocating this large block"];
    if (block !== undefined) {
      return ["corrupt-block", "the words in front of this large block were overwritten; it is out of use"];
    }
    for (const { address, offset, mappedBytes } of heap.large.entries()) {
      if (pointer >= address - offset && pointer < address - offset + mappedBytes) {
        return ["interior-pointer", `it points into the large block at ${hex(address)}`];
      }
    }
    if (heap.large.wasRemoved(pointer)) return [alreadyFree(operation), "this large block is already free"];
  } finally {
    heap.leave();
  }
  if (pointer < heap.platform.pages.pageSize) return ["invalid-pointer", "no block can be there"];
  return ["foreign-pointer", `it lies outside this arena${attachment.elsewhere(pointer)}`];
}

function explainInWindow(
  attachment: Attachment,
  cache: WindowCache,
  index: number,
  operation: string,
): [PointerFault, string] {
  const { space } = attachment.heap.windows[cache.number]!;
  const { words, first, top } = space;
  const freed = alreadyFree(operation);
  if (index >= words.length) return ["foreign-pointer", "it lies outside the memory this arena has in use"];
  if (index < first) return ["invalid-pointer", "it points into the arena's control block"];
  const inSpan = explainInSpan(attachment, cache, index, freed);
  if (inSpan !== undefined) return inSpan;
  if (index >= top) {
    return looksFreed(space, index)
      ? [freed, "this block is already free"]
      : ["invalid-pointer", "no block is in use there"];
  }
  for (let block = first; block < top; block = space.next(block)) {
    const behind = space.next(block);
    if (behind <= block) return ["corrupt-block", "the heap's header chain is damaged before this pointer"];
    if (index >= behind - 2) continue;
    if (index < block) return ["interior-pointer", "it points into a block's header"];
    const state = stateOf(words[block - 1]!);
    if (index === block) {
      if (!space.isIntact(block))
        return ["corrupt-block", "the header of this block was overwritten; it is out of use"];
      if (state === State.busy)
        return ["double-free", "another Worker is freeing or reallocating this block"];
      return [freed, "this block is already free"];
    }
    if (state === State.inUse || state === State.busy) {
      return [
        "interior-pointer",
        `it points ${(index - block) * 4} bytes into the block at ${hex(cache.base + block * 4)}`,
      ];
    }
    return looksFreed(space, index)
      ? [freed, "this block is already free"]
      : ["invalid-pointer", "it points into free memory"];
  }
  return ["invalid-pointer", "it does not point to a block"];
}

/** What is known about a place in a segment; undefined elsewhere. */
function explainInSpan(
  attachment: Attachment,
  cache: WindowCache,
  index: number,
  freed: PointerFault,
): [PointerFault, string] | undefined {
  const { spans } = attachment.heap.windows[cache.number]!;
  const granule = Math.floor(index / 4);
  if ((spans.map[Math.floor(granule / UNIT_GRANULES)] ?? 0) === 0) return undefined;
  const span = spanAt(spans, granule);
  if (span === 0) return ["invalid-pointer", "it points into free memory"];
  const block = blockAround(spans, span, granule);
  const state = stateAt(spans, block);
  if (block * 4 === index && state !== BlockState.inUse && state !== 0)
    return [freed, "this block is already free"];
  if (state !== BlockState.inUse) return ["invalid-pointer", "it points into free memory"];
  const start = cache.base + block * GRANULE_BYTES;
  return [
    "interior-pointer",
    `it points ${index * 4 - block * GRANULE_BYTES} bytes into the block at ${hex(start)}`,
  ];
}

/** Whether a header that a merge left behind in free memory still stands in front of `block`. */
function looksFreed(space: BlockSpace, block: number): boolean {
  if (!Number.isInteger(block) || (block & 3) !== 0) return false;
  const word0 = space.words[block - 2]!;
  return granulesOf(word0) >= LEAST_GRANULES && space.checkFits(block, word0, space.words[block - 1]!);
}

/** Asking for the size of a freed block, or for a view, frees nothing twice. */
function alreadyFree(operation: string): PointerFault {
  return operation === "usableSize" || operation === "view" ? "invalid-pointer" : "double-free";
}
