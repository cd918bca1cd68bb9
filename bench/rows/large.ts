/**
 * Large blocks, allocated and freed at once, untouched: above glibc's least threshold (128 KiB), and on both sides of
 * Husky's (docs/runtime.md, "Large threshold").
 */
import { pairsOf } from "./pairs.ts";
import type { Row } from "./row.ts";

export const large: readonly Row[] = [
  pairsOf("large, 64 KiB", 65_536, 2000),
  pairsOf("large, 1 MiB", 1_048_576, 2000),
  pairsOf("large, 15 MiB", 15_728_640, 500),
  pairsOf("large, 17 MiB", 17_825_792, 500),
  pairsOf("large, 80 MiB", 83_886_080, 100),
];
