/** Freeing everything at once: `reset` keeps the arena, `dispose` ends it. Nobody else may be attached. */
import { SLOTS } from "../core/tunables.ts";
import type { Address } from "../core/types.ts";
import { endAllMappings, endParked, endPassing } from "../large/parking.ts";
import { endStock } from "../large/stock.ts";
import type { Held } from "../memory/held.ts";
import {
  CACHE_AREA,
  CACHE_WORDS,
  CONTROL_AREA,
  ControlDouble,
  ControlWord,
  cacheOfSlot,
  HAS_MAGAZINES,
  ORPHAN_AREA,
  ORPHAN_WORDS,
  WindowWord,
} from "../memory/layout.ts";
import {
  SEGMENT_WORDS,
  SegmentKind,
  SegmentWord,
  type SpanTable,
  STATES_BYTES,
  spanTableBytes,
} from "../memory/span-table.ts";
import type { Heap } from "./heap.ts";
import { retire } from "./segments.ts";

/** Frees every block. Memory stays with the arena until it is trimmed. */
export function discardBlocks(heap: Held<Heap>): void {
  heap.control.add(ControlDouble.committed, -heap.control.doubles[ControlDouble.largeBytes]!);
  endAllMappings(heap);
  endStock(heap);
  for (const { space, policy, spans } of heap.windows) {
    discardSpans(space.words, spans);
    space.words.fill(0, CACHE_AREA, CACHE_AREA + SLOTS * CACHE_WORDS);
    policy.reset();
    space.words[WindowWord.lastFree] = 0;
    space.words[WindowWord.top] = space.first;
  }
  heap.control.doubles[ControlDouble.unitBytes] = 0;
  heap.control.doubles[ControlDouble.takenBlocks] = 0;
  heap.control.doubles[ControlDouble.takenBytes] = 0;
  heap.control.doubles[ControlDouble.stuckBytes] = 0;
  for (const { slot, owner } of [...heap.slots.dead(), ...heap.slots.retired()])
    heap.slots.vacate(slot, owner);
}

/**
 * Ends all mappings but the first window, of which it gives the blocks' memory back. The control block stays, so that
 * somebody else can go on if this Worker dies in here. Takes the lock and keeps it for ever.
 */
export function discardMappings(heap: Heap): void {
  heap.enter();
  discardBlocks(heap);
  const { control, passage, platform, windows } = heap;
  for (let number = windows.length - 1; number > 0; number--) {
    const { window } = windows[number]!;
    endSpanTable(heap, number);
    passage.note(window.base, window.byteLength);
    Atomics.store(control.words, CONTROL_AREA + ControlWord.windows, number);
    endPassing(heap, 0, true);
  }
  endSpanTable(heap, 0);
  // A window is whole in the end, and splits nothing: what was refused before may be possible now.
  endParked(heap, Infinity);
  heap.large.dispose();
  const { space, window } = windows[0]!;
  const from = (space.first - 4) * 4;
  const to = space.words[WindowWord.high]! * 4;
  if (to > from) platform.pages.release((window.base + from) as Address, to - from);
}

/** Nothing is in use, so that no span and no segment is left. */
function discardSpans(words: Int32Array, spans: SpanTable): void {
  if (words[WindowWord.spanTable] === 0) return;
  const { groups, map, segments, states } = spans;
  for (let group = 0; group < groups; group++) {
    if (segments[group * SEGMENT_WORDS + SegmentWord.kind] !== SegmentKind.segment) continue;
    states.fill(0, group * STATES_BYTES, (group + 1) * STATES_BYTES);
    retire(map, segments, group);
    words[WindowWord.staleSegments] = words[WindowWord.staleSegments]! + 1;
  }
  for (let slot = 1; slot <= SLOTS; slot++)
    if (words[cacheOfSlot(slot) + HAS_MAGAZINES] !== 0) spans.magazines(slot).fill(0);
  words.fill(0, ORPHAN_AREA, ORPHAN_AREA + ORPHAN_WORDS);
  words[WindowWord.segments] = 0;
  words[WindowWord.freeUnits] = 0;
  words[WindowWord.firstFree] = 0;
}

/** The table of a window goes before the window does. Nobody else is attached. */
function endSpanTable(heap: Held<Heap>, number: number): void {
  const { window, spans } = heap.windows[number]!;
  if (window.words[WindowWord.spanTable] === 0) return;
  heap.passage.note(spans.base, spanTableBytes(window.byteLength));
  Atomics.store(window.words, WindowWord.spanTable, 0);
  endPassing(heap, 0, true);
}

/** Ends the first window. The heap and everything that looks at it must not be used afterwards. */
export function unmapFirstWindow(heap: Heap): void {
  const { window } = heap.windows[0]!;
  heap.platform.pages.unmap(window.base, window.byteLength);
}
