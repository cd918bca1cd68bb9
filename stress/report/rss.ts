/** How much physical memory the process holds when everything that can go has gone. */
import { readFileSync } from "node:fs";
import { anonymousBytes, residentBytes, trimLibc } from "../../native/raw-memory.ts";

const SHRINK_MS = 500;
const SAMPLE_MS = 100;
/** The runtime gives memory back from timers of its own: wait until nothing has gone for this many samples. */
const CALM_SAMPLES = 10;
const MOST_SAMPLES = 40;
const NOISE_BYTES = 128 * 1024;

/** After a full collection, at once. */
export function trimmedRss(): number {
  giveBack();
  return walkedBytes("Rss") ?? residentBytes();
}

/** The same without the pages of files: for a growth of a few KiB a Worker, in which they would be noise. */
export function trimmedAnonymous(): number {
  giveBack();
  return walkedBytes("Anonymous") ?? anonymousBytes();
}

/**
 * As the kernel finds them when it walks the page tables. The sums that it keeps, in /proc/self/statm, leave out up to
 * 64 pages a processor on Linux 6.2 to 6.15: 4 MiB on 16. null = not on this system.
 */
function walkedBytes(field: RollupField): number | null {
  try {
    return rollupBytes(readFileSync("/proc/self/smaps_rollup", "latin1"), field);
  } catch {
    return null; // before Linux 4.14, and on macOS
  }
}

export type RollupField = "Rss" | "Anonymous";

/** A field of the text of /proc/self/smaps_rollup. null = it has no such field. */
export function rollupBytes(text: string, field: RollupField): number | null {
  const kibibytes = new RegExp(`^${field}: +(\\d+) kB$`, "m").exec(text)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

function giveBack(): void {
  Bun.gc(true);
  trimLibc();
}

/** After waiting for the runtime; takes one and a half to five seconds. */
export async function settledRss(): Promise<number> {
  // Drops the main thread's compiled code when it is idle; what the code kept alive can be collected only then.
  Bun.shrink();
  await Bun.sleep(SHRINK_MS);
  let least = Number.POSITIVE_INFINITY;
  for (let sample = 0, calm = 0; sample < MOST_SAMPLES && calm < CALM_SAMPLES; sample++) {
    const now = trimmedRss();
    calm = now < least - NOISE_BYTES ? 0 : calm + 1;
    least = Math.min(least, now);
    await Bun.sleep(SAMPLE_MS);
  }
  return least;
}
