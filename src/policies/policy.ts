/**
 * A policy decides how free blocks of one window are organised and found. Policies know nothing of locks,
 * Workers, caches, limits or the operating system; the heap calls them one at a time, under the lock.
 *
 * A policy keeps its state in the window's policy area and inside the free blocks, never in JavaScript objects,
 * because the next call may come from another Worker. All that the others rely on:
 *
 * - The header chain tiles the window at every instant. Borders move through BlockSpace only, so that a death
 *   between two of its calls leaves free blocks of any size side by side, and nothing else.
 * - A block with the state "free" is filed (`forEachFree` visits it) and announced to its neighbours, except the one
 *   that `allocate` has just returned.
 * - In a free block, word b + 2 belongs to BlockSpace; behind b + 3, nothing that is written in a page without a header
 *   or a footer stays: whole pages are given back to the system.
 * - After `reset`, `free` is called for each run of free memory in the window, in the order of addresses, each as
 *   one block that may be longer than any the policy would make, and that lies between taken ones. A policy with
 *   borders of its own cuts it again.
 */

import type { WordIndex } from "../core/types.ts";
import type { BlockSpace } from "../memory/space.ts";
import type { PolicyOption } from "./policy-options.ts";

export interface Policy {
  /** Whether the holder of a block may cut it at any granule and free the parts one by one. */
  readonly divisible: boolean;
  /**
   * A block of at least `least` granules, out of every list, its state still "free", or 0 if the window has none.
   * The place is chosen as for `least`; of what is free there, a divisible policy takes as much as `most` granules
   * (the caller cuts it into several blocks). The caller decides who owns it.
   */
  allocate(least: number, most: number): WordIndex | 0;
  /** The same for one block whose payload starts at a multiple of `alignment` bytes, a power of two above 16. */
  allocateAligned(granules: number, alignment: number): WordIndex | 0;
  /**
   * Makes a taken block as close to `granules` as the policy can, where it stands. False, and nothing changed, if it
   * would stay smaller; it may stay larger.
   */
  resize(block: WordIndex, granules: number): boolean;
  /** Files a block (state "free" or disowned by this call), merging with neighbours as the policy likes. */
  free(block: WordIndex): void;
  /** Somebody wants memory back: merges what was put off and takes free blocks off the end of the chain. */
  compact(): void;
  /** Forgets every free block: the index is empty afterwards. */
  reset(): void;
  /** Calls back for each free block of at least `granules`, which must not be allocated or freed meanwhile. */
  forEachFree(granules: number, visit: (block: WordIndex) => void): void;
  /** What the policy itself has counted in this window, by name. */
  figures?(): Record<string, number>;
}

export interface PolicyMaker {
  readonly name: string;
  readonly options: readonly PolicyOption[];
  /** Requests above so many bytes are not the policy's: they get a mapping of their own. */
  largestBytes(windowBytes: number): number;
  /** `choice` holds the values of the options (policy-options.ts). */
  create(space: BlockSpace, choice: number): Policy;
}
