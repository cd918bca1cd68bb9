/** A Worker that works until the gate says that the run is over, or until it is killed. */

import { Phase, Seat } from "../../crew/control.ts";
import { reportOf } from "../../crew/report-fault.ts";
import { Pattern } from "../../oracle/pattern.ts";
import { Shadow } from "../../oracle/shadow.ts";
import { loadSubject } from "../subjects/open.ts";
import { findChaosWorkload } from "../workloads/catalogue.ts";
import type { Places } from "../workloads/workload.ts";
import type { ChaosAssignment, ChaosReport } from "./assignment.ts";
import { pass } from "./gate.ts";
import { MortalHeap } from "./mortal-heap.ts";
import { Will } from "./will.ts";

declare const self: Worker;

const IDLE_MS = 1;

async function work(assignment: ChaosAssignment): Promise<void> {
  const { worker, workers, seed, gate, oracle } = assignment;
  const seat = new Seat(assignment.control, worker, workers);
  const shared = assignment.shared as Places;
  const open = await loadSubject(assignment.subject);
  seat.enter(Phase.attach, 0);
  const { allocator, owner } = open();
  const will = new Will(assignment.wills, worker);
  will.begin(owner);
  const shadow = new Shadow(oracle.shadow);
  const heap = new MortalHeap(allocator, shadow, new Pattern(oracle.pattern), seat, shared.blocks, will);
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const idle = () => {
    seat.enter(Phase.waiting, 0);
    Atomics.wait(nobody, 0, 0, IDLE_MS);
  };
  const goesOn = () => pass(gate, seat);
  findChaosWorkload(assignment.workload).run({ worker, workers, seed, heap, goesOn, idle }, shared);
  seat.enter(Phase.detach, 0);
  allocator.detach();
  seat.enter(Phase.finished, 0);
}

self.onmessage = async (event: MessageEvent<ChaosAssignment>) => {
  self.onmessage = null;
  let report: ChaosReport;
  try {
    await work(event.data);
    report = { type: "finished" };
  } catch (thrown) {
    report = { type: "fault", fault: reportOf(thrown) };
  }
  self.postMessage(report);
};
