/**
 * Runs one workload on real Workers: starts them, waits until all have counted in, releases them together, stops
 * them when time is up, and watches them. Never blocks the main thread.
 */
import { residentBytes } from "../../native/raw-memory.ts";
import type { AllocatorChoice, Audit } from "../allocators/allocator.ts";
import { Fault } from "../oracle/fault.ts";
import { deriveSeed } from "../random.ts";
import type { Recording } from "../recordings/recording.ts";
import type { Workload } from "../workloads/workload.ts";
import type { Assignment, OracleMemory, WorkerReport } from "./assignment.ts";
import { Control, createControlMemory } from "./control.ts";
import { HiredWorker, throwFault } from "./hired-worker.ts";
import { Watchdog } from "./watchdog.ts";
import { within } from "./within.ts";

const TICK_MS = 20;

export interface Job {
  readonly workload: Workload;
  readonly recording: Recording | undefined;
  readonly tasks: number;
  readonly workers: number;
  readonly seconds: number;
  readonly seed: number;
  readonly allocator: AllocatorChoice;
  /** null: the bench build, in which Workers have no heartbeat either. */
  readonly oracle: OracleMemory | null;
  readonly watchdogSeconds: number;
}

/** What was counted until now; the Workers may be counting on. */
export interface Figures {
  /** From the release until now, or until the last Worker was done. */
  seconds: number;
  operations: number;
  /** Whole rounds of the workload: generations of larson, batches, turns of replay, programs of collatz. */
  turns: number;
  liveBytes: number;
  /** Sampled every 20 ms. */
  peakLiveBytes: number;
  peakRssBytes: number;
  /** Started, successors among them. */
  workers: number;
  /** What the workload found out, where it does. */
  result: string | null;
}

export const createFigures = (): Figures => ({
  seconds: 0,
  operations: 0,
  turns: 0,
  liveBytes: 0,
  peakLiveBytes: 0,
  peakRssBytes: 0,
  workers: 0,
  result: null,
});

/** Runs the workload to its end, telling `figures` as it goes. Throws a Fault as soon as one is known. */
export async function runCrew(job: Job, figures: Figures, observe: () => void): Promise<void> {
  const crew = new Crew(job, figures, observe);
  try {
    await crew.run();
  } finally {
    await crew.dismiss();
  }
}

class Crew {
  private readonly memory: SharedArrayBuffer;
  private readonly control: Control;
  private readonly watchdog: Watchdog;
  private readonly shared: unknown;
  private readonly hired = new Set<HiredWorker>();
  private readonly seats: number;
  private running: number;
  /** When the Workers were released, and when the last one was done. */
  private start = Number.POSITIVE_INFINITY;
  private end = 0;
  private broken: unknown = null;

  constructor(
    private readonly job: Job,
    private readonly figures: Figures,
    private readonly observe: () => void,
  ) {
    this.seats = job.workload.seats?.(job.workers) ?? job.workers;
    this.running = this.seats;
    this.memory = createControlMemory(this.seats);
    this.control = new Control(this.memory, this.seats);
    this.shared = job.workload.prepare(job);
    this.watchdog = new Watchdog(this.control, job.watchdogSeconds * 1000, performance.now());
  }

  async run(): Promise<void> {
    const { job, control, figures } = this;
    for (let worker = 0; worker < this.seats; worker++) void this.occupy(worker);
    while (control.countedIn() < this.seats) await this.tick();
    control.release();
    this.start = performance.now();
    while (this.running > 0) {
      await this.tick();
      if (figures.seconds >= job.seconds) control.stop();
    }
    figures.seconds = (this.end - this.start) / 1000;
    await Promise.all([...this.hired].map((worker) => worker.ended()));
    if (control.liveBlocks() !== 0 || control.liveBytes() !== 0) {
      throw new Fault(
        "leak",
        `${control.liveBlocks()} blocks (${control.liveBytes()} bytes) were not freed by the test`,
      );
    }
    figures.result = job.workload.result?.(this.shared) ?? null;
  }

  /** Ends Workers that did not end by themselves. */
  async dismiss(): Promise<void> {
    await Promise.all([...this.hired].map((worker) => worker.terminate()));
  }

  /** Keeps a seat filled until its workload is finished. */
  private async occupy(worker: number): Promise<void> {
    try {
      for (let generation = 0; ; generation++) {
        const report = await this.hire(worker, generation);
        throwFault(report, `Worker ${worker}`);
        if (report.type === "finished") break;
      }
      this.running--;
      this.end = performance.now();
    } catch (fault) {
      this.broken ??= fault;
    }
  }

  private async hire(worker: number, generation: number): Promise<WorkerReport> {
    const { job } = this;
    const assignment: Assignment = {
      workload: job.workload.name,
      worker,
      workers: job.workers,
      seats: this.seats,
      generation,
      seed: deriveSeed(job.seed, job.workload.name, worker),
      control: this.memory,
      oracle: job.oracle,
      allocator: job.allocator,
      shared: this.shared,
    };
    const hired = new HiredWorker(new URL("./worker.ts", import.meta.url), assignment);
    this.hired.add(hired);
    this.figures.workers++;
    const report = await hired.report;
    if (report.type === "succeed") {
      await hired.ended();
      this.hired.delete(hired);
    }
    return report;
  }

  private async tick(): Promise<void> {
    await Bun.sleep(TICK_MS);
    if (this.broken !== null) throw this.broken;
    const { control, figures } = this;
    const now = performance.now();
    figures.seconds = Math.max(0, now - this.start) / 1000;
    figures.operations = control.operations();
    figures.turns = control.turns();
    figures.liveBytes = control.liveBytes();
    figures.peakLiveBytes = Math.max(figures.peakLiveBytes, figures.liveBytes);
    figures.peakRssBytes = Math.max(figures.peakRssBytes, residentBytes());
    this.observe();
    const wrong = this.watchdog.look(now);
    if (wrong !== null) throw new Fault("hang", wrong);
  }
}

/** Lets a Worker of its own trim, check and count the heap. */
export async function auditHeap(allocator: AllocatorChoice, watchdogSeconds: number): Promise<Audit | null> {
  const auditor = new HiredWorker(new URL("./audit-worker.ts", import.meta.url), allocator);
  if (!(await within(auditor.report, watchdogSeconds * 1000))) {
    await auditor.terminate();
    throw new Fault("hang", `trim, check and stats took more than ${watchdogSeconds} s`);
  }
  const report = await auditor.report;
  await auditor.ended();
  throwFault(report, "outside of the workloads");
  return report.type === "audit" ? report.audit : null;
}
