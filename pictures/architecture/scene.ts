/**
 * A small arena on real memory, and what stands where in it: read from the window, the span table and the lists by the
 * classes that the allocator itself reads them with. All places are bytes from the base of their mapping, so that every
 * run on pages of the same size tells the same.
 */
import { nativePlatform } from "../../native/index.ts";
import { addressOf } from "../../native/raw-memory.ts";
import { Arena } from "../../src/api/arena.ts";
import { resolveOptions } from "../../src/api/options.ts";
import { CLASSES, GRANULE_BYTES } from "../../src/core/size-classes.ts";
import { spanGranules, UNIT_GRANULES, UNITS } from "../../src/core/span-classes.ts";
import { SEGMENT_BYTES, SLOTS } from "../../src/core/tunables.ts";
import type { SlotNumber, WordIndex } from "../../src/core/types.ts";
import type { Heap } from "../../src/heap/heap.ts";
import { isSegment } from "../../src/heap/segments.ts";
import { footerIndex, PREVIOUS_FREE, slotOf, stateOf, tailOf, wordsOf } from "../../src/memory/header.ts";
import type { Held } from "../../src/memory/held.ts";
import {
  CACHE_AREA,
  CACHE_WORDS,
  CacheWord,
  CONTROL_AREA,
  HAS_MAGAZINES,
  LISTS,
  ORPHAN_AREA,
  PENDING,
  POLICY_AREA,
  TOUCHED_AREA,
  WindowWord,
} from "../../src/memory/layout.ts";
import {
  BACK_SHIFT,
  BLOCK_STATE_MASK,
  CAPACITIES,
  CELL_BYTES,
  FORMERS,
  HEADS,
  MAGAZINE_SHIFT,
  RECORD_WORDS,
  RecordWord,
} from "../../src/memory/span-table.ts";
import { makeHeap } from "../../src/registry/source.ts";
import { freeRemotely } from "../../src/spans/remote.ts";
import { blocksOfSpan, classOfSpan, formerOwner, ownerOfSpan, unitsOfSpan } from "../../src/spans/span.ts";
import { forEachSpan } from "../../src/spans/walk.ts";
import { WindowCache } from "../../src/worker/lists.ts";
import { UnlistedSource } from "../../stress/chaos/subjects/unlisted-source.ts";

export interface ChainBlock {
  readonly offset: number;
  readonly byteLength: number;
  readonly granules: number;
  readonly previousFree: boolean;
  /** One of State. */
  readonly state: number;
  readonly slot: number;
  readonly tail: number;
  readonly isSegment: boolean;
  /** What a free block keeps in its payload. */
  readonly free: { next: number; previous: number; since: number; footer: number } | undefined;
}

export interface ShownSpan {
  readonly unit: number;
  readonly units: number;
  readonly cls: number;
  readonly blockBytes: number;
  readonly blocks: number;
  readonly owner: number;
  /** "Units from the first one" in the page map, of each unit. */
  readonly backs: readonly number[];
  readonly record: {
    free: number;
    cursor: number;
    next: number;
    remote: number;
    pendingNext: number;
    /** Slots of former owners whose blocks are still in use. */
    formers: readonly number[];
  };
  /** Of the span's first cells. */
  readonly states: readonly number[];
}

export interface ShownList {
  readonly cls: number;
  readonly blocks: readonly number[];
}

export interface ShownMagazine {
  readonly cls: number;
  readonly offset: number;
  /** Places of the ready blocks, the next one to be handed out first. */
  readonly ready: readonly number[];
  readonly head: number;
  readonly capacity: number;
}

export interface Layout {
  readonly slot: number;
  readonly window: {
    byteLength: number;
    first: number;
    top: number;
    access: number;
  };
  /** Bytes from the window's base to each part of its head, and of one slot's words. */
  readonly head: { policy: number; orphans: number; caches: number; control: number; touched: number };
  readonly cache: {
    offset: number;
    byteLength: number;
    lists: number;
    pendingOffset: number;
    freeing: number;
    reallocating: number;
    kept: number;
    pending: number;
    hasMagazines: number;
  };
  readonly chain: readonly ChainBlock[];
  readonly lists: readonly ShownList[];
  /** Bytes from the span table's base to each part. */
  readonly table: { magazines: number; states: number; map: number; records: number; segments: number };
  readonly segment: { offset: number; byteLength: number; spans: readonly ShownSpan[] };
  readonly magazines: readonly ShownMagazine[];
  readonly large: { mappedBytes: number; requestedBytes: number; offset: number };
}

const SHOWN_CELLS = 18;

/** The requests whose outcome is shown. */
function play(arena: Arena, heap: Heap): void {
  const blocks = Array.from({ length: 4 }, () => arena.malloc(2000));
  arena.malloc(5000);
  // The two in the middle go back to the policy, which merges them.
  arena.free(blocks[1]!);
  arena.free(blocks[2]!);
  arena.trim();
  // This one stays with the Worker.
  arena.free(blocks[3]!);
  const small = Array.from({ length: 8 }, () => arena.malloc(48));
  arena.malloc(700);
  arena.free(small[1]!);
  const { spans, window } = heap.windows[0]!;
  // What a free in another Worker comes to: of all that it reads and writes nothing is that Worker's.
  freeRemotely(window.words, spans, (small[4]! - window.base) / GRANULE_BYTES);
  arena.malloc(80 * 2 ** 20);
}

export function layoutOfAnArena(): Layout {
  const platform = nativePlatform();
  const { name, ...shape } = resolveOptions({ purgeDelay: Infinity }, platform.pages.pageSize);
  const heap: Heap = makeHeap(platform, shape);
  heap.spanAfterRequests = 0;
  const arena = new Arena(new UnlistedSource(heap, name, "creator"));
  try {
    arena.stats();
    play(arena, heap);
    arena.check();
    heap.enter();
    const layout = layoutOf(heap);
    heap.leave();
    return layout;
  } finally {
    arena.dispose();
  }
}

function layoutOf(heap: Held<Heap>): Layout {
  const { window, space, spans } = heap.windows[0]!;
  const { words } = window;
  const slot = heap.slot as SlotNumber;
  const { entries } = new WindowCache(window, 0, heap.geometry.secret, slot);
  const large = [...heap.large.entries()][0]!;
  const group = groupOfSegment(heap);
  const own = spans.magazines(slot);
  const inTable = (view: NodeJS.TypedArray) => addressOf(view) - spans.base;
  const found = spansOf(heap);
  return {
    slot,
    window: {
      byteLength: window.byteLength,
      first: space.first * 4,
      top: space.top * 4,
      access: words[WindowWord.access]! * 4,
    },
    head: {
      policy: POLICY_AREA * 4,
      orphans: ORPHAN_AREA * 4,
      caches: CACHE_AREA * 4,
      control: CONTROL_AREA * 4,
      touched: TOUCHED_AREA * 4,
    },
    cache: {
      offset: entries * 4,
      byteLength: CACHE_WORDS * 4,
      lists: (entries + LISTS) * 4,
      pendingOffset: (entries + PENDING) * 4,
      freeing: words[entries + CacheWord.freeing]!,
      reallocating: words[entries + CacheWord.reallocating]!,
      kept: words[entries + CacheWord.kept]!,
      pending: words[entries + PENDING]!,
      hasMagazines: words[entries + HAS_MAGAZINES]!,
    },
    chain: chainOf(heap),
    lists: listsOf(words, entries),
    table: {
      magazines: inTable(own) - (slot - 1) * own.byteLength,
      states: inTable(spans.states),
      map: inTable(spans.map),
      records: inTable(spans.records),
      segments: inTable(spans.segments),
    },
    segment: { offset: group * SEGMENT_BYTES, byteLength: SEGMENT_BYTES, spans: found },
    magazines: [...new Set(found.map(({ cls }) => cls))].map((cls) => magazineOf(own, inTable(own), cls)),
    large: {
      mappedBytes: large.mappedBytes,
      requestedBytes: large.requestedBytes,
      offset: large.offset,
    },
  };
}

function groupOfSegment(heap: Heap): number {
  const part = heap.windows[0]!;
  const { first, top } = part.space;
  for (let block = first; block < top; block = part.space.next(block))
    if (isSegment(part, block)) return (block * 4) / SEGMENT_BYTES;
  throw new Error("no segment");
}

function chainOf(heap: Heap): ChainBlock[] {
  const part = heap.windows[0]!;
  const { first, top, words } = part.space;
  const chain: ChainBlock[] = [];
  for (let block: WordIndex = first; block < top; block = part.space.next(block)) {
    const [word0, word1] = [words[block - 2]!, words[block - 1]!];
    chain.push({
      offset: block * 4,
      byteLength: wordsOf(word0) * 4,
      granules: part.space.granules(block),
      previousFree: (word0 & PREVIOUS_FREE) !== 0,
      state: stateOf(word1),
      slot: slotOf(word1),
      tail: tailOf(word1),
      isSegment: isSegment(part, block),
      free: part.space.isFree(block)
        ? {
            next: words[block]! * 4,
            previous: words[block + 1]! * 4,
            since: part.space.freeSince(block),
            footer: words[footerIndex(block, wordsOf(word0))]!,
          }
        : undefined,
    });
  }
  return chain;
}

function listsOf(words: Int32Array, entries: number): ShownList[] {
  const lists: ShownList[] = [];
  for (let cls = 2; cls < CLASSES; cls++) {
    const blocks: number[] = [];
    for (let block = words[entries + LISTS + cls]!; block !== 0; block = words[block]!)
      blocks.push(block * 4);
    if (blocks.length > 0) lists.push({ cls, blocks });
  }
  return lists;
}

function spansOf(heap: Heap): ShownSpan[] {
  const { spans } = heap.windows[0]!;
  const { map, records, states } = spans;
  const found: ShownSpan[] = [];
  forEachSpan(spans, (span) => {
    const word = (index: number) => records[span * RECORD_WORDS + index]!;
    const cls = classOfSpan(spans, span);
    const units = unitsOfSpan(spans, span);
    const cell = (span * UNIT_GRANULES * GRANULE_BYTES) / CELL_BYTES;
    found.push({
      unit: span % UNITS,
      units,
      cls,
      blockBytes: spanGranules[cls]! * GRANULE_BYTES,
      blocks: blocksOfSpan(spans, span),
      owner: ownerOfSpan(spans, span),
      backs: Array.from({ length: units }, (_, unit) => (map[span + unit]! >>> BACK_SHIFT) & 0xff),
      record: {
        free: word(RecordWord.free),
        cursor: word(RecordWord.cursor),
        next: word(RecordWord.next),
        remote: word(RecordWord.remote),
        pendingNext: word(RecordWord.pendingNext),
        formers: Array.from({ length: FORMERS }, (_, at) => formerOwner(spans, span, at + 1)).filter(Boolean),
      },
      states: [...states.subarray(cell, cell + SHOWN_CELLS)],
    });
  });
  return found;
}

function magazineOf(words: Int32Array, offset: number, cls: number): ShownMagazine {
  const at = cls << MAGAZINE_SHIFT;
  return {
    cls,
    offset: offset + at * 4,
    ready: [...words.subarray(at + 1, at + 1 + words[at]!)]
      .reverse()
      .map((granule) => granule * GRANULE_BYTES),
    head: words[HEADS + cls]!,
    capacity: words[CAPACITIES + cls]!,
  };
}

/** State of a block that begins in a cell; 0 = none does, or it was never handed out. */
export function blockStateOf(state: number): number {
  return state & BLOCK_STATE_MASK;
}

/** Slots of an arena. */
export const slotsOfAnArena: number = SLOTS;
