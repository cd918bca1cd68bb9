/**
 * The checked heap of a Worker whose requests the system may refuse. The one error allowed is an OutOfMemoryError that
 * names the system; after it the block is as it was before: a new one is not there, an old one is whole.
 */
import { OutOfMemoryError } from "../../../src/index.ts";
import type { Allocator } from "../../allocators/allocator.ts";
import type { Seat } from "../../crew/control.ts";
import type { BlockTable } from "../../oracle/block-table.ts";
import { CheckedHeap } from "../../oracle/checked-heap.ts";
import type { Pattern } from "../../oracle/pattern.ts";
import type { Shadow } from "../../oracle/shadow.ts";

export const isSystemRefusal = (error: unknown): boolean =>
  error instanceof OutOfMemoryError && error.bound === "system";

export class ResilientHeap extends CheckedHeap {
  refusals = 0;

  constructor(
    allocator: Allocator,
    private readonly map: Shadow,
    pattern: Pattern,
    seat: Seat,
    private readonly table: BlockTable,
  ) {
    super(allocator, map, pattern, seat, table);
  }

  override malloc(block: number, size: number, tag: number): void {
    this.attempt(() => super.malloc(block, size, tag));
  }

  override calloc(block: number, count: number, size: number, tag: number): void {
    this.attempt(() => super.calloc(block, count, size, tag));
  }

  override alignedAlloc(block: number, alignment: number, size: number, tag: number): void {
    this.attempt(() => super.alignedAlloc(block, alignment, size, tag));
  }

  override realloc(block: number, size: number, tag: number): void {
    const address = this.table.address[block]!;
    if (this.attempt(() => super.realloc(block, size, tag)) || address === 0) return;
    this.table.address[block] = address;
    this.map.mark(address, this.table.size[block]!);
    this.verify(block);
  }

  /** False if the system refused. */
  private attempt(act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (!isSystemRefusal(error)) throw error;
      this.refusals++;
      return false;
    }
  }
}
