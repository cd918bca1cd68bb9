/**
 * Times a loop by mitata's `measure`: it runs the loop until the time is over and gives the median of the runs. Before, the
 * loop runs for as long again: the last stage of the compiler comes late, and later on a busy machine.
 */
import { measure } from "mitata";

export interface Effort {
  /** For how long the loop warms up, then for how long mitata repeats it, and how often at least. */
  readonly milliseconds: number;
  readonly leastRuns: number;
}

/** Nanoseconds of one run. `mostRuns`: the most runs that the process may make, without a warm-up. */
export async function timeLoop(loop: () => void, effort: Effort, mostRuns?: number): Promise<number> {
  if (mostRuns === undefined) warmUp(loop, effort.milliseconds);
  const { p50 } = await measure(loop, {
    min_cpu_time: effort.milliseconds * 1e6,
    min_samples: effort.leastRuns,
    // A run is never too short for the clock.
    batch_threshold: 0,
    ...(mostRuns !== undefined && { max_samples: mostRuns }),
  });
  return p50;
}

function warmUp(loop: () => void, milliseconds: number): void {
  const end = Bun.nanoseconds() + milliseconds * 1e6;
  while (Bun.nanoseconds() < end) loop();
}
