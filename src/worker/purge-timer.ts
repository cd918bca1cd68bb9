/**
 * Looks after the arena while this Worker's event loop runs: what it has cached goes back a purge delay after something
 * was left idle, and what others have freed, left or taken along when they died goes back to the system
 * (worker/upkeep.ts), also if this Worker makes no request any more. The timer keeps nobody's event loop alive.
 */

import { InvalidPointerError } from "../core/errors.ts";
import { GRANULE_BYTES } from "../core/size-classes.ts";
import { KEPT_LEAST_BYTES, PURGE_LOOK_MOST_MS, TIMER_LATE_MS, WATCH_MS } from "../core/tunables.ts";
import type { Heap } from "../heap/heap.ts";
import { releaseKept } from "../heap/kept.ts";
import type { Magazines } from "./magazines.ts";
import { fullUpkeep, needsUpkeep } from "./upkeep.ts";

/** Taken at import: programs replace them in their tests. */
const startTimer = setTimeout;
const stopTimer = clearTimeout;

/** While the lock is taken, the timer comes again after so many milliseconds. */
const BUSY_MS = 10;

/** Calls of which one asks whether the timer is late. */
const CLOCK_MASK = 7;

/** Granules of kept blocks that a Worker which makes requests keeps. */
const KEPT_REST = KEPT_LEAST_BYTES / 2 / GRANULE_BYTES;

export class PurgeTimer {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the timer is set for a look, and not only to see whether one is needed. */
  private isSoon = false;
  /** Whether that look, and the time when the caches go back, are set: asked by every block that is kept. */
  private isExpected = false;
  /** By the system's clock, in milliseconds: when the timer is due, and when this Worker's caches go back. */
  private dueAt = Infinity;
  private drainAt = Infinity;
  private calls = 0;
  /** Infinity: nothing goes back by itself, or the arena may be gone. */
  private delay: number;

  constructor(
    private readonly heap: Heap,
    /** This Worker's, which are emptied: it looks between two turns of its event loop. */
    private readonly magazines: readonly Magazines[],
  ) {
    this.delay = heap.geometry.purgeDelayMs;
  }

  /** From now on this Worker looks. */
  start(): void {
    if (this.delay !== Infinity) this.arm(WATCH_MS);
  }

  /** Something lies idle, perhaps in this Worker's own caches. */
  lookLaterIf(idle: boolean): void {
    if (!idle || this.isExpected || this.delay === Infinity) return;
    this.isExpected = true;
    if (this.drainAt === Infinity) this.drainAt = this.now() + this.delay;
    if (this.isSoon) return;
    this.isSoon = true;
    this.arm(Math.min(this.delay, PURGE_LOOK_MOST_MS));
  }

  /**
   * Between two requests, now and then: does what a late timer should have done. Of this Worker's caches, which are in
   * use, only long lists go back.
   */
  catchUp(): void {
    if ((++this.calls & CLOCK_MASK) === 0 && this.now() > this.dueAt + TIMER_LATE_MS) this.fire(false);
  }

  /** The arena may be unmapped after this: nothing here looks at it any more. */
  stop(): void {
    stopTimer(this.timer);
    this.delay = Infinity;
    this.dueAt = Infinity;
  }

  /**
   * Gives back what may go back by now, after all but `rest` granules of what this Worker keeps, and for 0 of its magazines
   * too. Returns after how many milliseconds to look again, Infinity = when needed.
   */
  look(rest: number): number {
    const heap: Heap = this.heap;
    heap.enter();
    try {
      if (rest !== Infinity)
        for (let index = 0; index < heap.windows.length; index++) releaseKept(heap, index, rest);
      if (rest === 0) {
        for (let index = 0; index < this.magazines.length; index++) this.magazines[index]!.drain(heap);
      }
      return fullUpkeep(heap);
    } catch (error) {
      const reported = heap.repaired(error, "purge");
      // Nobody called: damage is repaired and counted (`stats().damaged`).
      if (!(reported instanceof InvalidPointerError)) throw reported;
      return Infinity;
    } finally {
      heap.leave();
      if (rest !== Infinity) {
        // What was left goes back when the event loop runs.
        this.drainAt = rest === 0 ? Infinity : this.now() + this.delay;
        this.isExpected = false;
      }
    }
  }

  private fire(mayDrain: boolean): void {
    if (this.delay === Infinity) return;
    const rest = this.now() < this.drainAt ? Infinity : mayDrain ? 0 : KEPT_REST;
    let wait = Infinity;
    try {
      // Of small blocks that this Worker put on its lists nobody has told.
      if (this.drainAt === Infinity && this.heap.keepsBlocks) this.drainAt = this.now() + this.delay;
      // Nobody's event loop stands still for this.
      if (this.heap.isBusy) wait = BUSY_MS;
      else if (this.isSoon || needsUpkeep(this.heap)) wait = this.look(rest);
      if (this.drainAt !== Infinity) wait = Math.min(wait, Math.max(this.drainAt - this.now(), 0));
    } finally {
      this.isSoon = wait !== Infinity;
      this.isExpected = this.isSoon && this.drainAt !== Infinity;
      this.arm(Math.min(Math.max(Math.ceil(wait), 1), WATCH_MS));
    }
  }

  private arm(ms: number): void {
    stopTimer(this.timer);
    this.dueAt = this.now() + ms;
    this.timer = startTimer(() => this.fire(true), ms);
    this.timer.unref?.();
  }

  private now(): number {
    return this.heap.platform.threads.now();
  }
}
