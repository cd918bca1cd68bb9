/**
 * The allocator without an oracle, for the bench build. Raw memory is written and read by memset and memmove through
 * bun:ffi, one call of 2 to 4 ns whatever the allocator: a view of each block would cost 130 ns, and a view of the
 * whole heap exists for Husky alone, which would be unfair.
 */
import { addressOf, copyMemory, fillMemory } from "../../native/raw-memory.ts";
import type { Allocator } from "../allocators/allocator.ts";
import type { BlockTable } from "../oracle/block-table.ts";
import type { Heap } from "../workloads/heap.ts";
import type { Seat } from "./control.ts";

const SCRATCH_WORDS = 1024;
const SCRATCH_BYTES = SCRATCH_WORDS * 4;

export class PlainHeap implements Heap {
  private readonly address: Float64Array;
  private readonly size: Float64Array;
  private readonly scratch = new Int32Array(SCRATCH_WORDS);
  private readonly scratchAddress = addressOf(this.scratch);
  /** Kept so that no compiler drops the reading. */
  private sum = 0;

  constructor(
    private readonly allocator: Allocator,
    private readonly seat: Seat,
    blocks: BlockTable,
  ) {
    this.address = blocks.address;
    this.size = blocks.size;
  }

  holds(block: number): boolean {
    return this.address[block] !== 0;
  }

  malloc(block: number, size: number): void {
    this.address[block] = given(this.allocator.malloc(size));
    this.size[block] = size;
    this.seat.countOperation();
  }

  calloc(block: number, count: number, size: number): void {
    this.address[block] = given(this.allocator.calloc(count, size));
    this.size[block] = count * size;
    this.seat.countOperation();
  }

  alignedAlloc(block: number, alignment: number, size: number): void {
    this.address[block] = given(this.allocator.alignedAlloc(alignment, size));
    this.size[block] = size;
    this.seat.countOperation();
  }

  realloc(block: number, size: number): void {
    this.address[block] = given(this.allocator.realloc(this.address[block]!, size));
    this.size[block] = size;
    this.seat.countOperation();
  }

  free(block: number): void {
    this.allocator.free(this.address[block]!);
    this.address[block] = 0;
    this.seat.countOperation();
  }

  freeNull(): void {
    this.allocator.free(0);
    this.seat.countOperation();
  }

  verify(): void {}

  write(block: number, offset: number, length: number, byte: number): void {
    fillMemory(this.address[block]! + offset, byte, length);
  }

  read(block: number): void {
    const address = this.address[block]!;
    const size = this.size[block]!;
    const { scratch } = this;
    let sum = this.sum;
    for (let done = 0; done < size; done += SCRATCH_BYTES) {
      const length = Math.min(SCRATCH_BYTES, size - done);
      copyMemory(this.scratchAddress, address + done, length);
      for (let i = 0; i < length >>> 2; i++) sum = (sum + scratch[i]!) | 0;
    }
    this.sum = sum;
  }

  mallocOwn(size: number): number {
    this.seat.countOperation();
    return given(this.allocator.malloc(size));
  }

  reallocOwn(address: number, _oldSize: number, size: number): number {
    this.seat.countOperation();
    return given(this.allocator.realloc(address, size));
  }

  freeOwn(address: number): void {
    this.seat.countOperation();
    this.allocator.free(address);
  }
}

function given(address: number): number {
  if (address === 0) throw new Error("the allocator refused a request");
  return address;
}
