/**
 * Size classes of blocks with headers. A request of up to ROUNDED_BYTES is rounded up to a class, a larger one is served
 * exactly; a freed block is filed under the largest class it can serve.
 *
 * Class c holds blocks of at least `classGranules[c]` granules. Classes 0 and 1 do not exist: the smallest block
 * has two granules.
 */
import {
  CACHE_SMALL_BYTES,
  CLASSES_PER_DOUBLING,
  COPIED_BYTES,
  EXACT_BYTES,
  LARGE_THRESHOLD_BYTES,
  ROUNDED_BYTES,
} from "./tunables.ts";
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

/** Granules of the largest block that a request is rounded up for. */
export const ROUNDED_GRANULES: number = ((ROUNDED_BYTES / GRANULE_BYTES) | 0) as number;

/** From one doubling to the next: classes, and classes as a shift. */
const STEP_SHIFT = Math.log2(CLASSES_PER_DOUBLING) | 0;
const DOUBLING_SHIFT = Math.log2(EXACT_GRANULES) | 0;
const FIRST_OFFSET = (EXACT_GRANULES - CLASSES_PER_DOUBLING * (DOUBLING_SHIFT - STEP_SHIFT + 1)) | 0;

/** The largest class whose blocks a block of so many granules can stand for. */
export function classOfBlock(granules: number): number {
  if (granules <= EXACT_GRANULES) return granules;
  const shift = 31 - STEP_SHIFT - Math.clz32(granules);
  return ((shift << STEP_SHIFT) + (granules >>> shift) + FIRST_OFFSET) | 0;
}

/** The smallest class whose blocks serve a request of so many granules. */
export function classForRequest(granules: number): number {
  if (granules <= EXACT_GRANULES) return granules < LEAST_GRANULES ? LEAST_GRANULES : granules;
  return (classOfBlock(granules - 1) + 1) | 0;
}

export const CLASSES: number = (classForRequest(granulesFor(LARGE_THRESHOLD_BYTES)) + 1) | 0;

/** Granules of each class's smallest blocks. */
export const classGranules: Int32Array = new Int32Array(CLASSES);
for (let cls = 0; cls < CLASSES; cls++) {
  const above = cls - EXACT_GRANULES - 1;
  const from = EXACT_GRANULES << Math.floor(above / CLASSES_PER_DOUBLING);
  classGranules[cls] =
    above < 0 ? cls : from + (from / CLASSES_PER_DOUBLING) * ((above % CLASSES_PER_DOUBLING) + 1);
}

/** Granules of the largest small block. */
export const SMALL_GRANULES: number = granulesFor(CACHE_SMALL_BYTES) as number;

/** Blocks that grow to at most so many granules are copied: that costs less than the lock. */
export const COPIED_GRANULES: number = granulesFor(COPIED_BYTES) as number;
