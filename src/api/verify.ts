/**
 * `check`: every invariant that can be looked at from outside, under the lock. Other Workers may be in their fast
 * paths meanwhile: they change only states of their own blocks, which no invariant here depends on.
 */

import { ArenaError, InvalidPointerError } from "../core/errors.ts";
import { GRANULE_BYTES, LEAST_GRANULES, payloadBytes } from "../core/size-classes.ts";
import { UNIT_GRANULES, UNITS } from "../core/span-classes.ts";
import { UNIT_BYTES } from "../core/tunables.ts";
import type { WordIndex } from "../core/types.ts";
import type { Heap, HeapWindow } from "../heap/heap.ts";
import { verifyKept } from "../heap/kept.ts";
import { isSegment } from "../heap/segments.ts";
import { isSealed } from "../large/blocks.ts";
import { stockedBytes } from "../large/stock.ts";
import { DamagedBlock } from "../memory/damage.ts";
import { PREVIOUS_FREE, State, stateOf } from "../memory/header.ts";
import type { Held } from "../memory/held.ts";
import { ControlDouble, WindowWord } from "../memory/layout.ts";
import { SEGMENT_WORDS, SegmentKind, SegmentWord, STATES_BYTES } from "../memory/span-table.ts";
import { spanAt, unitsOfSpan } from "../spans/span.ts";
import { forEachSpan } from "../spans/walk.ts";

/** Throws on the first broken invariant. */
export function verify(heap: Held<Heap>): void {
  let taken = 0;
  let takenBytes = 0;
  let committed = stockedBytes(heap);
  for (const part of heap.windows) {
    const { free, others, otherBytes } = verifyChain(part);
    verifyIndex(part, free);
    taken += others;
    takenBytes += otherBytes;
    const { words, touched, touchedBytes } = part.space;
    const high = words[WindowWord.high]!;
    require(part.space.end <= high &&
      high <= words[WindowWord.access]!, "chain end <= end of the touched pages <= accessible end");
    require(touched.bytesIn(high, part.window.wordLimit) === 0, "no page is touched behind the recorded end");
    committed += touchedBytes;
  }
  const { unitBytes, stateBytes } = verifySpans(heap);
  committed += stateBytes;
  for (const block of heap.large.entries()) {
    committed += block.mappedBytes;
    if (!block.busy && !isSealed(heap, block)) {
      throw new InvalidPointerError(
        "corrupt-block",
        "check",
        block.address,
        "the words in front of it were overwritten",
      );
    }
  }
  for (let index = 0; index < heap.windows.length; index++) {
    reportDamage("a link of this Worker's cache was overwritten", () => {
      const lost = verifyKept(heap, index);
      require(lost ===
        0, `kept blocks: ${lost * GRANULE_BYTES} bytes are on no list: a link was overwritten`);
    });
  }
  const { doubles } = heap.control;
  require(taken ===
    doubles[
      ControlDouble.takenBlocks
    ], `taken blocks: counted ${taken}, recorded ${doubles[ControlDouble.takenBlocks]}`);
  require(takenBytes ===
    doubles[
      ControlDouble.takenBytes
    ], `taken bytes: counted ${takenBytes}, recorded ${doubles[ControlDouble.takenBytes]}`);
  require(unitBytes ===
    doubles[
      ControlDouble.unitBytes
    ], `bytes of spans: counted ${unitBytes}, recorded ${doubles[ControlDouble.unitBytes]}`);
  require(committed ===
    doubles[
      ControlDouble.committed
    ], `committed bytes: counted ${committed}, recorded ${doubles[ControlDouble.committed]}`);
  // What the system would not take back stays charged.
  require(heap.control.fits(0) || doubles[ControlDouble.refusedReturns]! > 0, "committed bytes <= limit");
}

/** The chain tiles the window, every header is undamaged, every "previous free" bit and footer is right. */
function verifyChain(part: HeapWindow): { free: number; others: number; otherBytes: number } {
  const { space, window } = part;
  const { words, touched, first, top } = space;
  const broken = (block: number, detail: string) =>
    new InvalidPointerError("corrupt-block", "check", window.base + block * 4, detail);
  let free = 0;
  let others = 0;
  let otherBytes = 0;
  let previousFree = false;
  let block = first;
  while (block < top) {
    if (!space.isIntact(block)) throw broken(block, "its header was overwritten");
    if (((words[block - 2]! & PREVIOUS_FREE) !== 0) !== previousFree) {
      throw broken(block, "it says the wrong thing about the block before it");
    }
    previousFree = stateOf(words[block - 1]!) === State.free;
    const isUnits = isSegment(part, block);
    if (previousFree) free++;
    else if (!isUnits) {
      others++;
      otherBytes += payloadBytes(space.granules(block));
    }
    if (!previousFree && !isUnits && touched.untouchedBytes(block - 2, space.next(block) - 2) !== 0)
      throw broken(block, "a page of it counts as free");
    const behind = space.next(block);
    if (previousFree && words[behind - 3] !== space.granules(block))
      throw broken(block, "its footer was overwritten");
    block = behind;
  }
  require(block === top, `header chain ends at word ${block}, recorded ${top}`);
  return { free, others, otherBytes };
}

/** Units are in one span each or counted as free, a span's pages are touched, its states are ones that there are. */
function verifySpans(heap: Held<Heap>): { unitBytes: number; stateBytes: number } {
  let unitBytes = 0;
  let stateBytes = 0;
  for (const { space, spans } of heap.windows) {
    let freeUnits = 0;
    for (let group = 0; group < spans.groups; group++) {
      const kind = spans.segments[group * SEGMENT_WORDS + SegmentWord.kind]!;
      if (kind !== SegmentKind.none) stateBytes += STATES_BYTES;
      if (kind !== SegmentKind.segment) continue;
      const free = spans.segments[group * SEGMENT_WORDS + SegmentWord.freeUnits]!;
      for (let unit = 0; unit < UNITS; unit++) {
        const isFree = ((free >>> unit) & 1) !== 0;
        const isSpan = spanAt(spans, (group * UNITS + unit) * UNIT_GRANULES) !== 0;
        require(isFree !== isSpan, `unit ${unit} of segment ${group} is free or a span's`);
        if (isFree) freeUnits++;
      }
    }
    require(freeUnits === (space.words[WindowWord.freeUnits] ?? 0), `free units: counted ${freeUnits}`);
    forEachSpan(spans, (span) => {
      const units = unitsOfSpan(spans, span);
      unitBytes += units * UNIT_BYTES;
      const from = span * (UNIT_BYTES / 4);
      require(space.touched.untouchedBytes(from, from + units * (UNIT_BYTES / 4)) ===
        0, `span ${span} is touched`);
    });
  }
  return { unitBytes, stateBytes };
}

/** The policy knows exactly the free blocks of the chain. */
function verifyIndex({ space, policy }: HeapWindow, free: number): void {
  let filed = 0;
  reportDamage("a free list is damaged here", () => {
    policy.forEachFree(LEAST_GRANULES, (block: WordIndex) => {
      if (space.isFree(block)) filed++;
    });
  });
  require(filed === free, `free blocks: ${free} in the chain, ${filed} filed`);
}

/** Turns what a walk over links throws into the error of `check`. */
function reportDamage(detail: string, walk: () => void): void {
  try {
    walk();
  } catch (error) {
    if (!(error instanceof DamagedBlock)) throw error;
    throw new InvalidPointerError("corrupt-block", "check", error.address, detail);
  }
}

function require(holds: boolean, equation: string): void {
  if (!holds) throw new ArenaError("corrupt-arena", `broken invariant: ${equation}`);
}
