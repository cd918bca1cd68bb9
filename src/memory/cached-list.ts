/**
 * Lists of cached blocks: word b of each leads to the next, 0 ends the list. The links lie where a stray write of the
 * program can reach them; no link is followed before the header in front of it was found to be what it should be.
 *
 * A holder is given as word 1 of its cached blocks, without the check.
 */
import { checkBits, packState, State } from "./header.ts";
import type { BlockSpace } from "./space.ts";

/** The holder that a slot is. */
export function cachedBy(slot: number): number {
  return packState(0, State.cached, slot, 0);
}

/** The block behind `block`, which `holder` must hold. Throws DamagedBlock. */
export function linkOf(space: BlockSpace, block: number, holder: number): number {
  const { words, secret } = space;
  if (words[block - 1] !== (checkBits(block, words[block - 2]!, secret) | holder)) throw space.damaged(block);
  return words[block]!;
}
