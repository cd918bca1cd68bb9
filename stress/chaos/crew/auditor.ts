/** The auditor as the main thread sees it: one order, one report. A heap that hangs hangs the auditor only. */
import { within } from "../../crew/within.ts";
import { Fault } from "../../oracle/fault.ts";
import type { AuditOrder, AuditorAssignment, AuditReport } from "./assignment.ts";
import type { AuditFigures } from "./audit.ts";

export class Auditor {
  private readonly worker = new Worker(new URL("./auditor-worker.ts", import.meta.url));
  private receive: (report: AuditReport) => void = () => {};
  private report: Promise<AuditReport>;

  constructor(
    assignment: AuditorAssignment,
    private readonly patienceMs: number,
  ) {
    this.worker.addEventListener("message", ({ data }: MessageEvent<AuditReport>) => this.receive(data));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.receive({ type: "fault", fault: { kind: "crash", message: event.message } });
    });
    this.report = this.next();
    this.worker.postMessage(assignment);
  }

  async ready(): Promise<void> {
    await this.answer();
  }

  async look(order: AuditOrder): Promise<AuditFigures> {
    this.report = this.next();
    this.worker.postMessage(order);
    const report = await this.answer();
    if (report.type !== "audit") throw new TypeError(`the auditor answered ${report.type}`);
    return report.figures;
  }

  async dismiss(): Promise<void> {
    const closed = new Promise((resolve) => this.worker.addEventListener("close", resolve));
    this.worker.terminate();
    await within(closed, this.patienceMs);
  }

  private next(): Promise<AuditReport> {
    return new Promise((resolve) => {
      this.receive = resolve;
    });
  }

  private async answer(): Promise<AuditReport> {
    if (!(await within(this.report, this.patienceMs))) {
      throw new Fault("hang", `the auditor has not answered after ${this.patienceMs / 1000} s`);
    }
    const report = await this.report;
    if (report.type === "fault") throw new Fault(report.fault.kind, `audit: ${report.fault.message}`);
    return report;
  }
}
