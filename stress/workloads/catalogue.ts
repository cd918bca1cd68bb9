/** All workloads. Those of the bare command run in this order and share its time equally. */
import { allocTest } from "./alloc-test.ts";
import { cacheScratch } from "./cache-scratch.ts";
import { cacheThrash } from "./cache-thrash.ts";
import { canaryExercise } from "./canary-exercise.ts";
import { churn } from "./churn.ts";
import { collatzIvec } from "./collatz-ivec.ts";
import { collatzList } from "./collatz-list.ts";
import { frag, fragTight } from "./frag.ts";
import { glibcSimple } from "./glibc-simple.ts";
import { glibcThread } from "./glibc-thread.ts";
import { idle } from "./idle.ts";
import { larson, larsonCheap } from "./larson.ts";
import { mallocLarge } from "./malloc-large.ts";
import { mleak, mleakCheap } from "./mleak.ts";
import { mstress, mstressCheap } from "./mstress.ts";
import { producerConsumer } from "./producer-consumer.ts";
import { replay } from "./replay.ts";
import { rptest } from "./rptest.ts";
import { sh6bench } from "./sh6bench.ts";
import { sh8bench } from "./sh8bench.ts";
import type { Workload } from "./workload.ts";
import { xmallocTest } from "./xmalloc-test.ts";

export const bareWorkloads: readonly Workload[] = [churn, larson, producerConsumer, replay];

/** Known from the literature; for the bench, and one by one. */
export const classicWorkloads: readonly Workload[] = [
  larsonCheap,
  xmallocTest,
  cacheScratch,
  cacheThrash,
  mstress,
  mstressCheap,
  rptest,
  allocTest,
  glibcSimple,
  glibcThread,
  mallocLarge,
  mleak,
  mleakCheap,
  sh6bench,
  sh8bench,
  collatzList,
  collatzIvec,
  frag,
  fragTight,
];

export const workloads: readonly Workload[] = [...bareWorkloads, ...classicWorkloads, canaryExercise];

/** By the name of a workload, or `idle`. */
export function findWorkload(name: string): Workload {
  const found = [...workloads, idle].find((workload) => workload.name === name);
  if (found === undefined) throw new RangeError(`\`name\` is ${JSON.stringify(name)}, which is no workload`);
  return found;
}
