/** Random replacement in one and in two Workers at once, each with 1 k live blocks of its own. */
import { addressOf } from "../../native/raw-memory.ts";
import type { Calls } from "../contenders/calls.ts";
import { draw } from "./draws.ts";
import { fill, replacing } from "./replacement.ts";
import type { Place, Row } from "./row.ts";

const LIVE = 1024;
/** Enough to make the start of a run, some 50 µs, small beside it. */
const REPLACEMENTS = 500_000;

const inWorkers = (workers: number): Row => ({
  name: `${workers} ${workers === 1 ? "Worker" : "Workers"}, replacement, 1 k live each`,
  unit: "free and malloc",
  operations: REPLACEMENTS * workers,
  workers,
  needs: ["Workers"],
  script<Block>(calls: Calls<Block>, { seed, worker }: Place) {
    const draws = draw(seed + worker);
    const blocks = calls.table(LIVE);
    fill(calls, draws.sizes, blocks, { first: 0, step: 1, count: LIVE });
    return replacing(calls, draws, blocks, LIVE, REPLACEMENTS);
  },
  native(floor, { seed }) {
    const { sizes, order } = draw(seed);
    return () => floor.floor_replace_threads(workers, REPLACEMENTS, LIVE, addressOf(order), addressOf(sizes));
  },
});

export const workers: readonly Row[] = [inWorkers(1), inWorkers(2)];
