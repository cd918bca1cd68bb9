/**
 * Blocks that another Worker than the span's owner frees. The state byte is exchanged, so that of several frees exactly one
 * succeeds; then the span is put on its owner's list, once until the owner looks. The owner first takes the mark away and
 * then looks at the states: whoever frees meanwhile either finds no mark, or its block is found.
 *
 * The list is an estimate. Who dies between mark and list leaves a span that nobody is told of: `trim`, and what is done
 * after the purge delay, look at all spans that are marked. Who dies before the mark leaves a block that the repair after
 * it tells of (heap/orphans.ts). A span that was dropped, or whose mark somebody took away before it arrived, may stand on a
 * list twice or on another's: the owner follows its list no further then.
 */
import { CACHE_WORDS, cacheOfSlot, PENDING } from "../memory/layout.ts";
import {
  BLOCK_STATE_MASK,
  BlockState,
  OWNER_MASK,
  OWNER_SHIFT,
  RECORD_WORDS,
  RecordWord,
  type SpanTable,
} from "../memory/span-table.ts";
import { spanAt } from "./span.ts";

const FIRST_PENDING = (cacheOfSlot(1) + PENDING) | 0;

/** Frees a block, whoever allocated it. False if it was not in use any more. Any Worker. */
export function freeRemotely(words: Int32Array, table: SpanTable, granule: number): boolean {
  const inUse = BlockState.inUse | (granule & 1);
  const span = spanAt(table, granule);
  for (;;) {
    const state = Atomics.load(table.states, granule >>> 1);
    if ((state & (BLOCK_STATE_MASK | 1)) !== inUse) return false;
    if (exchangeAndTell(words, table, span, granule, state, BlockState.remote)) return true;
    // Another was faster; or the span was adopted, and the block, in use all the same, marked with a former owner.
  }
}

/**
 * Exchanges a block's state byte for another state, and if that succeeds puts its span on the owner's list. Without a call
 * between the two: none that finds the stack full. Any Worker.
 */
export function exchangeAndTell(
  words: Int32Array,
  { map, records, states }: SpanTable,
  span: number,
  granule: number,
  from: number,
  to: number,
): boolean {
  if (Atomics.compareExchange(states, granule >>> 1, from, to | (granule & 1)) !== from) return false;
  const record = span * RECORD_WORDS;
  if (Atomics.load(records, record + RecordWord.remote) !== 0) return true;
  if (Atomics.exchange(records, record + RecordWord.remote, 1) !== 0) return true;
  // Behind the mark, as an adopter stores itself in the map before it looks at the mark: one of the two finds the other.
  const owner = (Atomics.load(map, span) & OWNER_MASK) >>> OWNER_SHIFT;
  if (owner === 0) return true;
  const head = FIRST_PENDING + (owner - 1) * CACHE_WORDS;
  for (;;) {
    const first = Atomics.load(words, head);
    records[record + RecordWord.pendingNext] = first;
    if (Atomics.compareExchange(words, head, first, span) === first) return true;
  }
}
