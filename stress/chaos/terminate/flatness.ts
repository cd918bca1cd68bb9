/** Whether resident memory stays flat over a series of samples, one for each so many deaths. */

/** Part of the samples that count as warm-up. */
const WARM_UP = 0.2;
/** With fewer samples behind the warm-up a growth cannot be told from noise. */
const FEWEST_SAMPLES = 8;

export interface Growth {
  /** From the median of the first to the median of the last quarter. */
  readonly bytes: number;
  /** Samples from the middle of the first to the middle of the last quarter. */
  readonly span: number;
  readonly firstBytes: number;
}

/** null = too few samples. */
export function growthOf(samples: readonly number[]): Growth | null {
  const kept = behindWarmUp(samples);
  if (kept.length < FEWEST_SAMPLES) return null;
  const quarter = Math.floor(kept.length / 4);
  const firstBytes = median(kept.slice(0, quarter));
  return { bytes: median(kept.slice(-quarter)) - firstBytes, span: kept.length - quarter, firstBytes };
}

/** The largest step from one sample to the next: what a growth may be by chance. */
export function scatterOf(samples: readonly number[]): number {
  const kept = behindWarmUp(samples);
  return Math.max(0, ...kept.slice(1).map((bytes, i) => Math.abs(bytes - kept[i]!)));
}

const behindWarmUp = (samples: readonly number[]): readonly number[] =>
  samples.slice(Math.floor(samples.length * WARM_UP));

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2 || sorted[0]!;
}
