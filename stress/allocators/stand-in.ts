/**
 * The heap without Husky: blocks of powers of two, a list of free ones for each, one lock. All of its memory is one
 * block of libc that the system takes back whole, so that what a process has more after Workers have run on it is what
 * the runtime keeps of Workers.
 *
 *     memory   | chunk 0: 4 MiB of blocks of one size | chunk 1 | ...    a free block's first word is the next one
 *     head     lock, chunks in use, live blocks; for each size its free list and its fresh rest; the size in each chunk
 *
 * Blocks are named by the index of their first 32-bit word, 0 = none: chunk 0 is never used.
 */
import { bytesAt, copyMemory, fillMemory } from "../../native/raw-memory.ts";
import { systemMalloc } from "../../native/system-malloc.ts";
import type { Allocator } from "./allocator.ts";

const CHUNK_BYTES = 2 ** 22;
const CHUNK_WORDS = CHUNK_BYTES / 4;
/** Exponents of the smallest and the largest size. */
const LEAST = 4;
const MOST = 22;

const LOCK = 0;
const CHUNKS = 1;
const LIVE = 2;
const FREE = 3;
const FRESH = FREE + MOST + 1;
const EXPONENTS = FRESH + MOST + 1;

/** Untouched parts cost address space only. */
const FIRST_BYTES = 2 ** 29;
const WORKER_BYTES = 2 ** 24;
const MOST_BYTES = 2 ** 32;

/** Structured-cloneable, the same memory in every Worker. */
export interface StandInChoice {
  readonly kind: "stand-in";
  readonly head: SharedArrayBuffer;
  readonly address: number;
  readonly byteLength: number;
}

export interface ProvidedStandIn {
  readonly choice: StandInChoice;
  /** After the last Worker has ended. */
  dispose(): void;
}

export function createStandIn(workers: number): ProvidedStandIn {
  const byteLength = Math.min(FIRST_BYTES + workers * WORKER_BYTES, MOST_BYTES);
  const libc = systemMalloc();
  const address = libc.alignedAlloc(CHUNK_BYTES, byteLength);
  if (address === 0) throw new Error(`libc refused ${byteLength} bytes of address space`);
  const head = new SharedArrayBuffer((EXPONENTS + byteLength / CHUNK_BYTES) * 4);
  new Int32Array(head)[CHUNKS] = 1;
  return { choice: { kind: "stand-in", head, address, byteLength }, dispose: () => libc.free(address) };
}

export const openStandIn = (choice: StandInChoice): Allocator => new StandIn(choice);

class StandIn implements Allocator {
  private readonly head: Int32Array;
  private readonly words: Int32Array;
  private readonly chunks: number;

  constructor(private readonly choice: StandInChoice) {
    this.head = new Int32Array(choice.head);
    this.words = new Int32Array(bytesAt(choice.address, choice.byteLength).buffer);
    this.chunks = choice.byteLength / CHUNK_BYTES;
  }

  malloc(size: number): number {
    const exponent = exponentFor(size);
    if (exponent > MOST) return 0;
    this.lock();
    const block = this.takeFree(exponent) || this.carve(exponent);
    if (block !== 0) this.head[LIVE]!++;
    this.unlock();
    return block === 0 ? 0 : this.choice.address + block * 4;
  }

  calloc(count: number, size: number): number {
    const address = this.malloc(count * size);
    if (address !== 0) fillMemory(address, 0, count * size);
    return address;
  }

  alignedAlloc(alignment: number, size: number): number {
    return this.malloc(Math.max(alignment, size));
  }

  realloc(address: number, size: number): number {
    if (address === 0) return this.malloc(size);
    const usable = this.usableSize(address);
    if (exponentFor(size) === exponentFor(usable)) return address;
    const moved = this.malloc(size);
    if (moved === 0) return 0;
    copyMemory(moved, address, Math.min(usable, size));
    this.free(address);
    return moved;
  }

  free(address: number): void {
    if (address === 0) return;
    const block = (address - this.choice.address) / 4;
    const exponent = this.exponentOf(block);
    this.lock();
    this.words[block] = this.head[FREE + exponent]!;
    this.head[FREE + exponent] = block;
    this.head[LIVE]!--;
    this.unlock();
  }

  usableSize(address: number): number {
    return 2 ** this.exponentOf((address - this.choice.address) / 4);
  }

  detach(): void {}

  audit() {
    return {
      liveBlocks: this.head[LIVE]!,
      liveBytes: 0,
      committedBytes: 0,
      peakCommittedBytes: 0,
      residentBytes: null,
    };
  }

  private takeFree(exponent: number): number {
    const block = this.head[FREE + exponent]!;
    if (block !== 0) this.head[FREE + exponent] = this.words[block]!;
    return block;
  }

  /** From the rest of the size's last chunk, or from a new one. */
  private carve(exponent: number): number {
    const { head } = this;
    const blockWords = 2 ** exponent / 4;
    let block = head[FRESH + exponent]!;
    if (block % CHUNK_WORDS === 0) {
      const chunk = head[CHUNKS]!;
      if (chunk === this.chunks) return 0;
      head[CHUNKS] = chunk + 1;
      head[EXPONENTS + chunk] = exponent;
      block = chunk * CHUNK_WORDS;
    }
    head[FRESH + exponent] = block + blockWords;
    return block;
  }

  private exponentOf(block: number): number {
    return this.head[EXPONENTS + Math.floor(block / CHUNK_WORDS)]!;
  }

  private lock(): void {
    while (Atomics.compareExchange(this.head, LOCK, 0, 1) !== 0) Atomics.wait(this.head, LOCK, 1, 1);
  }

  private unlock(): void {
    Atomics.store(this.head, LOCK, 0);
    Atomics.notify(this.head, LOCK, 1);
  }
}

/** Of the smallest power of two that holds so many bytes; `MOST` + 1 for all that are too large. */
function exponentFor(size: number): number {
  if (size > 2 ** MOST) return MOST + 1;
  return Math.max(LEAST, 32 - Math.clz32(Math.max(1, size) - 1));
}
