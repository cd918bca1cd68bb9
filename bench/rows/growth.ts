/** Vectors that grow by `realloc`: by doubling, and by small steps. */
import type { Row } from "./row.ts";

const FIRST_BYTES = 16;
const LAST_BYTES = 65_536;
const DOUBLINGS = Math.log2(LAST_BYTES / FIRST_BYTES);
const DOUBLED_VECTORS = 200;

const doubling: Row = {
  name: "realloc, doubling to 64 KiB",
  unit: "realloc",
  operations: DOUBLED_VECTORS * DOUBLINGS,
  workers: 0,
  needs: ["realloc"],
  script({ malloc, realloc, free }) {
    return () => {
      for (let vector = 0; vector < DOUBLED_VECTORS; vector++) {
        let block = malloc(FIRST_BYTES);
        for (let size = FIRST_BYTES * 2; size <= LAST_BYTES; size *= 2) block = realloc(block, size);
        free(block);
      }
    };
  },
  native: (floor) => () => floor.floor_doubling(DOUBLED_VECTORS, FIRST_BYTES, LAST_BYTES),
};

const STEP_BYTES = 64;
const STEPPED_BYTES = 16_384;
const STEPPED_VECTORS = 10;

/** Two vectors in turn, so that neither has the memory behind it for itself. */
const steps: Row = {
  name: "realloc, steps of 64 bytes to 16 KiB",
  unit: "realloc",
  operations: STEPPED_VECTORS * 2 * (STEPPED_BYTES / STEP_BYTES - 1),
  workers: 0,
  needs: ["realloc"],
  script({ malloc, realloc, free }) {
    return () => {
      for (let vector = 0; vector < STEPPED_VECTORS; vector++) {
        let left = malloc(STEP_BYTES);
        let right = malloc(STEP_BYTES);
        for (let size = STEP_BYTES * 2; size <= STEPPED_BYTES; size += STEP_BYTES) {
          left = realloc(left, size);
          right = realloc(right, size);
        }
        free(left);
        free(right);
      }
    };
  },
  native: (floor) => () => floor.floor_steps(STEPPED_VECTORS, STEP_BYTES, STEPPED_BYTES),
};

export const growth: readonly Row[] = [doubling, steps];
