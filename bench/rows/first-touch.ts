/** Memory that the system has not handed out yet: allocated, and every byte written. */
import type { Row } from "./row.ts";

const PAGE_BYTES = 4096;
/** Above every allocator's threshold: glibc's grows to 32 MiB. */
const LARGE_BYTES = 41_943_040;

const largeBlock: Row = {
  name: "first touch, 40 MiB block",
  unit: "page",
  operations: LARGE_BYTES / PAGE_BYTES,
  workers: 0,
  needs: [],
  script({ malloc, free, fill }) {
    return () => {
      const block = malloc(LARGE_BYTES);
      fill(block, LARGE_BYTES);
      free(block);
    };
  },
  native: (floor) => () => floor.floor_touch(LARGE_BYTES),
};

const SMALL_BYTES = 1000;
const SMALL_BLOCKS = 4096;
const RUNS = 24;
/** Runs that are not counted come on top. */
const TABLE_RUNS = RUNS + 8;

/** What was allocated stays allocated. */
const smallBlocks: Row = {
  name: "first touch, blocks of 1000 bytes",
  unit: "block",
  operations: SMALL_BLOCKS,
  workers: 0,
  needs: [],
  mostRuns: RUNS,
  script({ malloc, fill, table }) {
    const blocks = table(SMALL_BLOCKS * TABLE_RUNS);
    let next = 0;
    return () => {
      for (let i = 0; i < SMALL_BLOCKS; i++) {
        const block = malloc(SMALL_BYTES);
        fill(block, SMALL_BYTES);
        blocks[next++] = block;
      }
    };
  },
  native: (floor) => () => floor.floor_fresh(SMALL_BLOCKS, SMALL_BYTES),
};

export const firstTouch: readonly Row[] = [smallBlocks, largeBlock];
