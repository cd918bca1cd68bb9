/**
 * What stands where in a window, in 32-bit words from its base.
 *
 *   0        64            ORPHAN_AREA CACHE_AREA             CONTROL_AREA (first window)  TOUCHED_AREA    first page after
 *   +--------+-------------+-----------+----------------------+----------------------------+---------------+-----------...
 *   | header | policy area | orphans   | caches, one per slot | control block of the arena | touched pages | blocks
 *   +--------+-------------+-----------+----------------------+----------------------------+---------------+-----------...
 *
 * Untouched parts cost address space only. All offsets are the same in every window, so that one attach routine
 * serves all; only the first window keeps a control block.
 */
import { CLASSES } from "../core/size-classes.ts";
import { SLOTS, WINDOW_BYTES, WINDOWS } from "../core/tunables.ts";

/** Bytes of the smallest page that a supported system has. */
const LEAST_PAGE_BYTES = 4096;

export const MAGIC = 0x48555359 | 0; // "HUSY"
/** Raised with every change of this file, of the header format or of the control block. */
export const VERSION = 8;

/** Header words. All are written under the arena's lock; ACCESS and TOP may be read by anyone. */
export const WindowWord = {
  magic: 0,
  version: 1,
  number: 2,
  /** Payload index of the first block. */
  first: 3,
  /** Header chain ends here: payload index that the next block carved from fresh memory will have. */
  top: 16,
  /** Words from the base behind which no page is touched (memory/touched.ts). */
  high: 17,
  /** Words from the base that are readable and writable: length of the view. */
  access: 18,
  /** PREVIOUS_FREE if the chain's last block is free and indexed: what the header of a block carved behind it says. */
  lastFree: 19,
  /** Block whose header is being changed, 0 = none: a death between its two words leaves a check that does not fit. */
  changing: 20,
  /** Words from the base that are kept from huge pages, because some of them were given back (memory/huge-pages.ts). */
  small: 21,
  /** Number of the last look for idle memory (heap/trim.ts): a free block notes it. */
  look: 22,
  /** What lies behind this word has been free since the look with this number. */
  quietFrom: 23,
  quietSince: 24,
  /** Where the span table is (memory/span-table.ts), 0 = nowhere yet; the high part is written first. They never change. */
  spanTable: 25,
  spanTableHigh: 26,
  /** Units of the segments that no span has; no segment before this one has any; segments, and stale ones. */
  freeUnits: 27,
  firstFree: 28,
  segments: 29,
  staleSegments: 30,
} as const;

export const POLICY_AREA = 64;
export const POLICY_WORDS = 1024;

/** What a slot has in a window, before its lists. Written by the slot's Worker. */
export const CacheWord = {
  /** Block that the Worker has claimed and is freeing, 0 = none. */
  freeing: 0,
  /** Block that the Worker has claimed and is reallocating, 0 = none. */
  reallocating: 1,
  /** Granules of all blocks in the lists (worker/lists.ts). */
  kept: 2,
} as const;
/** From a slot's words to its lists: a word a size class, the first block. Classes 0 and 1 do not exist. */
export const LISTS = 2;
/** Words of one slot's lists; a multiple of a cache line, so that two Workers never write the same line. */
export const LIST_WORDS: number = (Math.ceil((LISTS + CLASSES) / 16) * 16) | 0;
/** And of all that a slot has here: a line more. */
export const CACHE_WORDS: number = (LIST_WORDS + 16) | 0;
/**
 * In a line of its own behind the lists: the slot's first span of which another Worker has freed a block, changed by
 * anybody; and whether the slot has had magazines in this window. They outlive the
 * lists: spans and magazines are settled after those (heap/orphans.ts).
 */
export const PENDING: number = LIST_WORDS;
export const HAS_MAGAZINES: number = (LIST_WORDS + 1) | 0;
/** First span without an owner of each class (heap/orphans.ts). */
export const ORPHAN_AREA: number = (POLICY_AREA + POLICY_WORDS) | 0;
export const ORPHAN_WORDS = 64;
export const CACHE_AREA: number = (ORPHAN_AREA + ORPHAN_WORDS) | 0;

/** Word from which a slot's cache stands. */
export function cacheOfSlot(slot: number): number {
  return (CACHE_AREA + (slot - 1) * CACHE_WORDS) | 0;
}

export const CONTROL_AREA: number = (CACHE_AREA + SLOTS * CACHE_WORDS) | 0;

/** Control block: 32-bit words, relative to CONTROL_AREA. */
export const ControlWord = {
  magic: 0,
  version: 1,
  layout: 2,
  pageSize: 3,
  /** Mixed into every header check. */
  secret: 4,
  policy: 5,
  /** 1 = Workers keep caches, 0 = every request takes the lock. */
  workerCache: 6,
  windows: 7,
  /** Highest slot number that was ever claimed: searches end there. Grows by compare-and-exchange. */
  slots: 8,
  /** 1 while the index or the counters may be wrong: an exception left a locked part. The next `enter` repairs. */
  dirty: 9,
  /** The values of the policy's options (policies/policy-options.ts). */
  policyChoice: 10,
  /** Not 0 while a look for idle memory has left something for the next one (heap/trim.ts). */
  unfinished: 11,
  /** The lock word stands alone in its cache line. */
  lock: 16,
} as const;

/** Control block: 64-bit floats, as indexes of a Float64Array over the control area. */
const FIRST_DOUBLE = 16;
export const ControlDouble = {
  id: FIRST_DOUBLE,
  limit: FIRST_DOUBLE + 1,
  largeThreshold: FIRST_DOUBLE + 2,
  reserve: FIRST_DOUBLE + 3,
  /** Bytes charged against the limit: touched pages of all windows, large mappings and the stock. */
  committed: FIRST_DOUBLE + 4,
  peakCommitted: FIRST_DOUBLE + 5,
  /** Mapping that holds the registry of large blocks; 0 = none yet. */
  largeTable: FIRST_DOUBLE + 6,
  largeBlocks: FIRST_DOUBLE + 7,
  largeBytes: FIRST_DOUBLE + 8,
  /** Blocks that are in use or in a cache: taken from a policy and not given back. */
  takenBlocks: FIRST_DOUBLE + 9,
  takenBytes: FIRST_DOUBLE + 10,
  /** Bytes given back to the system so far, and when somebody last looked for more (milliseconds). */
  releasedBytes: FIRST_DOUBLE + 11,
  lookedAt: FIRST_DOUBLE + 12,
  /** Counters of events. */
  refills: FIRST_DOUBLE + 13,
  flushes: FIRST_DOUBLE + 14,
  takeovers: FIRST_DOUBLE + 15,
  rebuilds: FIRST_DOUBLE + 16,
  adoptions: FIRST_DOUBLE + 17,
  damaged: FIRST_DOUBLE + 18,
  inFlight: FIRST_DOUBLE + 19,
  /** A mapping on its way into or out of the arena (large/passage.ts). 0 = none. */
  passing: FIRST_DOUBLE + 20,
  passingBytes: FIRST_DOUBLE + 21,
  /** Mappings of large blocks made and ended so far, and their bytes; a change of length counts the bytes only. */
  mappings: FIRST_DOUBLE + 22,
  unmappings: FIRST_DOUBLE + 23,
  mappedBytes: FIRST_DOUBLE + 24,
  unmappedBytes: FIRST_DOUBLE + 25,
  /** System calls so far that made memory of windows accessible, and that gave pages of them back. */
  commits: FIRST_DOUBLE + 26,
  releases: FIRST_DOUBLE + 27,
  /** Milliseconds that free memory is idle before it is given back; Infinity = never. */
  purgeDelay: FIRST_DOUBLE + 28,
  /** Mapping of a freed large block that is kept for the next one (large/stock.ts), 0 = none; its bytes; since when. */
  stock: FIRST_DOUBLE + 29,
  stockBytes: FIRST_DOUBLE + 30,
  stockSince: FIRST_DOUBLE + 31,
  /** Idle bytes that a look could not give back, because they lie in pages that are partly in use. */
  stuckBytes: FIRST_DOUBLE + 32,
  /** Mappings of freed large blocks that were not ended (large/parking.ts). */
  parkedBlocks: FIRST_DOUBLE + 33,
  /** Calls so far by which memory should have gone back, and that the system refused. */
  refusedReturns: FIRST_DOUBLE + 34,
  /** Bytes of the units that spans have, and of the states of all segments. */
  unitBytes: FIRST_DOUBLE + 35,
  stateBytes: FIRST_DOUBLE + 36,
  /** `windowBases[n]`, `windowBytes[n]`: WINDOWS entries each. */
  windowBases: FIRST_DOUBLE + 37,
  windowBytes: FIRST_DOUBLE + 37 + WINDOWS,
} as const;

/** Words of one slot in the slot table (heap/slots.ts). */
export const SLOT_WORDS = 8;
/** Slot table, in words relative to CONTROL_AREA. Slot numbers start at 1; entry 0 is unused. */
export const SLOT_TABLE: number = ((ControlDouble.windowBytes + WINDOWS) * 2) | 0;
const CONTROL_WORDS: number = (SLOT_TABLE + (SLOTS + 1) * SLOT_WORDS) | 0;

/**
 * Words that nobody uses: the first block begins a multiple of 64 KiB from where it began in layout 6, so that runs of
 * `slabs`, which begin at multiples of so many bytes, have the places that published figures are about.
 */
const SPARE_WORDS = 18 * 1024;
/** A bit for each page of the window, for the smallest pages there are (memory/touched.ts). */
export const TOUCHED_AREA: number = (CONTROL_AREA + Math.ceil(CONTROL_WORDS / 16) * 16 + SPARE_WORDS) | 0;
const TOUCHED_WORDS = WINDOW_BYTES / LEAST_PAGE_BYTES / 32;

/** A number that differs when the layout differs: attach compares it. */
export const LAYOUT: number = (TOUCHED_AREA * 31 + CACHE_WORDS * 7 + SLOTS) | 0;

/** Words from a window's base to its first page of blocks. */
export function controlWords(pageSize: number): number {
  return (Math.ceil(((TOUCHED_AREA + TOUCHED_WORDS) * 4) / pageSize) * (pageSize / 4)) | 0;
}
