/** All workloads. Those of the bare command run in this order and share its time equally. */
import { canaryExercise } from "./canary-exercise.ts";
import { churn } from "./churn.ts";
import { larson } from "./larson.ts";
import { producerConsumer } from "./producer-consumer.ts";
import { replay } from "./replay.ts";
import type { Workload } from "./workload.ts";

export const bareWorkloads: readonly Workload[] = [churn, larson, producerConsumer, replay];
export const workloads: readonly Workload[] = [...bareWorkloads, canaryExercise];

export function findWorkload(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name);
  if (found === undefined) throw new RangeError(`\`name\` is ${JSON.stringify(name)}, which is no workload`);
  return found;
}
