/**
 * Real Workers that run functions of a test's module. A task is an exported function; it and its input travel by name
 * and by message, so it must use nothing but its argument, its imports and its module's constants.
 */
import { nativePlatform } from "../../native/index.ts";
import type { ThreadId } from "../../src/core/types.ts";

export interface Order {
  readonly module: string;
  readonly task: string;
  readonly input: unknown;
}

export type Answer =
  | { readonly thread: number }
  | { readonly value: unknown }
  | { readonly failure: { readonly name: string; readonly code?: string; readonly message: string } };

/** What a task threw in its Worker. */
export class TaskError extends Error {
  override readonly name = "TaskError";
  constructor(
    readonly errorName: string,
    readonly code: string | undefined,
    message: string,
  ) {
    super(`in a Worker: ${errorName}${code === undefined ? "" : ` ${code}`}: ${message}`);
  }
}

const DEATH_LIMIT_MS = 10_000;

export class Hand {
  private constructor(
    private readonly worker: Worker,
    private readonly module: string,
    readonly thread: number,
  ) {}

  /** Starts a Worker for the tasks of a module: `hire(import.meta.url)`. */
  static async hire(module: string): Promise<Hand> {
    const worker = new Worker(new URL("./crew-worker.ts", import.meta.url).href, { smol: true });
    const { thread } = (await nextAnswer(worker)) as { thread: number };
    return new Hand(worker, module, thread);
  }

  /** Runs an exported function of the module and returns what it returns. Throws TaskError. */
  async run<Input, Output>(task: (input: Input) => Output, input: Input): Promise<Awaited<Output>> {
    const answer = nextAnswer(this.worker);
    this.worker.postMessage({ module: this.module, task: task.name, input } satisfies Order);
    return (await answer) as Awaited<Output>;
  }

  /** Starts a task that is not expected to end. */
  start<Input>(task: (input: Input) => unknown, input: Input): void {
    this.worker.postMessage({ module: this.module, task: task.name, input } satisfies Order);
  }

  /** Stops the Worker wherever it is and waits until its thread is gone. */
  async terminate(): Promise<void> {
    this.worker.terminate();
    await this.gone();
  }

  /** Waits until the Worker's thread is gone. */
  async gone(): Promise<void> {
    const { threads } = nativePlatform();
    const until = threads.now() + DEATH_LIMIT_MS;
    while (threads.isAlive(this.thread as ThreadId)) {
      if (threads.now() > until) throw new Error(`the Worker's thread is alive after ${DEATH_LIMIT_MS} ms`);
      await Bun.sleep(1);
    }
  }
}

/** Runs `use` with so many Workers and terminates them. */
export async function withCrew<Result>(
  module: string,
  count: number,
  use: (...hands: Hand[]) => Promise<Result>,
): Promise<Result> {
  const hands = await Promise.all(Array.from({ length: count }, () => Hand.hire(module)));
  try {
    return await use(...hands);
  } finally {
    await Promise.all(hands.map((hand) => hand.terminate()));
  }
}

function nextAnswer(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ("failure" in data) {
        reject(new TaskError(data.failure.name, data.failure.code, data.failure.message));
      } else resolve("value" in data ? data.value : data);
    };
    worker.onerror = (event) => reject(new Error(`a Worker ended: ${event.message}`));
  });
}

/** A line on which parties meet again and again; the last to come starts them all. */
export class StartLine {
  private readonly arrived: Int32Array;

  constructor(
    readonly shared: SharedArrayBuffer,
    private readonly parties: number,
  ) {
    this.arrived = new Int32Array(shared);
  }

  static create(parties: number): StartLine {
    return new StartLine(new SharedArrayBuffer(4), parties);
  }

  /** Waits for the others; turns are numbered from 0. */
  meet(turn: number): void {
    const SPINS = 5000;
    const everybody = (turn + 1) * this.parties;
    if (Atomics.add(this.arrived, 0, 1) + 1 === everybody) {
      Atomics.notify(this.arrived, 0);
      return;
    }
    for (let spins = 0; ; spins++) {
      const arrived = Atomics.load(this.arrived, 0);
      if (arrived >= everybody) return;
      if (spins > SPINS) Atomics.wait(this.arrived, 0, arrived, 1);
    }
  }
}
