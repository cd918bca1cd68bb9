/** A thousand blocks are allocated, then all are freed: in the same order, in reverse, shuffled. */
import { addressOf } from "../../native/raw-memory.ts";
import { draw, SIZE_MASK, shuffled } from "./draws.ts";
import type { Row } from "./row.ts";

const COUNT = 1000;
const BATCHES = 10;

const batchesFreed = (how: string, freesFor: (seed: number) => Int32Array): Row => ({
  name: `batches of 1000, freed ${how}`,
  unit: "malloc and free",
  operations: COUNT * BATCHES,
  workers: 0,
  needs: ["free"],
  script({ malloc, free, table }, { seed }) {
    const { sizes } = draw(seed);
    const frees = freesFor(seed);
    const blocks = table(COUNT);
    return () => {
      for (let batch = 0; batch < BATCHES; batch++) {
        for (let i = 0; i < COUNT; i++) blocks[i] = malloc(sizes[i & SIZE_MASK]!);
        for (let i = 0; i < COUNT; i++) free(blocks[frees[i]!]!);
      }
    };
  },
  native(floor, { seed }) {
    const { sizes } = draw(seed);
    const frees = freesFor(seed);
    const blocks = new BigUint64Array(COUNT);
    return () => floor.floor_batches(BATCHES, addressOf(blocks), COUNT, addressOf(frees), addressOf(sizes));
  },
});

const ascending = () => Int32Array.from({ length: COUNT }, (_, index) => index);

export const batches: readonly Row[] = [
  batchesFreed("in order", ascending),
  batchesFreed("in reverse", () => ascending().reverse()),
  batchesFreed("shuffled", (seed) => shuffled(COUNT, seed)),
];
