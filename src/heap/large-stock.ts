/**
 * The stock: the mapping of one large block that was freed, for the next one of about its size, so that a program that
 * allocates and frees a large block in turn makes no system call and keeps its pages. It stays committed, and goes
 * back to the system as all idle memory does (trim.ts).
 *
 * Written under the lock. The passage names the mapping while it goes in or out (passage.ts).
 */
import { KEPT_SHARE, KEPT_SLACK_SHIFT, STOCK_MOST_BYTES } from "../core/tunables.ts";
import { ControlDouble } from "../memory/layout.ts";
import type { Heap } from "./heap.ts";
import type { LargeBlock } from "./large-table.ts";

/** Bytes of the mapping in the stock, 0 = none. */
export function stockedBytes({ control }: Heap): number {
  return control.doubles[ControlDouble.stock] === 0 ? 0 : control.doubles[ControlDouble.stockBytes]!;
}

/** Whether the stock serves a mapping of so many bytes: it is neither smaller nor much larger. */
export function stockFits(heap: Heap, mappedBytes: number): boolean {
  const surplus = stockedBytes(heap) - mappedBytes;
  return surplus >= 0 && surplus <= mappedBytes / 2 ** KEPT_SLACK_SHIFT;
}

/**
 * Takes a block out of the registry and puts its mapping into the stock. False, and nothing done, where the stock is
 * taken, or where nothing so large may lie idle.
 */
export function stockLarge(heap: Heap, block: LargeBlock): boolean {
  const { workerCache, purgeDelayMs, limitBytes } = heap.geometry;
  const most = Math.min(STOCK_MOST_BYTES, limitBytes / KEPT_SHARE);
  const { doubles } = heap.control;
  if (doubles[ControlDouble.stock] !== 0 || !workerCache || purgeDelayMs === 0 || block.mappedBytes > most)
    return false;
  const mapping = block.address - block.offset;
  heap.passage.note(mapping, block.mappedBytes);
  heap.large.remove(block);
  doubles[ControlDouble.stockBytes] = block.mappedBytes;
  doubles[ControlDouble.stock] = mapping;
  heap.passage.arrived();
  return true;
}

/** Takes the mapping out of the stock: the passage names it from now on. Returns its address. */
export function takeStock(heap: Heap): number {
  const { doubles } = heap.control;
  const mapping = doubles[ControlDouble.stock]!;
  heap.passage.note(mapping, doubles[ControlDouble.stockBytes]!);
  doubles[ControlDouble.stock] = 0;
  return mapping;
}

/** Ends the mapping in the stock, if there is one. Returns its bytes. */
export function endStock(heap: Heap): number {
  const bytes = stockedBytes(heap);
  if (bytes === 0) return 0;
  takeStock(heap);
  heap.control.add(ControlDouble.committed, -bytes);
  heap.control.add(ControlDouble.unmappings, 1);
  heap.control.add(ControlDouble.unmappedBytes, bytes);
  heap.passage.end();
  return bytes;
}
