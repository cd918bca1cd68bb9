/**
 * Size classes of the Workers' caches. A request is rounded up to a class, a freed block is filed under the
 * largest class it can serve; both by one table load, so that every cached size costs the same.
 *
 * Class c holds blocks of at least `classGranules[c]` granules. Classes 0 and 1 do not exist (the smallest block
 * has two granules); the caches use their places for other words.
 */
import { CACHE_SMALL_BYTES, CACHED_BYTES, CLASSES_PER_DOUBLING, EXACT_BYTES } from "./tunables.ts";
import type { Granules } from "./types.ts";

export const GRANULE_BYTES = 16;
export const HEADER_BYTES = 8;
/** Granules of the smallest block: header, two links and a footer fit. */
export const LEAST_GRANULES = 2;

const EXACT_GRANULES = EXACT_BYTES / GRANULE_BYTES;

/** Granules of a block whose payload has at least `byteLength` bytes. Valid up to 2^31 - 32 bytes. */
export function granulesFor(byteLength: number): Granules {
  const granules = (byteLength + HEADER_BYTES + GRANULE_BYTES - 1) >>> 4;
  return Math.max(granules, LEAST_GRANULES) as Granules;
}

/** Below so many granules a shrunken block keeps its tail: the next growth finds it again. */
const WORTH_CUTTING_GRANULES = 4;

/** Whether a block is long enough for `wanted` granules, and not so long that its tail is worth cutting off. */
export function hasRoom(present: number, wanted: number): boolean {
  return wanted <= present && (present - wanted < WORTH_CUTTING_GRANULES || wanted * 2 > present);
}

/** Bytes of payload in a block of `granules`. */
export function payloadBytes(granules: number): number {
  return granules * GRANULE_BYTES - HEADER_BYTES;
}

const CLASS_COUNT =
  EXACT_GRANULES +
  1 +
  CLASSES_PER_DOUBLING * Math.log2(granulesFor(CACHED_BYTES - HEADER_BYTES) / EXACT_GRANULES);

/** Granules of each class's blocks. */
export const classGranules: Int32Array = new Int32Array(CLASS_COUNT);
for (let cls = 0; cls < CLASS_COUNT; cls++) {
  const above = cls - EXACT_GRANULES - 1;
  const from = EXACT_GRANULES << Math.floor(above / CLASSES_PER_DOUBLING);
  classGranules[cls] =
    above < 0 ? cls : from + (from / CLASSES_PER_DOUBLING) * ((above % CLASSES_PER_DOUBLING) + 1);
}
export const CLASSES: number = classGranules.length | 0;
/** Granules of the largest block that a cache holds. */
export const CACHED_GRANULES: number = classGranules[CLASSES - 1]! | 0;
/** Largest request in bytes that has a class. */
export const LARGEST_CACHED_BYTES: number = payloadBytes(CACHED_GRANULES) | 0;

/** Class that serves a request, by its granules. */
export const classForRequest: Uint8Array = new Uint8Array(CACHED_GRANULES + 1);
/** Class that files a freed block, by its granules. */
export const classOfBlock: Uint8Array = new Uint8Array(CACHED_GRANULES + 1);

// Filled by ranges: at start-up a loop over two thousand entries would cost more than all the rest of the import.
for (let cls = LEAST_GRANULES as number; cls < CLASSES; cls++) {
  const granules = classGranules[cls]!;
  classForRequest.fill(cls, cls === LEAST_GRANULES ? 0 : classGranules[cls - 1]! + 1, granules + 1);
  classOfBlock.fill(cls, granules, classGranules[cls + 1] ?? CACHED_GRANULES + 1);
}

/** The first class of whose blocks a cache's list holds one. */
export const FIRST_SINGLE_CLASS: number = (classOfBlock[CACHE_SMALL_BYTES / GRANULE_BYTES]! + 1) | 0;

/** Blocks that grow to at most so many granules are copied: that costs less than the lock. */
export const COPIED_GRANULES: number = (CACHE_SMALL_BYTES / GRANULE_BYTES) | 0;
