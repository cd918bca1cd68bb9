/** larson: a server whose threads die, here at any instant: successors replace what their predecessors left. */
import { createBlockTable } from "../../oracle/block-table.ts";
import { Random } from "../../random.ts";
import type { ChaosWorkload, Places } from "./workload.ts";

export const SLOTS_PER_WORKER = 2000;
const LEAST_BYTES = 8;
export const MOST_BYTES = 999;

export const larson: ChaosWorkload<Places> = {
  name: "larson",

  prepare: ({ workers }) => ({ blocks: createBlockTable(workers * SLOTS_PER_WORKER) }),

  run({ worker, seed, heap, goesOn }) {
    const random = new Random(seed);
    const first = worker * SLOTS_PER_WORKER;
    while (goesOn()) {
      const slot = first + random.below(SLOTS_PER_WORKER);
      if (heap.holds(slot)) heap.free(slot);
      heap.malloc(slot, random.between(LEAST_BYTES, MOST_BYTES), random.next());
    }
  },

  release() {},
};
