/**
 * Doubly linked lists of free blocks: word b of each leads to the next, word b + 1 to the previous, 0 = none. A list is
 * named by the word that leads to its first block. Links lie in memory that a stray write of the program can reach:
 * whoever follows one finds a free block that points back, or throws DamagedBlock.
 */

import type { WordIndex } from "../core/types.ts";
import type { BlockSpace } from "../memory/space.ts";

/** Puts a block in front of a list. */
export function pushFront(space: BlockSpace, list: number, block: WordIndex): void {
  putBehind(space, list, 0, block);
}

/** Puts a block behind another one of a list, 0 = in front. */
export function putBehind({ words }: BlockSpace, list: number, previous: number, block: WordIndex): void {
  const link = previous === 0 ? list : previous;
  const next = words[link]!;
  words[block] = next;
  words[block + 1] = previous;
  if (next !== 0) words[next + 1] = block;
  words[link] = block;
}

/** Takes a block out of the list it is in. */
export function takeOut(space: BlockSpace, list: number, block: WordIndex): void {
  const words = space.words;
  if (!space.isFree(block)) throw space.damaged(block);
  const next = words[block]!;
  const previous = words[block + 1]!;
  if (next !== 0 && words[next + 1] !== block) throw space.damaged(block);
  if (words[previous === 0 ? list : previous] !== block) throw space.damaged(block);
  if (next !== 0) words[next + 1] = previous;
  words[previous === 0 ? list : previous] = next;
}

/** Calls back for each block of a list. The links back also rule out a cycle. */
export function forEachLinked(space: BlockSpace, list: number, visit: (block: WordIndex) => void): void {
  const words = space.words;
  let previous = 0;
  for (let block = words[list]!; block !== 0; block = words[block]!) {
    if (!space.isFree(block) || words[block + 1] !== previous) throw space.damaged(block);
    previous = block;
    visit(block as WordIndex);
  }
}
