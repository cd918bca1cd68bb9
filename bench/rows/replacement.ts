/** A random block of many live ones is freed and another of random size allocated in its place. */

import type { Floor } from "../../native/floor.ts";
import { addressOf } from "../../native/raw-memory.ts";
import type { Calls, Table } from "../contenders/calls.ts";
import { type Draws, draw, ORDER_MASK, SIZE_MASK, SIZE_SHIFT } from "./draws.ts";
import type { Place, Row } from "./row.ts";

const REPLACEMENTS = 10_000;

/** Runs `operations` replacements a call. `live` is a power of two up to 2^20; all blocks of `blocks` are live. */
export function replacing<Block>(
  { malloc, free }: Calls<Block>,
  { sizes, order }: Draws,
  blocks: Table<Block>,
  live: number,
  operations: number,
): () => void {
  const mask = (live - 1) | 0;
  let turn = 0;
  return () => {
    for (let i = 0; i < operations; i++) {
      const drawn = order[(turn + i) & ORDER_MASK]!;
      const slot = drawn & mask;
      free(blocks[slot]!);
      blocks[slot] = malloc(sizes[drawn >>> SIZE_SHIFT]!);
    }
    turn = (turn + operations) | 0;
  };
}

/** Slots from `first` on, `step` apart, get blocks of random sizes. */
export function fill<Block>({ malloc }: Calls<Block>, sizes: Int32Array, blocks: Table<Block>, to: Stretch) {
  for (let i = to.first; i < to.count; i += to.step) blocks[i] = malloc(sizes[i & SIZE_MASK]!);
}

interface Stretch {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** Runs until every block was replaced once on the average: memory as a program leaves it after a while. */
function age(run: () => void, live: number): () => void {
  for (let replaced = 0; replaced < live; replaced += REPLACEMENTS) run();
  return run;
}

const replacement = (name: string, live: number): Row => ({
  name: `replacement, ${name} live`,
  unit: "free and malloc",
  operations: REPLACEMENTS,
  workers: 0,
  needs: [],
  script<Block>(calls: Calls<Block>, { seed }: Place) {
    const draws = draw(seed);
    const blocks = calls.table(live);
    fill(calls, draws.sizes, blocks, { first: 0, step: 1, count: live });
    return age(replacing(calls, draws, blocks, live, REPLACEMENTS), live);
  },
  native(floor, { seed }) {
    const { sizes, order } = draw(seed);
    const blocks = new BigUint64Array(live);
    floor.floor_fill(addressOf(blocks), 0, 1, live, addressOf(sizes));
    return age(replacingInC(floor, { sizes, order }, blocks, live), live);
  },
});

function replacingInC(floor: Floor, { sizes, order }: Draws, blocks: BigUint64Array, live: number) {
  let turn = 0;
  return () => {
    floor.floor_replace(REPLACEMENTS, turn, addressOf(blocks), live, addressOf(order), addressOf(sizes));
    turn = (turn + REPLACEMENTS) | 0;
  };
}

const LIVE = 1024;
const FREE = 262_144;

/** As with 1 k live, but with 256 k free blocks between 256 k others: the free ones should cost nothing. */
const amongFree: Row = {
  ...replacement("1 k", LIVE),
  name: "replacement, 1 k live, 256 k free",
  needs: ["free"],
  script<Block>(calls: Calls<Block>, { seed }: Place) {
    const draws = draw(seed);
    const others = calls.table(2 * FREE);
    fill(calls, draws.sizes, others, { first: 0, step: 1, count: 2 * FREE });
    for (let i = 0; i < 2 * FREE; i += 2) calls.free(others[i]!);
    const blocks = calls.table(LIVE);
    fill(calls, draws.sizes, blocks, { first: 0, step: 1, count: LIVE });
    return age(replacing(calls, draws, blocks, LIVE, REPLACEMENTS), LIVE);
  },
  native(floor, { seed }) {
    const { sizes, order } = draw(seed);
    const others = new BigUint64Array(2 * FREE);
    floor.floor_fill(addressOf(others), 0, 1, 2 * FREE, addressOf(sizes));
    floor.floor_empty(addressOf(others), 0, 2, 2 * FREE);
    const blocks = new BigUint64Array(LIVE);
    floor.floor_fill(addressOf(blocks), 0, 1, LIVE, addressOf(sizes));
    return age(replacingInC(floor, { sizes, order }, blocks, LIVE), LIVE);
  },
};

export const replacements: readonly Row[] = [
  replacement("1 k", LIVE),
  replacement("16 k", 16_384),
  replacement("256 k", 262_144),
  replacement("1 M", 1_048_576),
  amongFree,
];
