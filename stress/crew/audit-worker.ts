/**
 * A Worker for what the main thread must not do itself, because a lock that a dead Worker left held would stop
 * the watchdog too: trimming, checking and counting the heap.
 */
import type { AllocatorChoice } from "../allocators/allocator.ts";
import { openAllocator } from "../allocators/open.ts";
import type { WorkerReport } from "./assignment.ts";
import { reportOf } from "./report-fault.ts";

declare const self: Worker;

self.onmessage = async (event: MessageEvent<AllocatorChoice>) => {
  self.onmessage = null;
  let report: WorkerReport;
  try {
    const allocator = await openAllocator(event.data, 0);
    report = { type: "audit", audit: allocator.audit() };
    allocator.detach();
  } catch (thrown) {
    report = { type: "fault", fault: reportOf(thrown) };
  }
  self.postMessage(report);
};
