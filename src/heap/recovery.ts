/**
 * Rebuilding every index from the header chain: after the lock was taken over from a dead Worker, and after damage
 * was found. Under the lock.
 *
 * The chain is walked from the first block to the top. Free blocks, and blocks in the caches of dead Workers and
 * of the caller, are merged and filed anew; what living Workers hold or cache stays untouched. A header that is
 * damaged ends nothing: the walk goes on at the next undamaged header, and what lies between is taken out of use
 * for good (state busy, slot 0).
 */
import { checkBits, PREVIOUS_FREE, packState, STATE_MASK, State, slotOf, stateOf } from "../block/header.ts";
import type { BlockSpace } from "../block/space.ts";
import { payloadBytes } from "../core/size-classes.ts";
import { SLOTS } from "../core/tunables.ts";
import type { WordIndex } from "../core/types.ts";
import { CACHE_AREA, CACHE_WORDS, CacheWord, ControlDouble, WindowWord } from "../memory/layout.ts";
import type { Heap, HeapWindow } from "./heap.ts";
import { seal } from "./large-blocks.ts";
import { settleMove } from "./large-resize.ts";

/**
 * Whatever the former owner of the lock was doing, everything is counted and indexed anew. `ownLost`: the caller's
 * own operation was cut short by an exception, so that its caches and claims are as doubtful as a dead Worker's.
 */
export function recover(heap: Heap, ownLost: boolean): void {
  const lost = lostSlots(heap, ownLost);
  for (let slot = 1; slot <= SLOTS; slot++) if (lost[slot] === 1) settleLargeClaims(heap, slot);
  heap.large.recount();
  const { doubles } = heap.control;
  doubles[ControlDouble.takenBlocks] = 0;
  doubles[ControlDouble.takenBytes] = 0;
  let committed = doubles[ControlDouble.largeBytes]!;
  for (const part of heap.windows) {
    clearCaches(part, lost);
    rebuildWindow(heap, part, lost);
    committed += (part.space.words[WindowWord.high]! + 4 - part.space.first) * 4;
  }
  doubles[ControlDouble.committed] = committed;
  heap.control.add(ControlDouble.rebuilds, 1);
}

/** Slots whose cached blocks belong to nobody: dead and vacant ones. */
function lostSlots(heap: Heap, ownLost: boolean): Uint8Array {
  const lost = new Uint8Array(256);
  for (let slot = 1; slot <= SLOTS; slot++) {
    const isLost = slot === heap.slot ? ownLost : !heap.slots.lives(slot);
    lost[slot] = isLost ? 1 : 0;
  }
  return lost;
}

/**
 * Settles what the owner of a slot had claimed when it died or failed: a block under reallocation is in use again, a
 * block that was being freed is returned for the caller to free, 0 = none. Under the lock.
 */
export function settleClaims(space: BlockSpace, slot: number): WordIndex | 0 {
  const { words } = space;
  const entries = CACHE_AREA + (slot - 1) * CACHE_WORDS;
  const reallocating = words[entries + CacheWord.reallocating]!;
  const freeing = words[entries + CacheWord.freeing]! as WordIndex | 0;
  words[entries + CacheWord.reallocating] = 0;
  words[entries + CacheWord.freeing] = 0;
  if (reallocating !== 0 && space.isHeldBy(reallocating, slot, State.busy)) {
    words[reallocating - 1] = (words[reallocating - 1]! & ~STATE_MASK) | State.inUse;
  }
  return freeing !== 0 && space.isHeldBy(freeing, slot, State.busy) ? freeing : 0;
}

/** The same for large blocks: what the slot's owner was moving is in use again. Under the lock. */
export function settleLargeClaims(heap: Heap, slot: number): void {
  if (heap.control.doubles[ControlDouble.largeBlocks] === 0) return;
  const claimed = [...heap.large.entries()].filter((block) => block.busy && block.slot === slot);
  const moves = claimed.filter((block) => block.requestedBytes < 0);
  for (const block of moves) settleMove(heap, block);
  // A move has settled its source too.
  for (const { address } of claimed) {
    const block = heap.large.lookUp(address);
    if (block?.busy !== true) continue;
    // It may have been about to be sealed with new figures.
    seal(heap, block);
    heap.large.mark(block, false, slot);
  }
}

/** Empties the cache lists of the lost slots. Entry words that are all 0 are an empty cache (cache/cache.ts). */
function clearCaches({ space }: HeapWindow, lost: Uint8Array): void {
  for (let slot = 1; slot <= SLOTS; slot++) {
    const from = CACHE_AREA + (slot - 1) * CACHE_WORDS;
    if (lost[slot] !== 1 || space.words[from + CacheWord.isSetUp] === 0) continue;
    const freeing = settleClaims(space, slot);
    if (freeing !== 0) space.disown(freeing);
    space.words.fill(0, from, from + CACHE_WORDS);
  }
}

function rebuildWindow(heap: Heap, { space, policy }: HeapWindow, lost: Uint8Array): void {
  const { words, top } = space;
  policy.reset();
  words[WindowWord.lastFree] = 0;
  let run = 0 as WordIndex | 0;
  let block = space.first;
  while (block < top) {
    mend(space, block);
    const behind = space.next(block);
    words[block - 2] = words[block - 2]! & ~PREVIOUS_FREE;
    if (isLost(space, block, lost)) {
      space.disown(block);
      if (run === 0) run = block;
      else space.absorb(run, block);
    } else {
      if (run !== 0) policy.free(run);
      run = 0;
      heap.control.add(ControlDouble.takenBlocks, 1);
      heap.control.add(ControlDouble.takenBytes, payloadBytes(space.granules(block)));
    }
    block = behind;
  }
  if (run !== 0) policy.free(run);
}

function isLost(space: BlockSpace, block: WordIndex, lost: Uint8Array): boolean {
  if (!space.isIntact(block)) return false;
  const word1 = space.words[block - 1]!;
  const state = stateOf(word1);
  return state === State.free || (state === State.cached && lost[slotOf(word1)] === 1);
}

/** Makes sure that the chain goes on behind `block`, taking damaged memory out of use if it has to. */
function mend(space: BlockSpace, block: WordIndex): void {
  if (space.isIntact(block)) return;
  const { words, top } = space;
  const behind = space.next(block);
  // Only word 1 is damaged: the chain goes on, and a free of this block will say so.
  if (behind > block && (behind === top || space.isIntact(behind))) return;
  let resumes: number = block + 4;
  while (resumes < top && !space.isIntact(resumes)) resumes += 4;
  const word0 = ((resumes - block) / 4) << 4;
  words[block - 1] = packState(checkBits(block, word0, space.secret), State.busy, 0, 0);
  words[block - 2] = word0;
}
