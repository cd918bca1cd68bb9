/** Kept blocks, what was put aside and idle pages go back to the system after the purge delay, also if the program makes no request any more. */
import { PURGE_MARGIN_MS } from "../core/tunables.ts";
import type { Heap } from "../heap/heap.ts";
import { releaseKept } from "../heap/kept.ts";
import { depositStash } from "../heap/stash.ts";
import { purge } from "../heap/trim.ts";

/** Taken at import: programs replace `setTimeout` in their tests. */
const startTimer = setTimeout;

export class PurgeTimer {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly heap: Heap) {}

  /** If pages are idle, looks again when the delay is over. */
  lookLaterIf(idle: boolean): void {
    if (!idle || this.timer !== undefined || this.heap.geometry.purgeDelayMs === Infinity) return;
    this.timer = startTimer(() => {
      this.timer = undefined;
      this.look();
    }, this.heap.geometry.purgeDelayMs + PURGE_MARGIN_MS);
    this.timer.unref?.();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private look(): void {
    const { heap } = this;
    heap.enter();
    let idle = false;
    try {
      for (let index = 0; index < heap.windows.length; index++) {
        releaseKept(heap, index);
        depositStash(heap, index);
      }
      idle = purge(heap);
    } catch (error) {
      throw heap.repaired(error, "purge");
    } finally {
      heap.leave();
    }
    this.lookLaterIf(idle);
  }
}
