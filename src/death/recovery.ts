/**
 * Rebuilding every index from the header chain: after the lock was taken over from a dead Worker, and after damage
 * was found.
 *
 * The chain is walked from the first block to the top. Free blocks, and blocks in the caches of dead Workers and
 * of the caller, are merged and filed anew; what living Workers hold or cache stays untouched. A header that is
 * damaged ends nothing: the walk goes on at the next undamaged header, and what lies between is taken out of use
 * for good (state busy, slot 0).
 */

import { payloadBytes } from "../core/size-classes.ts";
import { SEGMENT_BYTES, SLOTS } from "../core/tunables.ts";
import type { WordIndex } from "../core/types.ts";
import type { Heap, HeapWindow } from "../heap/heap.ts";
import { recoverSpans } from "../heap/orphans.ts";
import { isSegment } from "../heap/segments.ts";
import { trimWindow } from "../heap/trim.ts";
import { seal } from "../large/blocks.ts";
import { endPassing } from "../large/parking.ts";
import { settleMove } from "../large/resize.ts";
import { stockedBytes } from "../large/stock.ts";
import type { LargeBlock } from "../large/table.ts";
import {
  checkBits,
  granulesOf,
  PREVIOUS_FREE,
  packState,
  STATE_MASK,
  State,
  slotOf,
  stateOf,
  wordsOf,
} from "../memory/header.ts";
import type { Held } from "../memory/held.ts";
import { CacheWord, ControlDouble, cacheOfSlot, LIST_WORDS, WindowWord } from "../memory/layout.ts";
import type { BlockSpace } from "../memory/space.ts";
import type { Policy } from "../policies/policy.ts";

/**
 * Whatever the former owner of the lock was doing, everything is counted and indexed anew. `ownLost`: the caller's
 * own operation was cut short by an exception, so that its caches and claims are as doubtful as a dead Worker's.
 */
export function recover(heap: Held<Heap>, ownLost: boolean): void {
  const { doubles } = heap.control;
  const lost = lostSlots(heap, ownLost);
  settlePassage(heap);
  settleLargeClaims(heap, lost);
  heap.large.recount();
  const recorded = doubles[ControlDouble.takenBlocks]!;
  let cached = 0;
  doubles[ControlDouble.takenBlocks] = 0;
  doubles[ControlDouble.takenBytes] = 0;
  let committed = doubles[ControlDouble.largeBytes]! + stockedBytes(heap);
  doubles[ControlDouble.unitBytes] = 0;
  doubles[ControlDouble.stateBytes] = 0;
  for (const [index, part] of heap.windows.entries()) {
    // Claims are settled by headers that fit.
    part.space.settleChange();
    clearCaches(heap, part, lost);
    recoverSpans(heap, index, lost);
    cached += rebuildWindow(heap, part, lost);
    committed += part.space.touchedBytes;
  }
  doubles[ControlDouble.committed] = committed + doubles[ControlDouble.stateBytes]!;
  // The charge for a request that the limit would have refused.
  if (!heap.control.fits(0)) for (const part of heap.windows) trimWindow(heap, part);
  heap.control.add(ControlDouble.rebuilds, 1);
  // What the counter and the chain do not agree about was on its way between a free list and a cache.
  const found = doubles[ControlDouble.takenBlocks]! + cached;
  heap.control.add(ControlDouble.inFlight, Math.abs(recorded - found));
}

/**
 * A mapping that was on its way: what is registered stays, so that a free that was cut short has not happened; what is
 * not registered is ended, and so is what a registered table replaces.
 */
function settlePassage(heap: Held<Heap>): void {
  const { address, byteLength } = heap.passage.range;
  if (address === 0) return;
  heap.control.add(ControlDouble.inFlight, 1);
  if (address === heap.control.doubles[ControlDouble.largeTable]) heap.large.endFormer();
  else if (isRegistered(heap, address, byteLength)) heap.passage.arrived();
  else endPassing(heap, 0);
}

function isRegistered(heap: Held<Heap>, address: number, byteLength: number): boolean {
  if (heap.windows.some(({ window, spans }) => window.base === address || spans.base === address))
    return true;
  if (address === heap.control.doubles[ControlDouble.stock]) return true;
  for (const block of heap.large.all()) {
    const from = block.address - block.offset;
    if (from <= address && address + byteLength <= from + block.mappedBytes) return true;
  }
  return false;
}

/** Slots whose cached blocks belong to nobody: all but those of living Workers that have begun their term. */
function lostSlots(heap: Held<Heap>, ownLost: boolean): Uint8Array {
  const lost = new Uint8Array(256);
  // Nobody's: a block that was to become a segment.
  lost[0] = 1;
  for (let slot = 1; slot <= SLOTS; slot++) {
    const isLost = slot === heap.slot ? ownLost : !heap.slots.lives(slot);
    lost[slot] = isLost || !heap.slots.hasBegun(slot) ? 1 : 0;
  }
  return lost;
}

/**
 * Settles what the owner of a slot had claimed when it died or failed: a block under reallocation is in use again, a
 * block that was being freed is returned, 0 = none: the caller frees it, and clears the claim after that.
 */
export function settleClaims(heap: Held<Heap>, { space }: HeapWindow, slot: number): WordIndex | 0 {
  const { words } = space;
  const entries = cacheOfSlot(slot);
  const reallocating = words[entries + CacheWord.reallocating]!;
  const freeing = words[entries + CacheWord.freeing]! as WordIndex | 0;
  if (reallocating !== 0 && space.isHeldBy(reallocating, slot, State.busy)) {
    heap.control.add(ControlDouble.inFlight, 1);
    words[reallocating - 1] = (words[reallocating - 1]! & ~STATE_MASK) | State.inUse;
  }
  words[entries + CacheWord.reallocating] = 0;
  if (freeing === 0 || !space.isHeldBy(freeing, slot, State.busy)) return 0;
  heap.control.add(ControlDouble.inFlight, 1);
  return freeing;
}

/** The same for large blocks: what owners of lost slots were moving is in use again. */
function settleLargeClaims(heap: Held<Heap>, lost: Uint8Array): void {
  const claimed: LargeBlock[] = [];
  for (const block of heap.large.entries()) if (block.busy && lost[block.slot] === 1) claimed.push(block);
  heap.control.add(ControlDouble.inFlight, claimed.length);
  const moves = claimed.filter((block) => block.requestedBytes < 0);
  for (const block of moves) settleMove(heap, block);
  // A move has settled its source too.
  for (const { address } of claimed) {
    const block = heap.large.lookUp(address);
    if (block?.busy !== true) continue;
    // It may have been about to be sealed with new figures.
    seal(heap, block);
    heap.large.mark(block, false, block.slot);
  }
}

/**
 * Empties the lists of the lost slots. Words that are all 0 are empty lists (worker/lists.ts). What is known of
 * their magazines stays, for those who empty these (heap/orphans.ts).
 */
function clearCaches(heap: Held<Heap>, part: HeapWindow, lost: Uint8Array): void {
  const { space } = part;
  for (let slot = 1; slot <= SLOTS; slot++) {
    const from = cacheOfSlot(slot);
    if (lost[slot] !== 1 || isUntouched(space, from)) continue;
    const freeing = settleClaims(heap, part, slot);
    if (freeing !== 0) space.disown(freeing);
    // In one call: a death finds all of it or nothing. Not what tells of magazines: that is for `recoverSpans`.
    space.words.fill(0, from, from + LIST_WORDS);
  }
}

/** Whether nothing was ever noted of the slot's lists and claims in this window: so its pages stay as they are. */
function isUntouched({ words }: BlockSpace, entries: number): boolean {
  // Every word: an overwritten link may have got into the head of a list that counts as empty.
  for (let at = entries; at < entries + LIST_WORDS; at++) if (words[at] !== 0) return false;
  return true;
}

/**
 * Files the free blocks of a window anew, each run of them as one. Returns how many blocks were in the caches of lost
 * slots. Each block is looked at once: a heap of gigabytes has millions, and others wait.
 */
function rebuildWindow(heap: Held<Heap>, part: HeapWindow, lost: Uint8Array): number {
  const { space, policy } = part;
  const { words, first, top } = space;
  let cached = 0;
  let taken = 0;
  let takenBytes = 0;
  let run = 0 as WordIndex | 0;
  policy.reset();
  words[WindowWord.lastFree] = 0;
  for (let block = first; block < top; ) {
    const isUnit = isSegment(part, block);
    const isIntact = isSound(part, block) || mend(part, block, isUnit);
    const word0 = words[block - 2]!;
    const word1 = words[block - 1]!;
    const state = stateOf(word1);
    const isFree = state === State.free || (state === State.cached && lost[slotOf(word1)] === 1);
    if (isIntact && isFree && !isUnit) {
      if (state === State.cached) cached++;
      if (run === 0) run = block;
    } else {
      if ((word0 & PREVIOUS_FREE) !== 0) words[block - 2] = word0 & ~PREVIOUS_FREE;
      if (run !== 0) fileRun(space, policy, run, block);
      run = 0;
      if (!isUnit) {
        // One that has just grown may have pages that are not marked yet.
        space.touch(block);
        taken++;
        takenBytes += payloadBytes(granulesOf(word0));
      }
    }
    block = (block + wordsOf(word0)) as WordIndex;
  }
  if (run !== 0) fileRun(space, policy, run, top);
  heap.control.add(ControlDouble.takenBlocks, taken);
  heap.control.add(ControlDouble.takenBytes, takenBytes);
  return cached;
}

/** Files all that lies between `run` and `end` as one free block. */
function fileRun(space: BlockSpace, policy: Policy, run: WordIndex, end: WordIndex): void {
  space.fuse(run, end);
  policy.free(run);
}

/**
 * Makes sure that the chain goes on behind a damaged block, taking memory out of use if it has to. Where segments begin, and
 * how long they are, is known: no header is looked for inside one. Always false.
 */
function mend(part: HeapWindow, block: WordIndex, isUnit: boolean): false {
  const { space } = part;
  const { words, top } = space;
  const behind = space.next(block);
  // Only word 1 is damaged: the chain goes on, and a free of this block will say so.
  const goesOn = behind > block && (behind === top || space.isIntact(behind)) && !hidesSegment(part, block);
  if (goesOn && !isUnit) return false;
  let resumes: number = block + (isUnit ? SEGMENT_BYTES / 4 : 4);
  while (resumes < top && !space.isIntact(resumes) && !isSegment(part, resumes)) resumes += 4;
  const word0 = ((resumes - block) / 4) << 4;
  if (!isUnit) space.touched.touch(block - 2, resumes - 2);
  words[block - 1] = packState(
    checkBits(block, word0, space.secret),
    isUnit ? State.cached : State.busy,
    0,
    0,
  );
  words[block - 2] = word0;
  return false;
}

/** Whether a header can be believed: one that was left behind in free memory may reach into a segment. */
function isSound(part: HeapWindow, block: WordIndex): boolean {
  return part.space.isIntact(block) && !hidesSegment(part, block);
}

/** Whether a segment begins in the middle of a block. */
function hidesSegment(part: HeapWindow, block: WordIndex): boolean {
  const words = SEGMENT_BYTES / 4;
  const end = part.space.next(block);
  for (let start = (Math.floor(block / words) + 1) * words; start < end; start += words)
    if (isSegment(part, start)) return true;
  return false;
}
