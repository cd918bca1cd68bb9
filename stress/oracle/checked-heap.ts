/**
 * An allocator under test with the oracle around it: every workload allocates through this, and only through
 * this. Each method performs one operation on a numbered block of a table and throws a Fault at the first thing
 * that is not as it should be.
 */
import type { Allocator } from "../allocators/allocator.ts";
import { Phase, type Seat } from "../crew/control.ts";
import type { Heap } from "../workloads/heap.ts";
import type { BlockTable } from "./block-table.ts";
import { Fault, hex } from "./fault.ts";
import type { Pattern, WrongByte } from "./pattern.ts";
import type { Shadow } from "./shadow.ts";

/** What every payload is aligned to. */
const ALIGNMENT = 16;

export class CheckedHeap implements Heap {
  constructor(
    private readonly allocator: Allocator,
    private readonly shadow: Shadow,
    private readonly pattern: Pattern,
    private readonly seat: Seat,
    private readonly blocks: BlockTable,
  ) {}

  holds(block: number): boolean {
    return this.blocks.address[block] !== 0;
  }

  malloc(block: number, size: number, tag: number): void {
    this.seat.enter(Phase.malloc, size);
    const address = this.allocator.malloc(size);
    this.take(block, address, size, ALIGNMENT);
    this.fill(block, tag);
    this.seat.count(1, size);
  }

  calloc(block: number, count: number, size: number, tag: number): void {
    const bytes = count * size;
    this.seat.enter(Phase.calloc, bytes);
    const address = this.allocator.calloc(count, size);
    this.take(block, address, bytes, ALIGNMENT);
    const wrong = this.pattern.checkZero(address, bytes);
    if (wrong !== null) throw this.wrongByte("not-zero", "memory of calloc", address, bytes, wrong);
    this.fill(block, tag);
    this.seat.count(1, bytes);
  }

  alignedAlloc(block: number, alignment: number, size: number, tag: number): void {
    this.seat.enter(Phase.alignedAlloc, size);
    const address = this.allocator.alignedAlloc(alignment, size);
    this.take(block, address, size, Math.max(ALIGNMENT, alignment));
    this.fill(block, tag);
    this.seat.count(1, size);
  }

  /** Also for a block that is not there: then it is `realloc(null, size)`. */
  realloc(block: number, size: number, tag: number): void {
    const oldAddress = this.blocks.address[block]!;
    const oldSize = this.blocks.size[block]!;
    if (oldAddress !== 0) this.leave(block);
    this.seat.enter(Phase.realloc, size);
    const address = this.allocator.realloc(oldAddress, size);
    this.take(block, address, size, ALIGNMENT);
    if (oldAddress !== 0) {
      const kept = Math.min(oldSize, size);
      const wrong = this.pattern.check(address, kept, this.blocks.tag[block]!);
      if (wrong !== null)
        throw this.wrongByte("content", "the block that realloc returned", address, kept, wrong);
    }
    this.fill(block, tag);
    if (oldAddress === 0) this.seat.count(1, size);
    else this.seat.count(0, size - oldSize);
  }

  free(block: number): void {
    const address = this.blocks.address[block]!;
    const size = this.blocks.size[block]!;
    this.leave(block);
    this.seat.enter(Phase.free, size);
    this.allocator.free(address);
    this.seat.count(-1, -size);
  }

  freeNull(): void {
    this.seat.enter(Phase.free, 0);
    this.allocator.free(0);
    this.seat.count(0, 0);
  }

  /** Checks a block's content: at exchange, and before it is given back. */
  verify(block: number): void {
    const address = this.blocks.address[block]!;
    const size = this.blocks.size[block]!;
    this.seat.enter(Phase["checking a payload"], size);
    const wrong = this.pattern.check(address, size, this.blocks.tag[block]!);
    if (wrong !== null) throw this.wrongByte("content", "the block", address, size, wrong);
  }

  write(): void {}
  read(): void {}

  mallocOwn(size: number): number {
    this.seat.enter(Phase.malloc, size);
    const address = this.allocator.malloc(size);
    this.admit(address, size, ALIGNMENT);
    this.seat.count(1, size);
    return address;
  }

  reallocOwn(oldAddress: number, oldSize: number, size: number): number {
    if (oldAddress !== 0) this.giveUp(oldAddress, oldSize);
    this.seat.enter(Phase.realloc, size);
    const address = this.allocator.realloc(oldAddress, size);
    this.admit(address, size, ALIGNMENT);
    if (oldAddress === 0) this.seat.count(1, size);
    else this.seat.count(0, size - oldSize);
    return address;
  }

  freeOwn(address: number, size: number): void {
    this.giveUp(address, size);
    this.seat.enter(Phase.free, size);
    this.allocator.free(address);
    this.seat.count(-1, -size);
  }

  private take(block: number, address: number, size: number, alignment: number): void {
    this.admit(address, size, alignment);
    this.blocks.address[block] = address;
    this.blocks.size[block] = size;
  }

  /** A new block came in. Overlap first: what lies in another block must not even be asked for its size. */
  private admit(address: number, size: number, alignment: number): void {
    if (address === 0) throw new Fault("refused", `a request for ${size} bytes was refused`);
    if (address % alignment !== 0) {
      throw new Fault("misaligned", `${hex(address)} (${size} bytes) is not aligned to ${alignment}`);
    }
    const held = this.shadow.mark(address, size);
    if (held !== 0) {
      const what = `the new block ${hex(address)} (${size} bytes)`;
      throw new Fault("overlap", `${what} overlaps a live block from its byte ${held - address} on`);
    }
    this.seat.enter(Phase.usableSize, size);
    const usable = this.allocator.usableSize(address);
    if (!(usable >= size)) {
      throw new Fault("too-small", `${hex(address)}: asked for ${size} bytes, usable are ${usable}`);
    }
  }

  private fill(block: number, tag: number): void {
    this.pattern.write(this.blocks.address[block]!, this.blocks.size[block]!, tag);
    this.blocks.tag[block] = tag;
  }

  /** A block is about to be given back: content and shadow, before the allocator can hand it to somebody else. */
  private leave(block: number): void {
    this.verify(block);
    this.giveUp(this.blocks.address[block]!, this.blocks.size[block]!);
    this.blocks.address[block] = 0;
  }

  private giveUp(address: number, size: number): void {
    const free = this.shadow.clear(address, size);
    if (free !== 0) {
      throw new Fault("not-held", `${hex(address)} (${size} bytes) is not held at ${hex(free)} before free`);
    }
  }

  private wrongByte(
    kind: "content" | "not-zero",
    what: string,
    address: number,
    size: number,
    wrong: WrongByte,
  ): Fault {
    const byte = (value: number) => `0x${value.toString(16).padStart(2, "0")}`;
    return new Fault(
      kind,
      `byte ${wrong.offset} of ${size} of ${what} at ${hex(address)} is ${byte(wrong.found)} instead of ${byte(wrong.expected)}`,
    );
  }
}
