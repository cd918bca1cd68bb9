/**
 * How long each Worker stands still inside one step, seen from the main thread by its heartbeat. Nobody may wait
 * longer than allowed, whoever dies. Resting, idling and starting are no waits; attaching is one.
 *
 * Time goes on only while the main thread itself gets to run: what a busy machine takes from all is nobody's wait.
 */
import { loadavg } from "node:os";
import { type Control, standingStill } from "../../crew/control.ts";
import { Fault } from "../../oracle/fault.ts";

/** So much of the time between two looks counts at the most. */
const STEP_MS = 25;
/** How long a Worker may take from its start to its first heartbeat. */
const START_MS = 30_000;

/**
 * How much of the machine others take: 1 while the load is no more than the crew, its auditor and the main thread make.
 * A thread that has to die before its lock is taken over dies more slowly on a crowded machine.
 */
function crowding(workers: number): number {
  return Math.max(1, loadavg()[0]! / (workers + 2));
}

export class Waits {
  /** The longest that was seen in each seat. */
  readonly longestMs: number[];
  private nowMs = 1;
  private lookedAt = performance.now();
  private readonly beats: number[];
  /** When the heartbeat was seen to move the last time; 0 = the seat has no Worker that has begun. */
  private readonly since: number[];
  /** When the seat was emptied the last time. */
  private readonly left: number[];
  /** When the Worker was first seen at work, behind attaching; 0 = not yet. */
  private readonly begun: number[];

  constructor(
    private readonly control: Control,
    private readonly mostMs: number,
  ) {
    this.beats = Array.from({ length: control.workers }, (_, seat) => control.beat(seat));
    this.since = this.beats.map(() => 0);
    this.longestMs = this.beats.map(() => 0);
    this.left = this.beats.map(() => this.nowMs);
    this.begun = this.beats.map(() => 0);
  }

  /** The seat's Worker is about to be ended: what it does is not looked at until its successor moves. */
  leave(seat: number): void {
    this.since[seat] = 0;
    this.left[seat] = this.nowMs;
    this.begun[seat] = 0;
    this.beats[seat] = this.control.beat(seat);
  }

  /** Whether the seat's present Worker has come to attaching. */
  hasBegun(seat: number): boolean {
    return this.since[seat] !== 0;
  }

  /** How long the seat's present Worker has been at work. */
  workedMs(seat: number): number {
    return this.begun[seat] === 0 ? 0 : this.nowMs - this.begun[seat]!;
  }

  /** Throws a Fault about a Worker that waits too long. */
  look(): void {
    const time = performance.now();
    this.nowMs += Math.min(time - this.lookedAt, STEP_MS);
    this.lookedAt = time;
    const { control, nowMs: now } = this;
    for (let seat = 0; seat < control.workers; seat++) {
      const beat = control.beat(seat);
      if (beat !== this.beats[seat]) {
        this.beats[seat] = beat;
        this.since[seat] = now;
        if (this.begun[seat] === 0 && control.phase(seat) !== "attach") this.begun[seat] = now;
      } else if (this.since[seat] === 0) {
        if (now - this.left[seat]! > START_MS) throw new Fault("hang", `Worker ${seat} does not start`);
      } else if (!standingStill.includes(control.phase(seat))) {
        this.note(seat, now - this.since[seat]!);
      }
    }
  }

  private note(seat: number, ms: number): void {
    this.longestMs[seat] = Math.max(this.longestMs[seat]!, ms);
    if (ms <= this.mostMs) return;
    const allowedMs = this.mostMs * crowding(this.control.workers);
    if (ms <= allowedMs) return;
    const step = `${this.control.phase(seat)} (${this.control.argument(seat)} bytes)`;
    throw new Fault(
      "hang",
      `Worker ${seat} waits for ${ms.toFixed(0)} ms in ${step}, ${allowedMs.toFixed(0)} are allowed`,
    );
  }
}
