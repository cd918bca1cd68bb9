/** A block is allocated and freed at once: the tightest loop there is. */
import { addressOf } from "../../native/raw-memory.ts";
import { draw, SIZE_MASK } from "./draws.ts";
import type { Row } from "./row.ts";

const PAIRS = 10_000;
const pair = { unit: "malloc and free", workers: 0, needs: [] } as const;

/** One size; `operations` fewer where a pair costs system calls. */
export const pairsOf = (name: string, size: number, operations: number): Row => ({
  ...pair,
  name,
  operations,
  script({ malloc, free }) {
    return () => {
      for (let i = 0; i < operations; i++) free(malloc(size));
    };
  },
  native: (floor) => () => floor.floor_pairs(operations, size),
});

const randomPairs: Row = {
  ...pair,
  name: "pairs, 8 to 507 bytes",
  operations: PAIRS,
  script({ malloc, free }, { seed }) {
    const { sizes } = draw(seed);
    return () => {
      for (let i = 0; i < PAIRS; i++) free(malloc(sizes[i & SIZE_MASK]!));
    };
  },
  native(floor, { seed }) {
    const { sizes } = draw(seed);
    return () => floor.floor_random_pairs(PAIRS, addressOf(sizes));
  },
};

export const pairs: readonly Row[] = [pairsOf("pairs, 32 bytes", 32, PAIRS), randomPairs];
