/** What lies idle goes back to the system after the purge delay, also if the program makes no request any more. */
import { drain } from "../cache/batches.ts";
import type { WindowCache } from "../cache/cache.ts";
import { InvalidPointerError } from "../core/errors.ts";
import { PURGE_MARGIN_MS } from "../core/tunables.ts";
import type { Heap } from "../heap/heap.ts";
import { purge } from "../heap/trim.ts";

/** Taken at import: programs replace `setTimeout` in their tests. */
const startTimer = setTimeout;

export class PurgeTimer {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly heap: Heap,
    /** This Worker's, which are emptied: it looks between two turns of its event loop. */
    private readonly caches: readonly WindowCache[],
  ) {}

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
      for (let index = 0; index < heap.windows.length; index++) drain(heap, index);
      idle = purge(heap);
    } catch (error) {
      const reported = heap.repaired(error, "purge");
      // Nobody called: damage is repaired and counted (`stats().damaged`).
      if (!(reported instanceof InvalidPointerError)) throw reported;
    } finally {
      heap.leave();
      for (const cache of this.caches) cache.setUp();
    }
    this.lookLaterIf(idle);
  }
}
