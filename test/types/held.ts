/** What needs the lock is refused by the compiler without it. Nothing here runs: `npm run typecheck` is the test. */
import { collectStats } from "../../src/api/inspect.ts";
import { adoptDead } from "../../src/death/adoption.ts";
import { recover } from "../../src/death/recovery.ts";
import type { Heap } from "../../src/heap/heap.ts";
import { releaseKept } from "../../src/heap/kept.ts";
import { cutSpan } from "../../src/heap/segments.ts";
import { purge, trim } from "../../src/heap/trim.ts";
import type { LargeHost } from "../../src/large/host.ts";
import { endStock } from "../../src/large/stock.ts";
import type { LargeTable } from "../../src/large/table.ts";
import type { Control } from "../../src/memory/control.ts";
import type { Held } from "../../src/memory/held.ts";
import type { Magazines } from "../../src/worker/magazines.ts";
import { upkeep } from "../../src/worker/upkeep.ts";

export function withoutTheLock(heap: Heap, host: LargeHost, magazines: Magazines): void {
  // @ts-expect-error
  trim(heap);
  // @ts-expect-error
  purge(heap);
  // @ts-expect-error
  releaseKept(heap, 0, 0);
  // @ts-expect-error
  cutSpan(heap, 0, 2, 1);
  // @ts-expect-error
  recover(heap, false);
  // @ts-expect-error
  adoptDead(heap);
  // @ts-expect-error
  upkeep(heap);
  // @ts-expect-error
  collectStats(heap);
  // @ts-expect-error
  endStock(heap);
  // @ts-expect-error
  endStock(host);
  // @ts-expect-error
  magazines.drain(heap);
}

export function methodsWithoutTheLock(heap: Heap, host: LargeHost): void {
  // @ts-expect-error
  heap.allocate(1, 0);
  // @ts-expect-error
  heap.release(0, 0 as never);
  // @ts-expect-error
  heap.refuse("limit", 0);
  // @ts-expect-error
  heap.repaired(new Error("damage"), "free");
  // @ts-expect-error
  heap.leave();
  // @ts-expect-error
  host.leave();
  // @ts-expect-error
  heap.control.add(0, 1);
  // @ts-expect-error
  heap.passage.arrived();
  // @ts-expect-error
  heap.large.find(0);
  // @ts-expect-error
  heap.slots.beginTerm(1);
}

/** The lock of one arena does not do for another one. */
export function withTheLockOfAnother(heap: Heap, other: Heap): void {
  other.enter();
  // @ts-expect-error
  trim(heap);
  trim(other);
  other.leave();
}

export function withTheLock(heap: Heap, host: LargeHost, magazines: Magazines): void {
  heap.enter();
  trim(heap);
  recover(heap, false);
  endStock(heap);
  magazines.drain(heap);
  heap.release(heap.servedBy, heap.allocate(1, 0) as never);
  const parts: [Held<Control>, Held<LargeTable>] = [heap.control, heap.large];
  parts[1].recount();
  heap.leave();
  host.enter();
  endStock(host);
  host.leave();
}
