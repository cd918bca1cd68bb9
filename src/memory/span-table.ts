/**
 * The span table of a window: what is known about the blocks of its spans, in a mapping of its own beside the window, so
 * that no stray write of the program reaches it and no block needs to be read to know what it is.
 *
 *   +-----------+-----------------------------+-----------------------+--------------------------+-----------------------+
 *   | magazines | states                      | page map              | records                  | segments              |
 *   | a slot's  | a byte each 32 bytes of the | a word each unit of   | RECORD_WORDS words a unit | SEGMENT_WORDS words   |
 *   |           | window: which block begins  | 4 KiB: class, owner   |                          | each 128 KiB          |
 *   +-----------+-----------------------------+-----------------------+--------------------------+-----------------------+
 *
 * Mapped in one piece, for the first window when a Worker attaches, for others when their first segment is made; untouched
 * parts cost address space only. Each Worker's views reach further than its view of the window, so that they are seldom
 * taken anew: as long as they are the same, the compiler of the fast path knows them (docs/runtime.md).
 */
import { SPAN_CLASSES, UNITS } from "../core/span-classes.ts";
import { SEGMENT_BYTES, SLOTS, UNIT_BYTES } from "../core/tunables.ts";
import type { Address } from "../core/types.ts";
import type { PageSource } from "../platform/platform.ts";
import { WindowWord } from "./layout.ts";
import type { Window } from "./window.ts";

/** Bytes of memory for each state byte: a cell. */
export const CELL_BYTES = 32;

/**
 * What begins in a cell. Bit 0 tells in which half of the cell; bits 3..1 the state; bits 7..4, in use, who allocated it:
 * 0 = the span's owner, n = the n-th of its former owners. 0 = nothing, or a block that was never handed out.
 */
export const BlockState = {
  inUse: 2,
  /** In a magazine of the span's owner. */
  ready: 4,
  /** Freed by another Worker, not collected yet. */
  remote: 6,
  free: 8,
} as const;
export const BLOCK_STATE_MASK = 14;
export const FORMER_SHIFT = 4;
/** Former owners that a span can tell apart: as many bytes as its record has for them. */
export const FORMERS = 8;

/** Word of the page map: class, owner's slot (0 = nobody), units from the span's first one. 0 = no unit of a segment. */
export const OWNER_SHIFT = 8;
export const OWNER_MASK = 0xff00;
export const BACK_SHIFT = 16;
export const IS_SPAN: number = 1 << 24;
/** A unit of a segment that no span has. */
export const FREE_UNIT: number = 1 << 25;

/** Words of a record: that of a span's first unit. */
export const RECORD_WORDS = 8;
export const RecordWord = {
  /** Blocks that are free or were never handed out. Owner. */
  free: 0,
  /** Block at which the owner looks next. */
  cursor: 1,
  /** Next span of the class that has free blocks, 0 = none, NOT_LISTED. Owner; of spans without one, locked. */
  next: 2,
  /** 1 = a block was freed by another Worker since the owner looked. Atomic. */
  remote: 3,
  /** Next span on its owner's list of these. */
  pendingNext: 4,
  /** Blocks, units, and the slot of the last owner where there is none. */
  shape: 5,
  /** Slots of former owners whose blocks are still in use, a byte each. */
  formers: 6,
} as const;
export const NOT_LISTED = -1;
export const UNITS_SHIFT = 16;
export const UNITS_MASK = 0x3f;
export const LAST_OWNER_SHIFT = 24;
export const BLOCKS_MASK = 0xffff;

/** Words of a segment. Locked. */
export const SEGMENT_WORDS = 4;
export const SegmentWord = {
  kind: 0,
  /** A bit for each unit that no span has. */
  freeUnits: 1,
  /** Number of the look for idle memory after which a unit was freed last. */
  freeSince: 2,
} as const;
/** `stale`: there was a segment, and the memory of its states is still touched. */
export const SegmentKind = { none: 0, segment: 1, stale: 2 } as const;

/** Words of a class in a slot's magazines: how many blocks, and their granules from the window's base. */
export const MAGAZINE_SHIFT = 6;
/** The classes 0 and 1 do not exist: first span of each class that has free blocks; blocks of all spans of each class. */
export const HEADS = 0;
export const CAPACITIES: number = 1 << MAGAZINE_SHIFT;
/** Words of one slot. */
const MAGAZINE_WORDS: number = (Math.ceil((SPAN_CLASSES << MAGAZINE_SHIFT) / 1024) * 1024) | 0;

/** Parts begin at multiples of every page size. */
const PART_BYTES = 2 ** 16;
const roundUp = (byteLength: number) => Math.ceil(byteLength / PART_BYTES) * PART_BYTES;

const STATES = roundUp(SLOTS * MAGAZINE_WORDS * 4);
const partsOf = (byteLength: number) => {
  const windowBytes = Math.ceil(byteLength / SEGMENT_BYTES) * SEGMENT_BYTES;
  const map = STATES + roundUp(windowBytes / CELL_BYTES);
  const records = map + roundUp((windowBytes / UNIT_BYTES) * 4);
  const segments = records + roundUp((windowBytes / UNIT_BYTES) * RECORD_WORDS * 4);
  const end = segments + roundUp((windowBytes / SEGMENT_BYTES) * SEGMENT_WORDS * 4);
  return { map, records, segments, end };
};

/** Bytes of the table of a window of so many bytes. */
export function spanTableBytes(windowBytes: number): number {
  return partsOf(windowBytes).end;
}

/** Bytes of a window that the first views reach, if it has as many. */
const FIRST_REACH_BYTES = 2 ** 26;

const NO_WORDS: Int32Array = new Int32Array(0);
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The table's address in two words of the window's head: pages modulo so many, plus 1, and the rest. */
const HIGH_PAGES = 2 ** 20;
const PAGE_BYTES = 2 ** 12;

/** Tells everybody where the table of a window is. Under the lock. */
export function publishSpanTable({ words }: Window, base: Address): void {
  const page = base / PAGE_BYTES;
  words[WindowWord.spanTableHigh] = Math.floor(page / HIGH_PAGES);
  Atomics.store(words, WindowWord.spanTable, (page % HIGH_PAGES) + 1);
}

/** One Worker's views. While the window has no table all are empty. */
export class SpanTable {
  states: Uint8Array = NO_BYTES;
  map: Int32Array = NO_WORDS;
  records: Int32Array = NO_WORDS;
  segments: Int32Array = NO_WORDS;
  base = 0 as Address;
  /** Words of the window that the views reach. */
  private reach = 0;

  constructor(
    private readonly window: Window,
    private readonly pages: PageSource,
  ) {}

  /** Segments for which there is room in this Worker's view of the window, as far as the table's views reach. */
  get groups(): number {
    const { words } = this.window;
    return Math.ceil((Math.min(words.length, this.reach) * 4) / SEGMENT_BYTES);
  }

  /** Whether the views reach as far as the window's, or there is no table yet. Any Worker, any time. */
  get isCurrent(): boolean {
    const { words } = this.window;
    return this.reach >= words.length || Atomics.load(words, WindowWord.spanTable) === 0;
  }

  /** Follows the window's view. Any Worker, any time. */
  refresh(): void {
    // Apart from the rest: a function with a closure makes garbage with every call, at each lock.
    if (!this.isCurrent) this.extend();
  }

  private extend(): void {
    const { words } = this.window;
    const low = Atomics.load(words, WindowWord.spanTable);
    this.base = ((words[WindowWord.spanTableHigh]! * HIGH_PAGES + low - 1) * PAGE_BYTES) as Address;
    const { map, records, segments } = partsOf(this.window.byteLength);
    const wanted = Math.max(2 ** Math.ceil(Math.log2(words.length * 4)), FIRST_REACH_BYTES);
    const bytes = Math.min(wanted, this.window.byteLength);
    const view = (part: number, length: number) => this.pages.words((this.base + part) as Address, length);
    const groups = Math.ceil(bytes / SEGMENT_BYTES);
    const states = view(STATES, (groups * SEGMENT_BYTES) / CELL_BYTES);
    this.states = new Uint8Array(states.buffer, states.byteOffset, states.byteLength);
    this.map = view(map, groups * UNITS * 4);
    this.records = view(records, groups * UNITS * RECORD_WORDS * 4);
    this.segments = view(segments, groups * SEGMENT_WORDS * 4);
    this.reach = bytes / 4;
  }

  /** The magazines of a slot. */
  magazines(slot: number): Int32Array {
    return this.pages.words((this.base + (slot - 1) * MAGAZINE_WORDS * 4) as Address, MAGAZINE_WORDS * 4);
  }

  /** Address of the states of a segment. */
  statesOf(group: number): Address {
    return (this.base + STATES + group * STATES_BYTES) as Address;
  }
}

/** Bytes of the states of one segment. */
export const STATES_BYTES: number = (SEGMENT_BYTES / CELL_BYTES) | 0;
