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

const WARM_UP_SECONDS = 0.5;

/**
 * Before memory is measured for the first time. Workers that run leave a few MiB in the runtime (compiled code,
 * heaps of ended Workers): most of it after the first ones, and none of it the allocator's.
 */
export function planWarmUp(): PlannedRun[] {
  return ["churn", "larson", "producer-consumer"].map((name) => ({
    label: `warm-up ${name}`,
    workload: findWorkload(name),
    recording: undefined,
    seconds: WARM_UP_SECONDS,
  }));
}
