/**
 * Size classes of spans, and the shape of a span of each. Blocks of spans have no header: a class holds requests of up to
 * its block size. Classes are numbered by granules up to EXACT_BYTES; 0 and 1 do not exist (a block has two granules at
 * least, so that each cell of 32 bytes has one block's start at the most).
 */
import {
  CLASSES_PER_DOUBLING,
  EXACT_BYTES,
  MAGAZINE_BYTES,
  MAGAZINE_LEAST,
  MAGAZINE_MOST,
  SEGMENT_BYTES,
  SPAN_MOST_BYTES,
  UNIT_BYTES,
} from "./tunables.ts";

export const UNIT_GRANULES: number = (UNIT_BYTES / 16) | 0;
export const SEGMENT_GRANULES: number = (SEGMENT_BYTES / 16) | 0;
/** Units of a segment: as many as bits of a word. */
export const UNITS: number = (SEGMENT_BYTES / UNIT_BYTES) | 0;

const EXACT = EXACT_BYTES / 16;
const MOST = SPAN_MOST_BYTES / 16;
const STEP = EXACT / CLASSES_PER_DOUBLING;

export const SPAN_CLASSES: number = (EXACT + 1 + (MOST - EXACT) / STEP) | 0;

/** Granules of each class's blocks. */
export const spanGranules: Int32Array = new Int32Array(SPAN_CLASSES);

/** Class that serves a request, by its granules. */
export const spanClassFor: Uint8Array = new Uint8Array(MOST + 1);
for (let granules = 0; granules <= MOST; granules++)
  spanClassFor[granules] =
    granules <= EXACT ? Math.max(granules, 2) : EXACT + Math.ceil((granules - EXACT) / STEP);

/** Blocks that a magazine of each class holds. */
export const magazineRoom: Uint8Array = new Uint8Array(SPAN_CLASSES);

/** Of a span's end a tenth may be left over: so many units the smallest span of a class has. */
const WASTE_SHARE = 10;

/** Units of the smallest span of each class. */
export const leastUnits: Uint8Array = new Uint8Array(SPAN_CLASSES);

for (let cls = 2; cls < SPAN_CLASSES; cls++) {
  const granules = cls <= EXACT ? cls : EXACT + (cls - EXACT) * STEP;
  spanGranules[cls] = granules;
  const room = Math.floor(MAGAZINE_BYTES / (granules * 16));
  magazineRoom[cls] = Math.max(MAGAZINE_LEAST, Math.min(MAGAZINE_MOST, room));
  let units = 1;
  while (((units * UNIT_GRANULES) % granules) * WASTE_SHARE > units * UNIT_GRANULES) units++;
  leastUnits[cls] = units;
}
