/**
 * Workers on one heap that may be killed at any instant, and one auditor. Each seat is filled again as soon as its
 * Worker is gone; what it was doing is settled in between. Never blocks the main thread.
 */

import type { OracleMemory } from "../../crew/assignment.ts";
import { Control, createControlMemory } from "../../crew/control.ts";
import { Shadow } from "../../oracle/shadow.ts";
import { deriveSeed } from "../../random.ts";
import type { Recording } from "../../recordings/recording.ts";
import { trimmedAnonymous } from "../../report/rss.ts";
import type { SubjectChoice } from "../subjects/subject.ts";
import type { ChaosWorkload, Places } from "../workloads/workload.ts";
import type { ChaosAssignment } from "./assignment.ts";
import type { AuditFigures } from "./audit.ts";
import { Auditor } from "./auditor.ts";
import { createEstate, inherit } from "./estate.ts";
import { allRest, closeGate, createGate, endGate, openGate } from "./gate.ts";
import { MortalWorker } from "./mortal-worker.ts";
import { Waits } from "./waits.ts";
import { createWillMemory, Will } from "./will.ts";

const TICK_MS = 2;

export interface ChaosJob {
  readonly workload: ChaosWorkload;
  readonly recording: Recording | undefined;
  readonly workers: number;
  readonly seed: number;
  readonly subject: SubjectChoice;
  readonly oracle: OracleMemory;
  /** How long a Worker may stand still in one step. */
  readonly longestWaitMs: number;
  /** How long an audit and the end of all Workers may take. */
  readonly patienceMs: number;
}

export interface AuditSample extends AuditFigures {
  /** Of the process without the pages of files, all Workers resting. */
  readonly residentBytes: number;
}

export class ChaosCrew {
  readonly waits: Waits;
  /** The longest time that the runtime took from `terminate()` to a Worker's end. */
  longestEndMs = 0;
  readonly control: Control;
  private readonly memory: SharedArrayBuffer;
  private readonly wills: SharedArrayBuffer;
  private readonly gate: Int32Array;
  private readonly shared: Places;
  private readonly shadow: Shadow;
  private readonly seats: MortalWorker[] = [];
  private readonly burials = new Set<Promise<void>>();
  private readonly auditor: Auditor;
  private estate = createEstate();
  private hired = 0;

  constructor(private readonly job: ChaosJob) {
    this.memory = createControlMemory(job.workers);
    this.control = new Control(this.memory, job.workers);
    this.waits = new Waits(this.control, job.longestWaitMs);
    this.wills = createWillMemory(job.workers);
    this.gate = createGate(job.workers);
    this.shared = job.workload.prepare(job);
    this.shadow = new Shadow(job.oracle.shadow);
    const { subject, oracle } = job;
    this.auditor = new Auditor({ subject, oracle, blocks: this.shared.blocks }, job.patienceMs);
  }

  async start(): Promise<void> {
    await this.auditor.ready();
    for (let seat = 0; seat < this.job.workers; seat++) this.hire(seat);
  }

  /** Whether the seat's Worker has been at work for so long; with a negative time: whether it is attaching at least. */
  isDue(seat: number, lifeMs: number): boolean {
    if (this.seats[seat]!.isDying || !this.waits.hasBegun(seat)) return false;
    return lifeMs < 0 || this.waits.workedMs(seat) > lifeMs;
  }

  /** Ends the Worker of a seat wherever it is. Its successor starts when the thread is gone. */
  kill(seat: number): void {
    const burial = this.bury(seat).finally(() => this.burials.delete(burial));
    this.burials.add(burial);
  }

  /** Lets time pass. Throws a Fault as soon as one is known. */
  async pass(ms = TICK_MS): Promise<void> {
    await Bun.sleep(ms);
    for (const worker of this.seats) worker.throwFault();
    this.waits.look();
  }

  /** Brings all Workers to rest, compares the heap with the table, and lets them go on. */
  async audit(): Promise<AuditSample> {
    await this.rest();
    const figures = await this.inspect(this.seats.length, false);
    const residentBytes = trimmedAnonymous();
    openGate(this.gate);
    return { ...figures, residentBytes };
  }

  /** Ends all Workers; frees everything; nothing may be left. */
  async finish(): Promise<AuditFigures> {
    await this.rest();
    endGate(this.gate);
    const end = performance.now() + this.job.patienceMs;
    for (const worker of this.seats) await worker.finished(end - performance.now());
    return this.inspect(0, true);
  }

  /** Ends whoever is left. */
  async dismiss(): Promise<void> {
    endGate(this.gate);
    await Promise.all([...this.seats.map((worker) => worker.kill()), this.auditor.dismiss()]);
  }

  private async rest(): Promise<void> {
    closeGate(this.gate);
    while (this.burials.size > 0 || !allRest(this.gate)) await this.pass();
  }

  private async inspect(attached: number, last: boolean): Promise<AuditFigures> {
    const { estate } = this;
    this.estate = createEstate();
    return this.auditor.look({ estate, attached, last });
  }

  private hire(seat: number): void {
    const { job } = this;
    this.waits.leave(seat);
    const assignment: ChaosAssignment = {
      workload: job.workload.name,
      worker: seat,
      workers: job.workers,
      seed: deriveSeed(job.seed, job.workload.name, this.hired++),
      subject: job.subject,
      oracle: job.oracle,
      control: this.memory,
      wills: this.wills,
      gate: this.gate,
      shared: this.shared,
    };
    this.seats[seat] = new MortalWorker(seat, assignment);
  }

  private async bury(seat: number): Promise<void> {
    this.waits.leave(seat);
    const start = performance.now();
    await this.seats[seat]!.kill();
    this.longestEndMs = Math.max(this.longestEndMs, performance.now() - start);
    inherit(this.estate, new Will(this.wills, seat).read(), this.shared.blocks, this.shadow);
    new Will(this.wills, seat).fulfil();
    this.job.workload.release(this.shared, seat);
    this.hire(seat);
  }
}
