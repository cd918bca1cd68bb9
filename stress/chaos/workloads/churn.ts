/**
 * churn: all operations on all sizes in random order. A third of the turns are about a shared block, which is claimed
 * for the turn: survivors check, resize and free what the dead had allocated.
 */
import { createBlockTable } from "../../oracle/block-table.ts";
import type { CheckedHeap } from "../../oracle/checked-heap.ts";
import { Random } from "../../random.ts";
import { allocate, drawChurnSize } from "../../workloads/churn.ts";
import { claim, createClaims, release, releaseAll } from "./claims.ts";
import type { ChaosWorkload, Places } from "./workload.ts";

const OWN_BLOCKS = 256;
const SHARED_BLOCKS = 512;

interface Shared extends Places {
  /** For each shared block; they stand at the table's start. */
  readonly claims: Int32Array;
}

export const churn: ChaosWorkload<Shared> = {
  name: "churn",

  prepare: ({ workers }) => ({
    blocks: createBlockTable(SHARED_BLOCKS + workers * OWN_BLOCKS),
    claims: createClaims(SHARED_BLOCKS),
  }),

  run({ worker, seed, heap, goesOn }, { claims }) {
    const random = new Random(seed);
    const own = SHARED_BLOCKS + worker * OWN_BLOCKS;
    while (goesOn()) {
      if (random.below(100) >= 35) {
        change(heap, random, own + random.below(OWN_BLOCKS));
        continue;
      }
      const block = random.below(SHARED_BLOCKS);
      if (!claim(claims, block, worker)) continue;
      change(heap, random, block);
      release(claims, block);
    }
  },

  release: ({ claims }, worker) => releaseAll(claims, worker),
};

function change(heap: CheckedHeap, random: Random, block: number): void {
  const action = random.below(100);
  if (!heap.holds(block)) allocate(heap, random, block);
  else if (action < 40) heap.free(block);
  else if (action < 70) heap.realloc(block, drawChurnSize(random), random.next());
  else heap.verify(block);
}
