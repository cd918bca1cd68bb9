/** The chaos workloads, one for each of the bare command. */
import { churn } from "./churn.ts";
import { larson } from "./larson.ts";
import { producerConsumer } from "./producer-consumer.ts";
import { replay } from "./replay.ts";
import type { ChaosWorkload } from "./workload.ts";

const chaosWorkloads: readonly ChaosWorkload[] = [churn, larson, producerConsumer, replay];

export function findChaosWorkload(name: string): ChaosWorkload {
  const found = chaosWorkloads.find((workload) => workload.name === name);
  if (found === undefined)
    throw new RangeError(`\`name\` is ${JSON.stringify(name)}, which is no chaos workload`);
  return found;
}
