/**
 * The oracle against overlap: a map of all memory that is handed out, kept outside the heap under test.
 *
 *     address   | chunk number ............... | granule in the chunk | 0000 |
 *                 47 ................... 22      21 ............... 4   3  0
 *
 *     directory   open addressing, chunk number -> place of the chunk's bits; a place is taken once and kept
 *     bits        32 KiB a chunk, one bit for each 16-byte granule of payload: 1 = somebody holds it
 *
 * Payloads are 16-byte aligned, so no two of them share a granule, and one bit has one holder. Marking is
 * `Atomics.or`, which tells at once and across all Workers whether a bit was already set. A Worker clears its
 * bits before it calls free: from that call on another Worker may rightly get the same memory.
 */
import { hex } from "./fault.ts";

const CHUNK_BYTES = 2 ** 22;
const GRANULE_BYTES = 16;
const GRANULES = (CHUNK_BYTES / GRANULE_BYTES) | 0;
const CHUNK_WORDS = (GRANULES / 32) | 0;

/** What a shadow map is made of; structured-cloneable, the same memory in every Worker. */
export interface ShadowMemory {
  readonly directory: SharedArrayBuffer;
  readonly bits: SharedArrayBuffer;
}

/** Memory to watch blocks in up to `chunks` different chunks of 4 MiB; rounded up to a power of two. */
export function createShadowMemory(chunks: number): ShadowMemory {
  const places = 2 ** Math.ceil(Math.log2(Math.max(chunks, 16)));
  const bits = new SharedArrayBuffer(places * CHUNK_WORDS * 4);
  // Touched now, so that the pages count before the run and not as memory that the allocator kept.
  new Int32Array(bits).fill(0);
  return { directory: new SharedArrayBuffer(places * 4), bits };
}

export class Shadow {
  private readonly directory: Int32Array;
  private readonly bits: Int32Array;
  private readonly mask: number;
  private lastChunk = -1;
  private lastPlace = 0;

  constructor(memory: ShadowMemory) {
    this.directory = new Int32Array(memory.directory);
    this.bits = new Int32Array(memory.bits);
    this.mask = this.directory.length - 1;
  }

  /** Marks a block as held. Returns the first address in it that was held already, or 0 when there was none. */
  mark(address: number, byteLength: number): number {
    return this.change(address, byteLength, true);
  }

  /** Marks a block as given back. Returns the first address in it that was not held, or 0 when all of it was. */
  clear(address: number, byteLength: number): number {
    return this.change(address, byteLength, false);
  }

  /** How many granules are held now; for tests and for the end of a run, when nobody writes. */
  heldGranules(): number {
    let held = 0;
    for (let word of this.bits) for (; word !== 0; word &= word - 1) held++;
    return held;
  }

  private change(address: number, byteLength: number, set: boolean): number {
    // A block of no bytes has an address of its own too: it holds one granule.
    let left = Math.max(1, Math.ceil(byteLength / GRANULE_BYTES));
    let chunk = Math.floor(address / CHUNK_BYTES);
    let granule = ((address - chunk * CHUNK_BYTES) / GRANULE_BYTES) | 0;
    while (left > 0) {
      const count = Math.min(left, GRANULES - granule);
      const wrong = this.changeInChunk(this.placeOf(chunk), granule, count, set);
      if (wrong >= 0) return chunk * CHUNK_BYTES + wrong * GRANULE_BYTES;
      left -= count;
      granule = 0;
      chunk++;
    }
    return 0;
  }

  /** Returns the first granule that was in the wrong state, or -1. */
  private changeInChunk(place: number, first: number, count: number, set: boolean): number {
    const bits = this.bits;
    const end = first + count;
    let granule = first;
    while (granule < end) {
      const bit = granule & 31;
      const width = Math.min(32 - bit, end - granule);
      const mask = width === 32 ? -1 : ((1 << width) - 1) << bit;
      const word = place * CHUNK_WORDS + (granule >>> 5);
      const wrong = set ? Atomics.or(bits, word, mask) & mask : ~Atomics.and(bits, word, ~mask) & mask;
      if (wrong !== 0) return (granule & ~31) + (31 - Math.clz32(wrong & -wrong));
      granule += width;
    }
    return -1;
  }

  private placeOf(chunk: number): number {
    if (chunk === this.lastChunk) return this.lastPlace;
    const key = chunk + 1;
    let place = Math.imul(chunk, 0x9e3779b1) & this.mask;
    for (let tries = 0; tries <= this.mask; tries++) {
      let found = Atomics.load(this.directory, place);
      if (found === 0) found = Atomics.compareExchange(this.directory, place, 0, key);
      if (found === 0 || found === key) {
        this.lastChunk = chunk;
        this.lastPlace = place;
        return place;
      }
      place = (place + 1) & this.mask;
    }
    const chunks = this.mask + 1;
    throw new Error(
      `the shadow map is full: blocks lie in more than ${chunks} chunks of 4 MiB, the next at ${hex(chunk * CHUNK_BYTES)}`,
    );
  }
}
