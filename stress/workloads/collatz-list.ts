/**
 * collatz-list: enormous numbers of blocks of 16 bytes. A sequence is a list of cells, the latest first:
 *
 *     bytes 0..7    value, as a double
 *     bytes 8..15   address of the next cell, as a double; 0 at the end
 *
 * A cell is read and written by one memmove from and to a typed array, the same for every allocator.
 */
import { addressOf, copyMemory } from "../../native/raw-memory.ts";
import { checkSuccessor, collatz, MOST_VALUES_PER_VISIT, nextValue, type Sequences } from "./collatz.ts";
import type { Heap } from "./heap.ts";

const CELL_BYTES = 16;
const VALUE = 0;
const NEXT = 1;

class Lists implements Sequences {
  /** The cell that was read last, or is to be written. */
  private readonly cell = new Float64Array(2);
  private readonly cellAddress = addressOf(this.cell);

  constructor(private readonly heap: Heap) {}

  create(value: number): number {
    return this.prepend(value, 0);
  }

  head(list: number): number {
    this.load(list);
    return this.cell[VALUE]!;
  }

  advance(list: number): number {
    let head = this.copy(list);
    let value = this.cell[VALUE]!;
    for (let i = 0; i < MOST_VALUES_PER_VISIT && value !== 1; i++) {
      value = nextValue(value);
      head = this.prepend(value, head);
    }
    this.free(list);
    return head;
  }

  length(list: number): number {
    let cells = 0;
    for (let at = list; at !== 0; at = this.cell[NEXT]!) {
      this.load(at);
      cells++;
    }
    return cells;
  }

  free(list: number): void {
    for (let at = list; at !== 0; ) {
      this.load(at);
      this.heap.freeOwn(at, CELL_BYTES);
      at = this.cell[NEXT]!;
    }
  }

  /** The oldest cell first. Leaves the head in `cell`. */
  private copy(list: number): number {
    this.load(list);
    const value = this.cell[VALUE]!;
    const next = this.cell[NEXT]!;
    if (next === 0) return this.prepend(value, 0);
    const rest = this.copy(next);
    checkSuccessor(this.cell[VALUE]!, value);
    return this.prepend(value, rest);
  }

  private prepend(value: number, next: number): number {
    const address = this.heap.mallocOwn(CELL_BYTES);
    this.cell[VALUE] = value;
    this.cell[NEXT] = next;
    copyMemory(address, this.cellAddress, CELL_BYTES);
    return address;
  }

  private load(address: number): void {
    copyMemory(this.cellAddress, address, CELL_BYTES);
  }
}

export const collatzList = collatz(
  "collatz-list",
  "four Workers copy and grow lists of 16-byte cells that others made",
  (heap) => new Lists(heap),
);
