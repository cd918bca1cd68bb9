/** One Worker as the main thread sees it: exactly one report, then its end. */
import { Fault } from "../oracle/fault.ts";
import type { WorkerReport } from "./assignment.ts";
import { within } from "./within.ts";

/** How long a Worker may take from its report to its end before it is terminated. */
const FAREWELL_MS = 2000;

export class HiredWorker {
  /** Resolves with the Worker's report; a Worker that breaks down reports a crash. */
  readonly report: Promise<WorkerReport>;
  private readonly worker: Worker;
  private readonly closed: Promise<void>;

  constructor(script: URL, message: unknown) {
    const worker = new Worker(script);
    this.worker = worker;
    const crash = (text: string): WorkerReport => ({
      type: "fault",
      fault: { kind: "crash", message: text },
    });
    this.report = new Promise((resolve) => {
      worker.addEventListener("message", (event: MessageEvent<WorkerReport>) => resolve(event.data));
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        resolve(crash(event.message));
      });
      worker.addEventListener("close", () => resolve(crash("the Worker ended without a report")));
    });
    this.closed = new Promise((resolve) => worker.addEventListener("close", () => resolve()));
    worker.postMessage(message);
  }

  /** Waits until the thread is gone. */
  async ended(): Promise<void> {
    if (!(await within(this.closed, FAREWELL_MS))) await this.terminate();
  }

  async terminate(): Promise<void> {
    this.worker.terminate();
    await within(this.closed, FAREWELL_MS);
  }
}

/** Throws the Fault that a Worker reported. */
export function throwFault(report: WorkerReport, who: string): void {
  if (report.type === "fault") throw new Fault(report.fault.kind, `${who}: ${report.fault.message}`);
}
