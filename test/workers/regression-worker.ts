/** The Worker of regression-cases.ts: attaches to the arena in the order, tells that it has, and does one thing. */
import { Arena, type ArenaHandle } from "../../src/index.ts";

export interface Task {
  readonly do: "hold" | "free" | "attach";
  readonly handle: ArenaHandle;
  /** Int32: rounds started, rounds answered, whether the last free succeeded. */
  readonly rounds: Int32Array;
  /** The pointer to free in this round; 0 = the end. */
  readonly box: Float64Array;
}

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<Task>) => {
  const { handle, rounds, box } = data;
  let arena = Arena.attach(handle);
  arena.malloc(100);
  self.postMessage("attached");
  while (data.do === "attach") {
    arena.dispose();
    arena = Arena.attach(handle);
    arena.malloc(10);
  }
  for (let round = 1; data.do === "free"; round++) {
    while (Atomics.load(rounds, 0) < round) Atomics.wait(rounds, 0, round - 1);
    if (box[0] === 0) return;
    const until = performance.now() + (round % 50) / 100;
    while (performance.now() < until);
    let freed = 1;
    try {
      arena.free(box[0]!);
    } catch {
      freed = 0;
    }
    rounds[2] = freed;
    Atomics.store(rounds, 1, round);
    Atomics.notify(rounds, 1);
  }
};
