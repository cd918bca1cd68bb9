/**
 * The memory through which the main thread and the Workers see each other while they run.
 *
 *     bytes 0 ..         one line for all: start flag, stop flag, start line, meeting, decisions
 *     128 * (1 + seat)   a Worker's line: heartbeat, phase, and the figures it counts
 *
 * Each Worker writes its own line only, with plain stores; a line is two cache lines, so that nobody waits for
 * a neighbour's counter. The main thread reads them as samples.
 */
import { meetAt } from "./meeting.ts";

const LINE_BYTES = 128;
const LINE_WORDS = (LINE_BYTES / 4) | 0;
const LINE_FIGURES = (LINE_BYTES / 8) | 0;

/** Words of the common line. */
const START = 0;
const STOP = 1;
const COUNTED_IN = 2;
/** A meeting of two words. */
const MEETING = 3;
const MEETING_ROUND = MEETING + 1;
/** Two words, for meetings of even and of odd number: whether Worker 0 saw the stop flag before it. */
const DECISION = 5;

/** Words of a Worker's line. */
const BEAT = 0;
const PHASE = 1;
/** Figures of a Worker's line, in units of 8 bytes. */
const ARGUMENT = 1;
const OPERATIONS = 2;
const LIVE_BLOCKS = 3;
const LIVE_BYTES = 4;
const TURNS = 5;

/** What a Worker is doing. The watchdog reports it. */
export const phases = [
  "starting",
  "waiting",
  "finished",
  "checking a payload",
  "malloc",
  "calloc",
  "realloc",
  "alignedAlloc",
  "free",
  "usableSize",
  "attach",
  "detach",
] as const;
export type Phase = (typeof phases)[number];
/** In these a Worker may stand still. */
export const standingStill: readonly Phase[] = ["starting", "waiting", "finished"];
type PhaseNumbers = { readonly [name in Phase]: number };
export const Phase = Object.fromEntries(phases.map((name, number) => [name, number])) as PhaseNumbers;

export function createControlMemory(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(LINE_BYTES * (1 + workers));
}

/** The main thread's side. */
export class Control {
  private readonly words: Int32Array;
  private readonly figures: Float64Array;

  constructor(
    memory: SharedArrayBuffer,
    readonly workers: number,
  ) {
    this.words = new Int32Array(memory);
    this.figures = new Float64Array(memory);
  }

  countedIn(): number {
    return Atomics.load(this.words, COUNTED_IN);
  }

  release(): void {
    Atomics.store(this.words, START, 1);
    Atomics.notify(this.words, START);
  }

  stop(): void {
    Atomics.store(this.words, STOP, 1);
  }

  beat(worker: number): number {
    return Atomics.load(this.words, LINE_WORDS * (1 + worker) + BEAT);
  }

  phase(worker: number): Phase {
    return phases[Atomics.load(this.words, LINE_WORDS * (1 + worker) + PHASE)]!;
  }

  /** The size that the Worker's phase is about. */
  argument(worker: number): number {
    return this.figures[LINE_FIGURES * (1 + worker) + ARGUMENT]!;
  }

  operations = (): number => this.sum(OPERATIONS);
  liveBlocks = (): number => this.sum(LIVE_BLOCKS);
  liveBytes = (): number => this.sum(LIVE_BYTES);
  turns = (): number => this.sum(TURNS);

  /** Blocks wander between Workers, so one Worker's live count may be negative; only the sum has a meaning. */
  private sum(figure: number): number {
    let sum = 0;
    for (let worker = 0; worker < this.workers; worker++) {
      sum += this.figures[LINE_FIGURES * (1 + worker) + figure]!;
    }
    return sum;
  }
}

/** A Worker's side. */
export class Seat {
  private readonly words: Int32Array;
  private readonly figures: Float64Array;
  private readonly word: number;
  private readonly figure: number;

  constructor(
    memory: SharedArrayBuffer,
    readonly worker: number,
    readonly workers: number,
  ) {
    this.words = new Int32Array(memory);
    this.figures = new Float64Array(memory);
    this.word = LINE_WORDS * (1 + worker);
    this.figure = LINE_FIGURES * (1 + worker);
  }

  /** A heartbeat: says what comes next. */
  enter(phase: number, argument: number): void {
    this.words[this.word + PHASE] = phase;
    this.words[this.word + BEAT]!++;
    this.figures[this.figure + ARGUMENT] = argument;
  }

  /** Counts one operation and what it changed. */
  count(blocks: number, bytes: number): void {
    this.figures[this.figure + OPERATIONS]!++;
    this.figures[this.figure + LIVE_BLOCKS]! += blocks;
    this.figures[this.figure + LIVE_BYTES]! += bytes;
  }

  /** Counts one operation where nobody asks what is live. */
  countOperation(): void {
    this.figures[this.figure + OPERATIONS]!++;
  }

  countTurn(): void {
    this.figures[this.figure + TURNS]!++;
  }

  stopped(): boolean {
    return Atomics.load(this.words, STOP) !== 0;
  }

  /** Counts in and waits at the start line. */
  waitForStart(): void {
    this.enter(Phase.waiting, 0);
    Atomics.add(this.words, COUNTED_IN, 1);
    while (Atomics.load(this.words, START) === 0) Atomics.wait(this.words, START, 0, 100);
  }

  /** Waits until all Workers have come here. */
  meet(): void {
    this.enter(Phase.waiting, 0);
    meetAt(this.words, MEETING, this.workers);
  }
  /**
   * Meets, and tells whether another round follows: the same answer for all, as Worker 0 found it. Nobody can write
   * the next decision of the same parity before all have read this one.
   */
  goOn(): boolean {
    const decision = DECISION + (Atomics.load(this.words, MEETING_ROUND) & 1);
    if (this.worker === 0) Atomics.store(this.words, decision, this.stopped() ? 1 : 0);
    this.meet();
    return Atomics.load(this.words, decision) === 0;
  }
}
