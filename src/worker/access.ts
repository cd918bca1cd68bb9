/**
 * One Worker's way to the memory of an arena: typed views of one window at a time, from its first block to the end of what is
 * accessible, so that no index leads to the allocator's own words. What they do not reach (another window, memory that was
 * made accessible since, a large block, an unaligned place) `slow` finds.
 *
 * No lock, and nobody to wait for: a place in a window stays accessible as long as the Worker is attached, whatever becomes of
 * the block. A large block is read and written under the lock, since its mapping may end.
 */
import { checkOffset, checkPointer } from "../core/arguments.ts";
import { hex, InvalidPointerError, type PointerFault } from "../core/errors.ts";
import type { Address } from "../core/types.ts";
import type { Heap } from "../heap/heap.ts";
import type { Held } from "../memory/held.ts";
import { WindowWord } from "../memory/layout.ts";
import type { Window } from "../memory/window.ts";
import type { PageSource } from "../platform/platform.ts";
import type { Attachment } from "./attachment.ts";
import { cacheOf } from "./pointers.ts";

/** Words from one multiple of 4 GiB to the next: windows begin there (memory/window.ts). */
export const RANGE_WORDS: number = 1 << 30;

/** Whose memory it is. */
export interface AccessOwner {
  /** The Worker's attachment; made if there is none. Throws ArenaError "disposed". */
  join(): Attachment;
  /** Which other arena an address belongs to, for a message; "" = none that this Worker knows. */
  elsewhere(address: number): string;
}

/** Reads or writes at a byte of a view. No closure: who makes one with each call is slow. */
export type Act<Value, Result> = (data: DataView, at: number, value: Value) => Result;

export class Access {
  // `declare`: see the fast path.
  private declare readonly owner: AccessOwner;
  private declare window: Window | undefined;
  /** The window's base divided by 4 GiB; -1 = none. */
  declare range: number;
  /** Word of the window with which the views begin. */
  declare first: number;
  private declare words: Int32Array;
  declare u8: Uint8Array;
  declare i8: Int8Array;
  declare u16: Uint16Array;
  declare i16: Int16Array;
  declare u32: Uint32Array;
  declare i32: Int32Array;
  declare u64: BigUint64Array;
  declare i64: BigInt64Array;
  declare f32: Float32Array;
  declare f64: Float64Array;
  private declare data: DataView;

  constructor(owner: AccessOwner) {
    this.owner = owner;
    this.forget();
  }

  /** The Worker leaves: nothing is in view any more. */
  forget(): void {
    this.window = undefined;
    this.range = -1;
    this.first = 0;
    this.view(new Int32Array(0));
  }

  /**
   * Follows a window, the arena's first one to begin with, that has become longer. Called by the attachment before a block can lie
   * behind the end of the views: code in which `slow` was never called is four times as fast (docs/runtime.md).
   */
  renew(first: Window): void {
    const { window } = this;
    if (window === undefined) this.pointTo(first);
    else if (this.words !== window.words) this.view(window.words);
  }

  /**
   * What a view does not serve: `act` at `byteOffset` from `pointer`, where `bytes` are in the arena's memory. Throws TypeError
   * or RangeError for what is no pointer or offset, RangeError for an offset that leads out of the memory that is in use,
   * InvalidPointerError for a pointer into something else.
   */
  slow<Value, Result>(
    operation: string,
    pointer: number,
    byteOffset: number,
    bytes: number,
    act: Act<Value, Result>,
    value: Value,
  ): Result {
    const at = this.byteOf(pointer, byteOffset);
    if (at >= 0 && at + bytes <= this.data.byteLength) return act(this.data, at, value);
    const address = checkPointer(pointer);
    checkOffset(byteOffset);
    if (this.follow(operation, address, byteOffset, bytes))
      return act(this.data, address + byteOffset - this.start, value);
    return this.slowLarge(operation, address, byteOffset, bytes, act, value);
  }

  /** Apart from `slow`: a function with a closure makes garbage with every call. */
  private slowLarge<Value, Result>(
    operation: string,
    address: number,
    byteOffset: number,
    bytes: number,
    act: Act<Value, Result>,
    value: Value,
  ): Result {
    return this.large(operation, address, byteOffset, bytes, (view) => {
      const data = new DataView(view.buffer, view.byteOffset, bytes);
      return act(data, 0, value);
    });
  }

  /** Whether so many bytes, at least one, are in view: without garbage, and whatever is given. */
  covers(pointer: unknown, byteLength: unknown): boolean {
    if (!Number.isInteger(pointer) || !Number.isInteger(byteLength)) return false;
    const at = (pointer as number) - this.start;
    return at >= 0 && (byteLength as number) > 0 && at + (byteLength as number) <= this.data.byteLength;
  }

  /**
   * `act` on `byteLength` bytes from `pointer` on. The view must not leave the library: its buffer is the whole window's. Throws
   * as `slow`.
   */
  bytes<Result>(
    operation: string,
    pointer: unknown,
    byteOffset: unknown,
    byteLength: number,
    act: (bytes: Uint8Array) => Result,
  ): Result {
    const address = checkPointer(pointer);
    checkOffset(byteOffset);
    if (!this.follow(operation, address, byteOffset, byteLength))
      return this.large(operation, address, byteOffset, byteLength, act);
    const at = address + byteOffset - this.start;
    return act(this.u8.subarray(at, at + byteLength));
  }

  /** Bytes that are in use from `byteOffset` behind `pointer` on, whatever they are. Throws as `slow`. */
  bytesLeft(operation: string, pointer: unknown, byteOffset: unknown): number {
    const address = checkPointer(pointer);
    checkOffset(byteOffset);
    const from = address + byteOffset;
    if (this.follow(operation, address, byteOffset, 0)) return this.start + this.data.byteLength - from;
    return this.locked((heap) => this.checkLarge(heap, operation, address, byteOffset, 0) - from);
  }

  /** Runs what may take the lock: no exception leaves it held, not even that of a full stack. */
  locked<Result>(act: (heap: Held<Heap>) => Result): Result {
    const heap: Heap = this.owner.join().heap;
    try {
      heap.enter();
      try {
        return act(heap);
      } finally {
        heap.leave();
      }
    } catch (error) {
      throw heap.unheld(error);
    }
  }

  private large<Result>(
    operation: string,
    address: number,
    byteOffset: number,
    byteLength: number,
    act: (bytes: Uint8Array) => Result,
  ): Result {
    return this.locked((heap) => {
      this.checkLarge(heap, operation, address, byteOffset, byteLength);
      const from = address + byteOffset;
      const low = from - (from % 4);
      const words = heap.platform.pages.words(low as Address, Math.ceil((from + byteLength - low) / 4) * 4);
      return act(new Uint8Array(words.buffer, words.byteOffset + (from - low), byteLength));
    });
  }

  /** Byte of the views at which an offset leads, as far as that can be said without a look; -1 = not in them. */
  private byteOf(pointer: number, byteOffset: number): number {
    if (typeof pointer !== "number" || !Number.isSafeInteger(byteOffset)) return -1;
    const at = pointer + byteOffset - this.start;
    return pointer >= this.start && at >= 0 && Number.isInteger(at) ? at : -1;
  }

  /** Address of the first byte in view; Infinity = none is. */
  private get start(): number {
    return this.window === undefined ? Infinity : this.window.base + this.first * 4;
  }

  /**
   * Whether `address` lies in a window, at which the views are pointed then. Throws RangeError if `bytes` at `byteOffset` from it
   * are not all in use there, InvalidPointerError if `address` itself is not.
   */
  follow(operation: string, address: number, byteOffset: number, bytes: number): boolean {
    const cache = cacheOf(this.owner.join(), address);
    if (cache === undefined) return false;
    const { window } = cache;
    if (this.window !== window || this.words !== window.words) this.pointTo(window);
    const { start } = this;
    const end = start + this.data.byteLength;
    if (address < start)
      throw this.refused("invalid-pointer", operation, address, "it points into the arena's control block");
    if (address >= end)
      throw this.refused(
        "foreign-pointer",
        operation,
        address,
        "it lies outside the memory this arena has in use",
      );
    checkRange(address, byteOffset, bytes, start, end);
    return true;
  }

  /** Throws as `follow` unless the bytes are those of a large block that nobody is moving. Returns where the block ends. */
  checkLarge(
    heap: Held<Heap>,
    operation: string,
    address: number,
    byteOffset: number,
    bytes: number,
  ): number {
    for (const block of heap.large.entries()) {
      const end = block.address + block.mappedBytes - block.offset;
      if (block.busy || address < block.address || address >= end) continue;
      checkRange(address, byteOffset, bytes, block.address, end);
      return end;
    }
    if (address < heap.platform.pages.pageSize)
      throw this.refused("invalid-pointer", operation, address, "no block can be there");
    const detail = `it lies outside this arena${this.elsewhere(address)}`;
    throw this.refused("foreign-pointer", operation, address, detail);
  }

  /** Pages of the system under the arena. */
  get pages(): PageSource {
    return this.owner.join().heap.platform.pages;
  }

  /** Which other arena of this Worker's an address belongs to, for a message; "" = none. */
  elsewhere(address: number): string {
    return this.owner.elsewhere(address);
  }

  private refused(
    code: PointerFault,
    operation: string,
    address: number,
    detail: string,
  ): InvalidPointerError {
    return new InvalidPointerError(code, operation, address, detail);
  }

  private pointTo(window: Window): void {
    // If the stack is full in between, nothing is in view: never one window's place in another one's views.
    this.window = undefined;
    this.range = -1;
    this.first = window.words[WindowWord.first]! | 0;
    this.view(window.words);
    this.range = Math.floor(window.base / (RANGE_WORDS * 4)) | 0;
    this.window = window;
  }

  private view(words: Int32Array): void {
    const { buffer } = words;
    // As long as a window has no block, nothing behind `first` is accessible.
    const first = Math.min(this.first, words.length);
    const from = words.byteOffset + first * 4;
    const count = words.length - first;
    this.u8 = new Uint8Array(buffer, from, count * 4);
    this.i8 = new Int8Array(buffer, from, count * 4);
    this.u16 = new Uint16Array(buffer, from, count * 2);
    this.i16 = new Int16Array(buffer, from, count * 2);
    this.u32 = new Uint32Array(buffer, from, count);
    this.i32 = new Int32Array(buffer, from, count);
    this.u64 = new BigUint64Array(buffer, from, count >>> 1);
    this.i64 = new BigInt64Array(buffer, from, count >>> 1);
    this.f32 = new Float32Array(buffer, from, count);
    this.f64 = new Float64Array(buffer, from, count >>> 1);
    this.data = new DataView(buffer, from, count * 4);
    // Last: as long as it is another window's, or shorter, all are taken anew.
    this.words = words;
  }
}

function checkRange(address: number, byteOffset: number, bytes: number, start: number, end: number): void {
  const from = address + byteOffset;
  if (from >= start && from + bytes <= end) return;
  throw new RangeError(
    `\`byteOffset\` must be from ${start - address} to ${end - bytes - address} for ${bytes} bytes at ${hex(address)}, got ${byteOffset}`,
  );
}
