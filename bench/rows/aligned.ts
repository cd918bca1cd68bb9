/** `alignedAlloc` and `free` at once: to a cache line, to a page. */
import { addressOf } from "../../native/raw-memory.ts";
import { draw, SIZE_MASK } from "./draws.ts";
import type { Row } from "./row.ts";

const PAIRS = 10_000;

const alignedPairs = (alignment: number): Row => ({
  name: `alignedAlloc to ${alignment}, 8 to 507 bytes`,
  unit: "alignedAlloc and free",
  operations: PAIRS,
  workers: 0,
  needs: ["alignedAlloc"],
  script({ alignedAlloc, free }, { seed }) {
    const { sizes } = draw(seed);
    return () => {
      for (let i = 0; i < PAIRS; i++) free(alignedAlloc(alignment, sizes[i & SIZE_MASK]!));
    };
  },
  native(floor, { seed }) {
    const { sizes } = draw(seed);
    return () => floor.floor_aligned_pairs(PAIRS, alignment, addressOf(sizes));
  },
});

export const aligned: readonly Row[] = [alignedPairs(64), alignedPairs(4096)];
