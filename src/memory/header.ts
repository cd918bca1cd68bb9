/**
 * The header: two 32-bit words in front of each payload. A block is named by the word index `b` of its payload.
 *
 *        b - 2                               b - 1                                    b
 *   -----+-----------------------------------+----------------------------------------+------------------
 *    ... | word 0, written under the lock    | word 1, written by the block's holder  | payload, 16-byte
 *        | 31..4 granules | 3..1 0 | 0 prevFree | 31..15 check | 14..10 tail | 9..2 slot | 1..0 state | aligned
 *   -----+-----------------------------------+----------------------------------------+------------------
 *
 * granules  size of the block, header included. Always valid: adding it up from the first block tiles the heap.
 * prevFree  the block before is free and indexed. Valid in every block but the first.
 * check     mixed from place, granules and the arena's secret, so that a pointer that was never handed out and
 *           a damaged header are recognised. Always valid.
 * tail      payload bytes beyond the requested ones; TAIL_UNKNOWN = that many or more. Valid in use.
 * slot      whose cache the block is in, or who allocated it. Valid in use, cached and busy.
 * state     who the block belongs to (State). The holder of word 1 is: free - whoever has the lock; cached - the
 *           slot's Worker; in use - whoever frees it first; busy - the Worker that
 *           reallocates it, or frees it and did not allocate it.
 *
 * A free block keeps in its payload: b next, b + 1 previous (the policy's links), b + 2 since when it is free
 * (BlockSpace.freeSince), and in its last word its granules again (the footer). A cached block keeps in
 * word b the next cached block of its class.
 */
import type { WordIndex } from "../core/types.ts";

export const State = { free: 0, inUse: 1, cached: 2, busy: 3 } as const;

export const STATE_MASK = 0x3;
export const SLOT_SHIFT = 2;
export const SLOT_MASK = 0xff << SLOT_SHIFT;
export const TAIL_SHIFT = 10;
export const TAIL_UNKNOWN = 31;
export const TAIL_MASK = TAIL_UNKNOWN << TAIL_SHIFT;
export const CHECK_MASK = ~0x7fff;

export const PREVIOUS_FREE = 1;
/** Bits of word 0 that hold the size. */
export const SIZE_MASK = ~0xf;

/** Odd constants of the header check: 2^32 / golden ratio, and one of xxHash's primes (Collet 2012). */
export const MIX_PLACE = 0x9e3779b1 | 0;
export const MIX_SIZE = 0x85ebca6b | 0;

if ((STATE_MASK ^ SLOT_MASK ^ TAIL_MASK ^ CHECK_MASK) !== -1)
  throw new Error("word 1: fields overlap or leave gaps");

/**
 * The check bits of word 1 for a block at `block` whose word 0 is `word0`. One product: a change of one bit, of the
 * place or of the size, always changes them.
 */
export function checkBits(block: number, word0: number, secret: number): number {
  return Math.imul(block ^ secret ^ (word0 & SIZE_MASK), MIX_PLACE) & CHECK_MASK;
}

/** Words of the block, header included. */
export function wordsOf(word0: number): number {
  return (word0 >>> 2) & ~3;
}

export function granulesOf(word0: number): number {
  return word0 >>> 4;
}

/** Word 1 of a block in the given state. */
export function packState(check: number, state: number, slot: number, tailBytes: number): number {
  const tail = Math.min(tailBytes, TAIL_UNKNOWN);
  return check | (tail << TAIL_SHIFT) | (slot << SLOT_SHIFT) | state;
}

export function stateOf(word1: number): number {
  return word1 & STATE_MASK;
}

export function slotOf(word1: number): number {
  return (word1 & SLOT_MASK) >>> SLOT_SHIFT;
}

export function tailOf(word1: number): number {
  return (word1 & TAIL_MASK) >>> TAIL_SHIFT;
}

/** Index of the last payload word: a free block's footer. */
export function footerIndex(block: number, words: number): WordIndex {
  return (block + words - 3) as WordIndex;
}
