/**
 * A policy decides how free blocks of one window are organised and found. Policies know nothing of locks,
 * Workers, caches, limits or the operating system; the heap calls them one at a time, under the lock.
 *
 * A policy keeps its state in the window's policy area and inside the free blocks, never in JavaScript objects,
 * because the next call may come from another Worker.
 */
import type { BlockSpace } from "../block/space.ts";
import type { WordIndex } from "../core/types.ts";

export interface Policy {
  /**
   * A block of at least `least` granules, out of every list, its state still "free", or 0 if the window has none.
   * The place is chosen as for `least`; of what is free there, as much as `most` granules is taken (the caller cuts
   * it into several blocks). The caller decides who owns it.
   */
  allocate(least: number, most: number): WordIndex | 0;
  /** Files a block (state "free" or disowned by this call), merging with neighbours as the policy likes. */
  free(block: WordIndex): void;
  /** Takes one free block out of the lists: a neighbour is about to absorb it. */
  remove(block: WordIndex): void;
  /** Forgets every free block: the index is empty afterwards. */
  reset(): void;
  /** Calls back for each free block of at least `granules`, which must not be allocated or freed meanwhile. */
  forEachFree(granules: number, visit: (block: WordIndex) => void): void;
}

export interface PolicyMaker {
  readonly name: string;
  create(space: BlockSpace): Policy;
}
