/**
 * What payloads are filled with. One reference buffer of pseudo-random bytes is shared by all Workers; a block's
 * tag says where in it the block's content begins. Writing is a memcpy and checking a memcmp on raw addresses,
 * which works for every size and every allocator and costs little more than reading the memory.
 */
import { addressOf, bytesAt, compareMemory, copyMemory } from "../../native/raw-memory.ts";
import { deriveSeed, Random } from "../random.ts";

/** How many different beginnings there are: two blocks have the same content once in 262,144 pairs. */
const BEGINNINGS = 2 ** 18;
const PIECE_BYTES = 2 ** 20;
/** Shifts each further piece of a large block, so that a payload moved by whole pieces does not look right. */
const PIECE_SHIFT = 40503;

export interface PatternMemory {
  readonly reference: SharedArrayBuffer;
  readonly zeros: SharedArrayBuffer;
}

export function createPatternMemory(seed: number): PatternMemory {
  const reference = new SharedArrayBuffer(BEGINNINGS + PIECE_BYTES);
  const words = new Uint32Array(reference);
  const random = new Random(deriveSeed(seed, "pattern"));
  for (let i = 0; i < words.length; i++) words[i] = random.next();
  const zeros = new SharedArrayBuffer(PIECE_BYTES);
  new Uint8Array(zeros).fill(0);
  return { reference, zeros };
}

/** The first byte that is not as it should be. */
export interface WrongByte {
  readonly offset: number;
  readonly expected: number;
  readonly found: number;
}

export class Pattern {
  private readonly reference: Uint8Array;
  private readonly referenceAddress: number;
  private readonly zeros: Uint8Array;
  private readonly zerosAddress: number;

  constructor(memory: PatternMemory) {
    this.reference = new Uint8Array(memory.reference);
    this.referenceAddress = addressOf(this.reference);
    this.zeros = new Uint8Array(memory.zeros);
    this.zerosAddress = addressOf(this.zeros);
  }

  write(address: number, byteLength: number, tag: number): void {
    for (let done = 0; done < byteLength; done += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, byteLength - done);
      copyMemory(address + done, this.referenceAddress + beginning(tag, done), length);
    }
  }

  /** Whether the first `byteLength` bytes are what `write` with this tag left; null = they are. */
  check(address: number, byteLength: number, tag: number): WrongByte | null {
    for (let done = 0; done < byteLength; done += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, byteLength - done);
      const from = beginning(tag, done);
      if (compareMemory(address + done, this.referenceAddress + from, length) !== 0) {
        return firstDifference(address, done, this.reference.subarray(from, from + length));
      }
    }
    return null;
  }

  checkZero(address: number, byteLength: number): WrongByte | null {
    for (let done = 0; done < byteLength; done += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, byteLength - done);
      if (compareMemory(address + done, this.zerosAddress, length) !== 0) {
        return firstDifference(address, done, this.zeros.subarray(0, length));
      }
    }
    return null;
  }
}

function beginning(tag: number, done: number): number {
  return (tag + (done / PIECE_BYTES) * PIECE_SHIFT) & (BEGINNINGS - 1);
}

function firstDifference(address: number, done: number, expected: Uint8Array): WrongByte | null {
  const found = bytesAt(address + done, expected.length);
  const at = expected.findIndex((byte, i) => byte !== found[i]);
  // Somebody may have repaired it between the comparison and now: still wrong, and worth a report.
  if (at < 0) return { offset: done, expected: expected[0]!, found: expected[0]! };
  return { offset: done + at, expected: expected[at]!, found: found[at]! };
}
