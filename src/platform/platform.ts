/**
 * What the allocator needs from the operating system, and nothing else. `native/` implements it with libc through
 * bun:ffi; the tests implement it on an ordinary ArrayBuffer with injected failures. No method throws: a refusal
 * comes back as `-errno` (a small negative number), so that code holding the lock has one way out.
 */
import type { Address, ThreadId } from "../core/types.ts";

/** 0, or an address, or a refusal as `-errno`. */
export type SystemResult = number;

/** The address asked for is taken. The same number on every supported system. */
export const EEXIST = 17;

/** Source of pages. All addresses and lengths are multiples of `pageSize` unless said otherwise. */
export interface PageSource {
  /** Bytes of an operating system page. */
  readonly pageSize: number;
  /** Mappings that a process can have, whoever makes them; Infinity where the system does not tell. */
  mappingsMost(): number;
  /**
   * Reserves `byteLength` bytes of address space without access and without commit charge.
   * With `hint` = 0 anywhere; otherwise exactly at `hint` or refused with `-EEXIST`.
   */
  reserve(byteLength: number, hint: Address | 0): SystemResult;
  /** Maps `byteLength` zero bytes, readable and writable. `hint` as in `reserve`. */
  map(byteLength: number, hint: Address | 0): SystemResult;
  /** Makes a part of a reservation readable and writable. */
  commit(address: Address, byteLength: number): SystemResult;
  /**
   * Asks for huge pages in a part of a reservation, committed or not, or for none there. The system may have none; a
   * refusal changes nothing.
   */
  adviseHuge(address: Address, byteLength: number, wanted: boolean): SystemResult;
  /** Gives the content of committed pages back to the system: they stay accessible and read as zero. */
  release(address: Address, byteLength: number): SystemResult;
  /**
   * Changes the length of a whole mapping made by `map`: in place (`target` 0), or by moving its pages onto the mapping
   * of `newByteLength` bytes at `target`, which they replace. `-ENOSYS` where there is no mremap.
   */
  remap(address: Address, oldByteLength: number, newByteLength: number, target: Address | 0): SystemResult;
  /** Ends a mapping or reservation, or a part of it. */
  unmap(address: Address, byteLength: number): SystemResult;
  /**
   * Whether exactly this range is an anonymous mapping that can be read and written, as `map` makes them. True where the
   * system does not tell.
   */
  isMapping(address: Address, byteLength: number): boolean;
  /** A view of committed memory in 32-bit words. The memory must stay mapped while the view is used. */
  words(address: Address, byteLength: number): Int32Array;
  /** A buffer over exactly these bytes, of its own. The memory must stay mapped until it is detached. */
  buffer(address: Address, byteLength: number): ArrayBuffer;
  /** memmove; any addresses and length in committed memory. */
  copy(target: Address, source: Address, byteLength: number): void;
  /** memset; any address and length in committed memory. */
  fill(target: Address, byte: number, byteLength: number): void;
  /** memcmp; any addresses and length in committed memory. */
  compare(one: Address, other: Address, byteLength: number): number;
  /** Name and text of an error number, for instance `ENOMEM (Cannot allocate memory)`. Takes errno or -errno. */
  describeError(errno: number): string;
}

/** Threads as the operating system sees them. All methods are safe from any Worker. */
export interface ThreadSource {
  /** Cores that threads of this process may run on. */
  readonly cores: number;
  /** Id of the calling thread. Ids are reused by the system after a thread's end. */
  current(): ThreadId;
  /** Id of the calling process. */
  processId(): number;
  /**
   * When a thread of this process started, as a positive 32-bit integer that differs between two threads which
   * had the same id. 0 when there is no such thread or the system does not tell.
   */
  startTime(thread: ThreadId): number;
  /** Whether a thread of this process exists now. */
  isAlive(thread: ThreadId): boolean;
  /**
   * Sleeps until `unpark`, while the 32-bit word at `address` holds `expected`, for `timeoutMs` milliseconds at the
   * most. May return early for no reason.
   */
  park(address: Address, expected: number, timeoutMs: number): void;
  /** Wakes up to `count` threads parked at `address`. */
  unpark(address: Address, count: number): void;
  /** Lets another thread run (sched_yield). */
  yield(): void;
  /** Milliseconds of a monotonic clock. */
  now(): number;
}

export interface Platform {
  readonly pages: PageSource;
  readonly threads: ThreadSource;
}
