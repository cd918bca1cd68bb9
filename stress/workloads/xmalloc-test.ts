/**
 * xmalloc-test: the batches of producer-consumer as in the original, that is, blocks of 64 bytes only and two Workers
 * for each of `--workers`: N allocate, N free.
 */
import { exchangeOfBatches } from "./producer-consumer.ts";

const BLOCK_BYTES = 64;

export const xmallocTest = exchangeOfBatches(
  "xmalloc-test",
  "N Workers only allocate 64 bytes, N others only free; batches of 4096",
  [BLOCK_BYTES],
  (workers) => 2 * workers,
);
