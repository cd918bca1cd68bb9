/** Workers that run a row's loop at the same time, as often as they are told. */
import type { ArenaHandle } from "../src/index.ts";
import type { Assignment } from "./child.ts";

/** Words of the control memory: runs that were ordered, Workers that are ready or done, Workers that broke down. */
export const Word = { ordered: 0, done: 1, broken: 2 } as const;

export interface Duty extends Assignment {
  readonly worker: number;
  readonly control: SharedArrayBuffer;
  readonly shared: SharedArrayBuffer;
  readonly handle?: ArenaHandle;
}

export class Crew {
  private readonly words: Int32Array;

  private constructor(
    private readonly size: number,
    control: SharedArrayBuffer,
  ) {
    this.words = new Int32Array(control);
  }

  /** Starts the Workers and waits until their loops are prepared. */
  static async hire(size: number, duty: Omit<Duty, "worker" | "control">): Promise<Crew> {
    const control = new SharedArrayBuffer(12);
    const crew = new Crew(size, control);
    for (let worker = 0; worker < size; worker++) {
      const hired = new Worker(new URL("worker.ts", import.meta.url));
      hired.postMessage({ ...duty, worker, control } satisfies Duty);
    }
    // Not with Atomics.wait: the main thread's loop starts the Workers.
    while (Atomics.load(crew.words, Word.done) < size) {
      crew.check();
      await Bun.sleep(1);
    }
    return crew;
  }

  /** One run in every Worker; returns when the last is done. */
  run(): void {
    const { words } = this;
    Atomics.store(words, Word.done, 0);
    Atomics.add(words, Word.ordered, 1);
    Atomics.notify(words, Word.ordered);
    for (;;) {
      const done = Atomics.load(words, Word.done);
      if (done >= this.size) break;
      Atomics.wait(words, Word.done, done);
    }
    this.check();
  }

  private check(): void {
    if (Atomics.load(this.words, Word.broken) > 0) throw new Error("a Worker broke down, see above");
  }
}
