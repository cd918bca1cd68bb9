/**
 * What a Worker of mstress does in a round. Its generator starts anew in every round, and what is drawn does not depend
 * on what other Workers do: so the draws are made once, before the start, and the loop only follows the plan.
 */
import { mix64, Word64 } from "../random64.ts";

export const TABLE_SLOTS = 1000;
/** The original's argument "scale". */
const SCALE = 50;
const WORD_BYTES = 8;
const SEED = 43;

/** Words of one step. An index of -1 means: not in this step. */
export const STEP_WORDS = 5;
export const Step = { kept: 0, bytes: 1, freeIndex: 2, swapIndex: 3, swapSlot: 4 } as const;

export interface MstressPlan {
  /** Blocks that may be freed or given away, in the order in which they are allocated; and those that are kept. */
  readonly dataBlocks: number;
  readonly keptBlocks: number;
  readonly steps: Int32Array;
}

/** For Worker number `worker`: the higher, the more; from number 8 on it starts over. */
export function planMstress(worker: number): MstressPlan {
  const dataBlocks = 100 * SCALE * ((worker % 8) + 1);
  const keptBlocks = dataBlocks / 2;
  const steps = new Int32Array(new SharedArrayBuffer((dataBlocks + keptBlocks) * STEP_WORDS * 4));
  const draws = new Draws((worker + 1) * SEED);
  let data = 0;
  let kept = 0;
  for (let at = 0; at < steps.length; at += STEP_WORDS) {
    const takesData = kept === keptBlocks || (draws.chance(50) && data < dataBlocks);
    steps[at + Step.kept] = takesData ? 0 : 1;
    steps[at + Step.bytes] = draws.size(takesData ? 5 : 7);
    if (takesData) data++;
    else kept++;
    steps[at + Step.freeIndex] = draws.chance(66) && data > 0 ? draws.below(data) : -1;
    const swaps = draws.chance(25) && data > 0;
    steps[at + Step.swapIndex] = swaps ? draws.below(data) : -1;
    steps[at + Step.swapSlot] = swaps ? draws.below(TABLE_SLOTS) : -1;
  }
  return { dataBlocks, keptBlocks, steps };
}

/** The draws of the original: `mix64`, then a remainder. */
export class Draws {
  private readonly state: Word64;

  constructor(seed: number) {
    this.state = new Word64(0, seed);
  }

  below(limit: number): number {
    mix64(this.state);
    return this.state.remainder(limit);
  }

  /** True in `percent` + 1 of 100 draws, as in the original. */
  chance(percent: number): boolean {
    return this.below(100) <= percent;
  }

  /** Bytes: 1, 2, 4 ... words; two in a hundred a hundred times as large, or a thousand times, or ten thousand. */
  size(exponents: number): number {
    const words = 2 ** this.below(exponents);
    if (!this.chance(1)) return words * WORD_BYTES;
    if (this.chance(1)) return words * 10_000 * WORD_BYTES;
    return words * (this.chance(10) ? 1000 : 100) * WORD_BYTES;
  }
}
