/** idle: Workers that start and end. The bench subtracts what they cost from the memory of the others. */
import type { Workload } from "./workload.ts";

export const idle: Workload<null> = {
  name: "idle",
  summary: "nothing",
  prepare: () => null,
  run: () => "finished",
};
