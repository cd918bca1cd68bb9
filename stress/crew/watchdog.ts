/**
 * Finds Workers that do not move any more. A Worker moves when its heartbeat does: once or more for each call of
 * the allocator. One that waits for others, or is not running, may stand still as long as anybody moves.
 */
import { type Control, standingStill } from "./control.ts";

export class Watchdog {
  private readonly beats: number[];
  private readonly since: number[];

  constructor(
    private readonly control: Control,
    private readonly patienceMs: number,
    now: number,
  ) {
    this.beats = Array.from({ length: control.workers }, () => -1);
    this.since = this.beats.map(() => now);
  }

  /** Looks at all Workers; returns what is wrong, or null. */
  look(now: number): string | null {
    const { control } = this;
    let someoneMoves = false;
    const stuck: number[] = [];
    for (let worker = 0; worker < control.workers; worker++) {
      const beat = control.beat(worker);
      if (beat !== this.beats[worker]) {
        this.beats[worker] = beat;
        this.since[worker] = now;
      }
      if (now - this.since[worker]! < this.patienceMs) someoneMoves = true;
      else if (!standingStill.includes(control.phase(worker))) stuck.push(worker);
    }
    if (someoneMoves && stuck.length === 0) return null;
    const seconds = this.patienceMs / 1000;
    const reports = Array.from({ length: control.workers }, (_, worker) => this.describe(worker));
    return stuck.length > 0
      ? `no heartbeat for ${seconds} s: ${stuck.map((worker) => reports[worker]).join("; ")}`
      : `no Worker moved for ${seconds} s: ${reports.join("; ")}`;
  }

  private describe(worker: number): string {
    const phase = this.control.phase(worker);
    const argument = standingStill.includes(phase) ? "" : ` (${this.control.argument(worker)} bytes)`;
    return `Worker ${worker} in ${phase}${argument}`;
  }
}
