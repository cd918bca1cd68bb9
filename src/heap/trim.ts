/**
 * Giving memory back to the system. Two kinds: the touched part behind the header chain's end, which also stops
 * being charged; and the inner pages of large free blocks, which stay charged but leave the resident set.
 */
import { footerIndex, wordsOf } from "../block/header.ts";
import { GRANULE_BYTES } from "../core/size-classes.ts";
import { PURGE_BLOCK_BYTES, PURGE_BYTES, PURGE_DELAY_MS } from "../core/tunables.ts";
import type { Address, WordIndex } from "../core/types.ts";
import { ControlDouble, DEPOT_GRANULES, WindowWord } from "../memory/layout.ts";
import { emptyDepot } from "./depot.ts";
import type { Heap, HeapWindow } from "./heap.ts";

/** Gives back every free page there is, after all has been merged that can be. Returns bytes. Under the lock. */
export function trimWhole(heap: Heap): number {
  emptyDepots(heap);
  for (const { policy } of heap.windows) policy.compact();
  return trim(heap);
}

function trim(heap: Heap): number {
  let bytes = 0;
  emptyDepots(heap);
  for (const part of heap.windows) bytes += trimTop(heap, part) + trimBlocks(heap, part);
  heap.control.add(ControlDouble.releasedBytes, bytes);
  heap.control.doubles[ControlDouble.idleSince] = 0;
  return bytes;
}

/**
 * Returns memory that has been idle for the delay; called now and then. True while there is something to return
 * later. Under the lock.
 */
export function purge(heap: Heap): boolean {
  const { doubles } = heap.control;
  let used = doubles[ControlDouble.takenBytes]!;
  for (let index = 0; index < heap.windows.length; index++) {
    used -= heap.windows[index]!.space.words[DEPOT_GRANULES]! * GRANULE_BYTES;
  }
  const free = doubles[ControlDouble.committed]! - used;
  const idle = Math.min(free - doubles[ControlDouble.largeBytes]!, free);
  if (idle < PURGE_BYTES || idle < used / 4) {
    doubles[ControlDouble.idleSince] = 0;
    return false;
  }
  const now = heap.platform.threads.now();
  const since = doubles[ControlDouble.idleSince]!;
  if (since === 0) doubles[ControlDouble.idleSince] = now;
  else if (now - since >= PURGE_DELAY_MS) {
    trim(heap);
    return false;
  }
  return true;
}

function emptyDepots(heap: Heap): void {
  for (let index = 0; index < heap.windows.length; index++) emptyDepot(heap, index);
}

function trimTop(heap: Heap, { window, space }: HeapWindow): number {
  const { pages } = heap.platform;
  const pageWords = pages.pageSize / 4;
  const keep = Math.ceil(space.end / pageWords) * pageWords;
  const bytes = (space.words[WindowWord.high]! - keep) * 4;
  if (bytes <= 0 || pages.release((window.base + keep * 4) as Address, bytes) < 0) return 0;
  space.words[WindowWord.high] = keep;
  heap.control.add(ControlDouble.committed, -bytes);
  return bytes;
}

function trimBlocks(heap: Heap, { window, space, policy }: HeapWindow): number {
  const { pages } = heap.platform;
  let released = 0;
  policy.forEachFree(PURGE_BLOCK_BYTES / GRANULE_BYTES, (block: WordIndex) => {
    const words = space.words;
    if (words[block + 2] !== 0) return;
    const from = Math.ceil(((block + 3) * 4) / pages.pageSize) * pages.pageSize;
    const end = footerIndex(block, wordsOf(words[block - 2]!)) * 4;
    const to = Math.floor(end / pages.pageSize) * pages.pageSize;
    if (to <= from || pages.release((window.base + from) as Address, to - from) < 0) return;
    words[block + 2] = 1;
    released += to - from;
  });
  return released;
}
