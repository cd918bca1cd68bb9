/**
 * The stock: the mapping of one large block that was freed, for the next one of about its size, so that a program that
 * allocates and frees a large block in turn makes no system call and keeps its pages. It stays committed, and goes
 * back to the system as all idle memory does (heap/trim.ts), and before a request is refused. A block that takes it keeps all
 * of it: up to an eighth more than it needs.
 *
 * The passage names the mapping while it goes in or out (passage.ts).
 */
import { GRANULE_BYTES } from "../core/size-classes.ts";
import { KEPT_LIMIT_SHARE, STOCK_MOST_BYTES, STOCK_SLACK_SHIFT } from "../core/tunables.ts";
import type { Geometry } from "../memory/control.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble } from "../memory/layout.ts";
import type { LargeHost } from "./host.ts";
import { endPassing } from "./parking.ts";
import type { LargeBlock } from "./table.ts";

/** Bytes of the mapping in the stock, 0 = none. */
export function stockedBytes({ control }: LargeHost): number {
  return control.doubles[ControlDouble.stock] === 0 ? 0 : control.doubles[ControlDouble.stockBytes]!;
}

/** Whether the stock serves a mapping of so many bytes: it is neither smaller nor much larger. */
export function stockFits(heap: Held<LargeHost>, mappedBytes: number): boolean {
  const surplus = stockedBytes(heap) - mappedBytes;
  return surplus >= 0 && surplus <= mappedBytes / 2 ** STOCK_SLACK_SHIFT;
}

/** Whether an arena keeps mappings at all: not where every request takes the lock, nor where nothing may lie idle. */
export function keepsStock({ workerCache, purgeDelayMs }: Geometry): boolean {
  return workerCache && purgeDelayMs !== 0;
}

/**
 * Takes a block out of the registry and puts its mapping into the stock, in the place of what was there: the newest is
 * what is asked for next. False, and nothing done, where nothing so large is kept.
 */
export function stockLarge(heap: Held<LargeHost>, block: LargeBlock): boolean {
  const { geometry } = heap;
  const most = Math.min(STOCK_MOST_BYTES, geometry.limitBytes / KEPT_LIMIT_SHARE);
  if (!keepsStock(geometry) || block.mappedBytes > most) return false;
  endStock(heap);
  const now = heap.platform.threads.now();
  const mapping = block.address - block.offset;
  const { doubles } = heap.control;
  heap.passage.note(mapping, block.mappedBytes);
  heap.large.remove(block);
  doubles[ControlDouble.stockBytes] = block.mappedBytes;
  doubles[ControlDouble.stockSince] = now;
  doubles[ControlDouble.stock] = mapping;
  heap.passage.arrived();
  return true;
}

/** Takes the mapping out of the stock: the passage names it from now on. Returns its address. */
export function takeStock(heap: Held<LargeHost>): number {
  const { doubles } = heap.control;
  const mapping = doubles[ControlDouble.stock]!;
  heap.passage.note(mapping, doubles[ControlDouble.stockBytes]!);
  doubles[ControlDouble.stock] = 0;
  return mapping;
}

/** Ends the mapping in the stock, if there is one. Returns its bytes. */
export function endStock(heap: Held<LargeHost>): number {
  const bytes = stockedBytes(heap);
  if (bytes === 0) return 0;
  takeStock(heap);
  const { control } = heap;
  control.add(ControlDouble.committed, -bytes);
  control.add(ControlDouble.releasedBytes, bytes);
  if (endPassing(heap, GRANULE_BYTES)) {
    control.add(ControlDouble.unmappings, 1);
    control.add(ControlDouble.unmappedBytes, bytes);
  }
  return bytes;
}

/** Whether so many bytes more stay within the limit; the stock ends before they do not. */
export function fits(heap: Held<LargeHost>, byteLength: number): boolean {
  return heap.control.fits(byteLength) || (endStock(heap) > 0 && heap.control.fits(byteLength));
}
