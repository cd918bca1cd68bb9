/** A Worker: takes its assignment, counts in, runs the workload, reports, ends. */
import type { Allocator } from "../allocators/allocator.ts";
import { inWholeGranules } from "../allocators/foreign.ts";
import { openAllocator } from "../allocators/open.ts";
import type { BlockTable } from "../oracle/block-table.ts";
import { CheckedHeap } from "../oracle/checked-heap.ts";
import { Pattern } from "../oracle/pattern.ts";
import { Shadow } from "../oracle/shadow.ts";
import { findWorkload } from "../workloads/catalogue.ts";
import type { Heap } from "../workloads/heap.ts";
import type { Ending } from "../workloads/workload.ts";
import type { Assignment, OracleMemory, WorkerReport } from "./assignment.ts";
import { Phase, Seat } from "./control.ts";
import { PlainHeap } from "./plain-heap.ts";
import { reportOf } from "./report-fault.ts";

declare const self: Worker;

async function work(assignment: Assignment): Promise<Ending> {
  const { worker, workers, seats, seed, shared, oracle } = assignment;
  const workload = findWorkload(assignment.workload);
  const opened = await openAllocator(assignment.allocator, worker);
  const checked = oracle !== null && assignment.allocator.kind === "foreign";
  const allocator = checked ? inWholeGranules(opened) : opened;
  const seat = new Seat(assignment.control, worker, seats);
  const context = { worker, workers, seats, seed, seat, heapOver: heaps(allocator, seat, oracle) };
  if (assignment.generation === 0) {
    if (worker === 0) workload.open?.(context, shared);
    seat.waitForStart();
  }
  for (;;) {
    const ending = workload.run(context, shared);
    seat.enter(Phase.detach, 0);
    allocator.detach();
    if (ending === "finished" || workload.successor !== "attachment") {
      seat.enter(Phase.finished, 0);
      return ending;
    }
  }
}

function heaps(allocator: Allocator, seat: Seat, oracle: OracleMemory | null): (blocks: BlockTable) => Heap {
  if (oracle === null) return (blocks) => new PlainHeap(allocator, seat, blocks);
  const shadow = new Shadow(oracle.shadow);
  const pattern = new Pattern(oracle.pattern);
  return (blocks) => new CheckedHeap(allocator, shadow, pattern, seat, blocks);
}

self.onmessage = async (event: MessageEvent<Assignment>) => {
  // Without a listener nothing keeps the Worker alive, and it ends by itself.
  self.onmessage = null;
  let report: WorkerReport;
  try {
    report = { type: await work(event.data) };
  } catch (thrown) {
    report = { type: "fault", fault: reportOf(thrown) };
  }
  self.postMessage(report);
};
