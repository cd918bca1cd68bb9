/**
 * Giving memory back to the system. Three kinds: the touched part behind the header chain's end and the stock of large
 * mappings, which also stop being charged; and the inner pages of large free blocks, which stay charged but leave the
 * resident set.
 */
import { footerIndex, wordsOf } from "../block/header.ts";
import { GRANULE_BYTES } from "../core/size-classes.ts";
import { PURGE_BLOCK_BYTES, PURGE_BYTES } from "../core/tunables.ts";
import type { Address, WordIndex } from "../core/types.ts";
import { ControlDouble, WindowWord } from "../memory/layout.ts";
import { depotGranules, emptyDepot } from "./depot.ts";
import type { Heap, HeapWindow } from "./heap.ts";
import { endStock, stockedBytes } from "./large-stock.ts";

/** Gives back every free page there is, after the policies have merged what they put off. Returns bytes. Under the lock. */
export function trim(heap: Heap): number {
  emptyDepots(heap);
  for (const { policy } of heap.windows) policy.compact();
  return releasePages(heap) + endStock(heap);
}

/** Gives back the free pages as they lie. Returns bytes. Under the lock. */
function releasePages(heap: Heap): number {
  let bytes = 0;
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
  if (heap.control.doubles[ControlDouble.purgeDelay] === Infinity) return false;
  const isStocked = purgeStock(heap);
  return purgeWindows(heap) || isStocked;
}

function purgeStock(heap: Heap): boolean {
  if (stockedBytes(heap) === 0) return false;
  if (!isOver(heap, heap.control.doubles[ControlDouble.stockSince]!)) return true;
  endStock(heap);
  return false;
}

function purgeWindows(heap: Heap): boolean {
  const { doubles } = heap.control;
  let used = doubles[ControlDouble.takenBytes]!;
  for (let index = 0; index < heap.windows.length; index++) {
    used -= depotGranules(heap.windows[index]!.space) * GRANULE_BYTES;
  }
  const mapped = doubles[ControlDouble.largeBytes]! + stockedBytes(heap);
  const idle = doubles[ControlDouble.committed]! - mapped - used;
  if (idle < PURGE_BYTES || idle < used / 4) {
    doubles[ControlDouble.idleSince] = 0;
    return false;
  }
  const since = doubles[ControlDouble.idleSince]! || heap.platform.threads.now();
  doubles[ControlDouble.idleSince] = since;
  if (!isOver(heap, since)) return true;
  emptyDepots(heap);
  releasePages(heap);
  return false;
}

/** Whether the purge delay is over that began at `since`. */
function isOver(heap: Heap, since: number): boolean {
  return heap.platform.threads.now() - since >= heap.control.doubles[ControlDouble.purgeDelay]!;
}

function emptyDepots(heap: Heap): void {
  for (let index = 0; index < heap.windows.length; index++) emptyDepot(heap, index);
}

function trimTop(heap: Heap, { window, space }: HeapWindow): number {
  const pageWords = heap.platform.pages.pageSize / 4;
  const keep = Math.ceil(space.end / pageWords) * pageWords;
  const bytes = (space.words[WindowWord.high]! - keep) * 4;
  if (bytes <= 0 || !release(heap, window.base + keep * 4, (window.residentEnd - keep) * 4)) return 0;
  space.words[WindowWord.high] = keep;
  heap.control.add(ControlDouble.committed, -bytes);
  return bytes;
}

function trimBlocks(heap: Heap, { window, space, policy }: HeapWindow): number {
  const { pageSize } = heap.platform.pages;
  let released = 0;
  policy.forEachFree(PURGE_BLOCK_BYTES / GRANULE_BYTES, (block: WordIndex) => {
    const words = space.words;
    if (words[block + 2] !== 0) return;
    const from = Math.ceil(((block + 3) * 4) / pageSize) * pageSize;
    const end = footerIndex(block, wordsOf(words[block - 2]!)) * 4;
    const to = Math.floor(end / pageSize) * pageSize;
    if (to <= from || !release(heap, window.base + from, to - from)) return;
    words[block + 2] = 1;
    released += to - from;
  });
  return released;
}

function release(heap: Heap, address: number, byteLength: number): boolean {
  if (heap.platform.pages.release(address as Address, byteLength) < 0) return false;
  heap.control.add(ControlDouble.releases, 1);
  return true;
}
