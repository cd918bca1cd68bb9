/** The checked heap of a Worker that may die: each operation is announced in its will before it begins. */
import type { Allocator } from "../../allocators/allocator.ts";
import type { Seat } from "../../crew/control.ts";
import type { BlockTable } from "../../oracle/block-table.ts";
import { CheckedHeap } from "../../oracle/checked-heap.ts";
import type { Pattern } from "../../oracle/pattern.ts";
import type { Shadow } from "../../oracle/shadow.ts";
import { NO_BLOCK, type Will } from "./will.ts";

export class MortalHeap extends CheckedHeap {
  constructor(
    allocator: Allocator,
    shadow: Shadow,
    pattern: Pattern,
    seat: Seat,
    private readonly table: BlockTable,
    private readonly will: Will,
  ) {
    super(willingly(allocator, will), shadow, pattern, seat, table);
  }

  override malloc(block: number, size: number, tag: number): void {
    this.will.intend(block, 0, 0);
    super.malloc(block, size, tag);
    this.will.fulfil();
  }

  override calloc(block: number, count: number, size: number, tag: number): void {
    this.will.intend(block, 0, 0);
    super.calloc(block, count, size, tag);
    this.will.fulfil();
  }

  override alignedAlloc(block: number, alignment: number, size: number, tag: number): void {
    this.will.intend(block, 0, 0);
    super.alignedAlloc(block, alignment, size, tag);
    this.will.fulfil();
  }

  override realloc(block: number, size: number, tag: number): void {
    this.will.intend(block, this.table.address[block]!, this.table.size[block]!);
    super.realloc(block, size, tag);
    this.will.fulfil();
  }

  override free(block: number): void {
    this.will.intend(block, this.table.address[block]!, this.table.size[block]!);
    super.free(block);
    this.will.fulfil();
  }
}

/** The allocator with its calls marked in the will. */
function willingly(allocator: Allocator, will: Will): Allocator {
  return {
    ...allocator,
    malloc(size) {
      will.call(size);
      return will.arrive(allocator.malloc(size));
    },
    calloc(count, size) {
      will.call(count * size);
      return will.arrive(allocator.calloc(count, size));
    },
    alignedAlloc(alignment, size) {
      will.call(size);
      return will.arrive(allocator.alignedAlloc(alignment, size));
    },
    realloc(address, size) {
      will.call(size);
      return will.arrive(allocator.realloc(address, size));
    },
    free(address) {
      will.call(NO_BLOCK);
      allocator.free(address);
      will.arrive(0);
    },
  };
}
