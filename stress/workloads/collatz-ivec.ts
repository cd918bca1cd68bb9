/**
 * collatz-ivec: pairs of a small and a medium block, and growth by doubling. A sequence is a vector:
 *
 *     record   24 bytes: capacity, length, address of the values, all as doubles
 *     values   capacity * 8 bytes: the values as doubles, the latest last
 *
 * The original writes values one by one. Here all that fit are written at once, since each call of memmove costs as
 * much as a malloc; the array still grows when the next value does not fit.
 */
import { addressOf, copyMemory } from "../../native/raw-memory.ts";
import { Fault } from "../oracle/fault.ts";
import { checkSuccessor, collatz, MOST_VALUES_PER_VISIT, nextValue, type Sequences } from "./collatz.ts";
import type { Heap } from "./heap.ts";

const RECORD_BYTES = 24;
const VALUE_BYTES = 8;
const FIRST_CAPACITY = 4;
/** More than the longest sequence of 500,000 tasks. */
const MOST_VALUES = 1024;
const CAPACITY = 0;
const LENGTH = 1;
const VALUES = 2;

class Vectors implements Sequences {
  private readonly record = new Float64Array(3);
  private readonly recordAddress = addressOf(this.record);
  /** The values of the vector that is being copied. */
  private readonly values = new Float64Array(MOST_VALUES);
  private readonly valuesAddress = addressOf(this.values);

  constructor(private readonly heap: Heap) {}

  create(value: number): number {
    this.values[0] = value;
    return this.build(FIRST_CAPACITY, 1);
  }

  head(vector: number): number {
    this.load(vector);
    const last = this.record[LENGTH]! - 1;
    copyMemory(this.valuesAddress, this.record[VALUES]! + last * VALUE_BYTES, VALUE_BYTES);
    return this.values[0]!;
  }

  advance(vector: number): number {
    this.load(vector);
    const capacity = this.record[CAPACITY]!;
    const length = this.record[LENGTH]!;
    const { values } = this;
    copyMemory(this.valuesAddress, this.record[VALUES]!, length * VALUE_BYTES);
    for (let i = 1; i < length; i++) checkSuccessor(values[i - 1]!, values[i]!);
    let end = length;
    for (; end < length + MOST_VALUES_PER_VISIT && values[end - 1] !== 1; end++) {
      values[end] = nextValue(values[end - 1]!);
    }
    const grown = this.build(capacity, end);
    this.free(vector);
    return grown;
  }

  length(vector: number): number {
    this.load(vector);
    return this.record[LENGTH]!;
  }

  free(vector: number): void {
    this.load(vector);
    this.heap.freeOwn(this.record[VALUES]!, this.record[CAPACITY]! * VALUE_BYTES);
    this.heap.freeOwn(vector, RECORD_BYTES);
  }

  /** A new vector of this capacity with the first `end` values; the array grows when it is full. */
  private build(capacity: number, end: number): number {
    const { heap, record } = this;
    const vector = heap.mallocOwn(RECORD_BYTES);
    let room = capacity;
    let address = heap.mallocOwn(room * VALUE_BYTES);
    for (let written = 0; ; ) {
      const until = Math.min(end, room);
      const offset = written * VALUE_BYTES;
      copyMemory(address + offset, this.valuesAddress + offset, (until - written) * VALUE_BYTES);
      written = until;
      if (written === end) break;
      address = heap.reallocOwn(address, room * VALUE_BYTES, 2 * room * VALUE_BYTES);
      room *= 2;
    }
    record[CAPACITY] = room;
    record[LENGTH] = end;
    record[VALUES] = address;
    copyMemory(vector, this.recordAddress, RECORD_BYTES);
    return vector;
  }

  private load(vector: number): void {
    copyMemory(this.recordAddress, vector, RECORD_BYTES);
    const capacity = this.record[CAPACITY]!;
    const length = this.record[LENGTH]!;
    if ((capacity & (capacity - 1)) !== 0 || length > capacity) {
      throw new Fault("content", `a vector has a capacity of ${capacity} and a length of ${length}`);
    }
  }
}

export const collatzIvec = collatz(
  "collatz-ivec",
  "four Workers copy and grow vectors by realloc that others made",
  (heap) => new Vectors(heap),
);
