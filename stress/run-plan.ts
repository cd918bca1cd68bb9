/** Which runs a command consists of: one a workload, and one a recording for replay. Time is shared equally. */
import type { StressOptions } from "./command/options.ts";
import type { Recording } from "./recordings/recording.ts";
import { findWorkload } from "./workloads/catalogue.ts";
import type { Workload } from "./workloads/workload.ts";

export interface PlannedRun {
  readonly label: string;
  readonly workload: Workload;
  readonly recording: Recording | undefined;
  readonly seconds: number;
}

export function planRuns(options: StressOptions, recordings: readonly Recording[]): PlannedRun[] {
  const timed = options.workloads.filter((name) => name !== "canary");
  const seconds = options.seconds / timed.length;
  return timed.flatMap((name): PlannedRun[] => {
    const workload = findWorkload(name);
    if (name !== "replay") return [{ label: name, workload, recording: undefined, seconds }];
    return recordings.map((recording) => ({
      label: `replay ${recording.name}`,
      workload,
      recording,
      seconds: seconds / recordings.length,
    }));
  });
}

const WARM_UPS = ["churn", "larson", "producer-consumer"] as const;
const LEAST_WARM_UP_SECONDS = 0.5;
/** Of the runs' time, all warm-ups together: the longer Workers come and go, the closer their share is to be known. */
const WARM_UP_PART = 0.1;

/** The runs without the heap that come first: what their Workers leave in the process is the runtime's. */
export function planWarmUp({ seconds }: StressOptions): PlannedRun[] {
  return WARM_UPS.map((name) => ({
    label: `without the heap: ${name}`,
    workload: findWorkload(name),
    recording: undefined,
    seconds: Math.max(LEAST_WARM_UP_SECONDS, (seconds * WARM_UP_PART) / WARM_UPS.length),
  }));
}

/** How many Workers there are at a time, at the most. */
export function mostSeats(runs: readonly PlannedRun[], { workers }: StressOptions): number {
  return Math.max(...runs.map(({ workload }) => workload.seats?.(workers) ?? workers));
}
