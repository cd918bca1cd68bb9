/**
 * Lists of cached blocks: word b of each leads to the next, 0 ends the list. The links lie where a stray write of the
 * program can reach them; no link is followed before the header in front of it was found to be what it should be.
 *
 * A holder is given as word 1 of its cached blocks, without the check.
 */
import { checkBits, granulesOf, packState, State } from "./header.ts";
import type { BlockSpace } from "./space.ts";

/** The holder that a slot is. Slot 0, nobody, holds the blocks of the depot. */
export function cachedBy(slot: number): number {
  return packState(0, State.cached, slot, 0);
}

/** What a transfer counted: blocks, and their granules together. */
export interface Batch {
  blocks: number;
  granules: number;
}

/** The block behind `block`, which `holder` must hold. Throws DamagedBlock. */
export function linkOf(space: BlockSpace, block: number, holder: number): number {
  const { words, secret } = space;
  if (words[block - 1] !== (checkBits(block, words[block - 2]!, secret) | holder)) throw space.damaged(block);
  return words[block]!;
}

/** Takes a whole list from one holder to another. `batch` receives what was counted. */
export function relabel(space: BlockSpace, first: number, from: number, to: number, batch: Batch): void {
  const { words, secret } = space;
  batch.blocks = 0;
  batch.granules = 0;
  for (let block = first; block !== 0; block = words[block]!) {
    const word0 = words[block - 2]!;
    const check = checkBits(block, word0, secret);
    if (words[block - 1] !== (check | from)) throw space.damaged(block);
    words[block - 1] = check | to;
    batch.blocks++;
    batch.granules += granulesOf(word0);
  }
}
