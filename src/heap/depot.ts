/**
 * The depot of a window: batches of ready blocks that Workers gave back, kept whole. A Worker that runs out of a size
 * takes a batch as it is, so that what one Worker allocates and another frees goes round without a split or a merge.
 *
 * A batch is a list of blocks of one size class (block/cached-list.ts); word b + 1 of its first block leads to the first block of the next batch, 0 = none. The blocks are "cached" by slot 0, who is nobody: every repair
 * files them as free memory. The depot is emptied into the policy before the window grows on its account
 * (heap.ts), and by `trim`.
 *
 * Everything here runs under the lock.
 */
import { type Batch, cachedBy, linkOf, relabel } from "../block/cached-list.ts";
import type { BlockSpace } from "../block/space.ts";
import { CLASSES } from "../core/size-classes.ts";
import type { WordIndex } from "../core/types.ts";
import { DEPOT_AREA, DEPOT_GRANULES, DEPOT_LEAST, DEPOT_WORDS } from "../memory/layout.ts";
import type { Heap } from "./heap.ts";

const NOBODY = cachedBy(0);

/** Puts a list of blocks that were cached by the holder `from` on top of the depot. */
export function deposit(space: BlockSpace, cls: number, first: number, from: number, batch: Batch): void {
  const { words } = space;
  relabel(space, first, from, NOBODY, batch);
  words[first + 1] = words[DEPOT_AREA + cls]!;
  words[DEPOT_AREA + cls] = first;
  words[DEPOT_GRANULES] = words[DEPOT_GRANULES]! + batch.granules;
}

/** Takes the newest batch of a class for the holder `to`. Returns its first block, 0 = the depot has none. */
export function withdraw(space: BlockSpace, cls: number, to: number, batch: Batch): number {
  const { words } = space;
  const first = words[DEPOT_AREA + cls]!;
  if (first === 0) return 0;
  words[DEPOT_AREA + cls] = words[first + 1]!;
  relabel(space, first, NOBODY, to, batch);
  const left = words[DEPOT_GRANULES]! - batch.granules;
  words[DEPOT_GRANULES] = left;
  if (left < words[DEPOT_LEAST]!) words[DEPOT_LEAST] = left;
  return first;
}

/** Granules of all blocks in the depot. */
export function depotGranules({ words }: BlockSpace): number {
  return words[DEPOT_GRANULES]!;
}

/**
 * Gives everything in a window's depot back to its policy. Throws DamagedBlock also if less is found than was put in: a
 * link between batches was overwritten.
 */
export function emptyDepot(heap: Heap, index: number): void {
  const { space } = heap.windows[index]!;
  const { words } = space;
  let last: number = space.first;
  for (let cls = 2; cls < CLASSES && words[DEPOT_GRANULES] !== 0; cls++) {
    for (let first = words[DEPOT_AREA + cls]!; first !== 0; ) {
      const nextBatch = words[first + 1]!;
      words[DEPOT_AREA + cls] = nextBatch;
      for (let block = first; block !== 0; ) {
        const next = linkOf(space, block, NOBODY);
        words[DEPOT_GRANULES] = words[DEPOT_GRANULES]! - space.granules(block as WordIndex);
        heap.release(index, block as WordIndex);
        last = block;
        block = next;
      }
      first = nextBatch;
    }
  }
  if (words[DEPOT_GRANULES] !== 0) throw space.damaged(last);
  words[DEPOT_LEAST] = 0;
}

/** Looks at every block of the depot. Throws DamagedBlock. */
export function verifyDepot(space: BlockSpace): void {
  const { words } = space;
  let granules = words[DEPOT_GRANULES]!;
  let last: number = space.first;
  for (let cls = 2; cls < CLASSES; cls++) {
    for (let first = words[DEPOT_AREA + cls]!; first !== 0; first = words[first + 1]!) {
      for (let block = first; block !== 0; block = linkOf(space, block, NOBODY)) {
        granules -= space.granules(block as WordIndex);
        last = block;
        // Also ends a walk in a circle.
        if (granules < 0) throw space.damaged(block);
      }
    }
  }
  if (granules !== 0) throw space.damaged(last);
}

/** Forgets what is in the depot: a repair, which files its blocks, or a reset, which ends them. */
export function clearDepot({ words }: BlockSpace): void {
  words.fill(0, DEPOT_AREA, DEPOT_AREA + DEPOT_WORDS);
}
