/**
 * Times a loop by mitata's `measure`: it runs the loop until the time is over and gives the median of the runs. Before, the
 * loop runs for a while: the last stage of the compiler comes late, and later on a busy machine.
 */
import { measure } from "mitata";

export interface Effort {
  /** For how long the loop warms up, then for how long mitata repeats it, and how often at least. */
  readonly warmUpMs: number;
  readonly milliseconds: number;
  readonly leastRuns: number;
}

export interface Manner {
  /** The most runs that the process may make; then there is no warm-up. */
  readonly mostRuns?: number | undefined;
  /** A clock in nanoseconds. */
  readonly now?: () => number;
}

/** Nanoseconds of one run. */
export async function timeLoop(loop: () => void, effort: Effort, manner: Manner): Promise<number> {
  const { mostRuns, now = Bun.nanoseconds } = manner;
  if (mostRuns === undefined) warmUp(loop, effort.warmUpMs, now);
  const { p50 } = await measure(loop, {
    now,
    min_cpu_time: effort.milliseconds * 1e6,
    min_samples: effort.leastRuns,
    // A run is never too short for the clock.
    batch_threshold: 0,
    ...(mostRuns !== undefined && { max_samples: mostRuns }),
  });
  return p50;
}

function warmUp(loop: () => void, milliseconds: number, now: () => number): void {
  const end = now() + milliseconds * 1e6;
  while (now() < end) loop();
}
