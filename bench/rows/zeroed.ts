/** `calloc` and `free` at once: the price of clearing. */
import { addressOf } from "../../native/raw-memory.ts";
import { draw, SIZE_MASK, SIZES } from "./draws.ts";
import type { Row } from "./row.ts";

const callocPairs = (what: string, pairs: number, sizesFor: (seed: number) => Int32Array): Row => ({
  name: `calloc, ${what}`,
  unit: "calloc and free",
  operations: pairs,
  workers: 0,
  needs: ["calloc"],
  script({ calloc, free }, { seed }) {
    const sizes = sizesFor(seed);
    return () => {
      for (let i = 0; i < pairs; i++) free(calloc(1, sizes[i & SIZE_MASK]!));
    };
  },
  native(floor, { seed }) {
    const sizes = sizesFor(seed);
    return () => floor.floor_calloc_pairs(pairs, addressOf(sizes));
  },
});

export const zeroed: readonly Row[] = [
  callocPairs("8 to 507 bytes", 10_000, (seed) => draw(seed).sizes),
  callocPairs("16 KiB", 1000, () => new Int32Array(SIZES).fill(16_384)),
];
