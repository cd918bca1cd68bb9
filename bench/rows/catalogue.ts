/** Every row, in the order of the table. */
import { aligned } from "./aligned.ts";
import { batches } from "./batches.ts";
import { crossWorker } from "./cross-worker.ts";
import { firstTouch } from "./first-touch.ts";
import { growth } from "./growth.ts";
import { large } from "./large.ts";
import { pairs } from "./pairs.ts";
import { replacements } from "./replacement.ts";
import type { Row } from "./row.ts";
import { workers } from "./workers.ts";
import { zeroed } from "./zeroed.ts";

export const rows: readonly Row[] = [
  ...pairs,
  ...replacements,
  ...batches,
  ...growth,
  ...zeroed,
  ...aligned,
  ...large,
  ...firstTouch,
  ...workers,
  crossWorker,
];
