/** One Worker of a chaos crew as the main thread sees it. */
import type { FaultReport } from "../../crew/assignment.ts";
import { within } from "../../crew/within.ts";
import { Fault } from "../../oracle/fault.ts";
import type { ChaosAssignment, ChaosReport } from "./assignment.ts";

/** How long a killed Worker may take to end. The runtime takes its JavaScript heap apart first. */
const FAREWELL_MS = 10_000;

export class MortalWorker {
  isDying = false;
  private fault: FaultReport | null = null;
  private readonly worker: Worker;
  private readonly closed: Promise<void>;

  constructor(
    private readonly seat: number,
    assignment: ChaosAssignment,
  ) {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    this.worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<ChaosReport>) => {
      if (data.type === "fault") this.fault ??= data.fault;
      else this.isDying = true;
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.fault ??= { kind: "crash", message: event.message };
    });
    this.closed = new Promise((resolve) => {
      worker.addEventListener("close", () => {
        if (!this.isDying) this.fault ??= { kind: "crash", message: "the Worker ended by itself" };
        resolve();
      });
    });
    worker.postMessage(assignment);
  }

  throwFault(): void {
    if (this.fault !== null) throw new Fault(this.fault.kind, `Worker ${this.seat}: ${this.fault.message}`);
  }

  /** Ends the Worker where it is; returns when it is gone. */
  async kill(): Promise<void> {
    this.isDying = true;
    this.worker.terminate();
    await this.gone(FAREWELL_MS);
  }

  /** Waits until a Worker that was told to stop has ended. */
  async finished(ms: number): Promise<void> {
    await this.gone(ms);
    this.throwFault();
  }

  private async gone(ms: number): Promise<void> {
    if (await within(this.closed, ms)) return;
    throw new Fault("hang", `Worker ${this.seat} has not ended after ${(ms / 1000).toFixed(1)} s`);
  }
}
