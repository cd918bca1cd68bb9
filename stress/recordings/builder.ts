/**
 * Builds a Recording from a log that names blocks by pointer or id and threads by thread id. Such names are used
 * again; the builder gives each life of a name its own number, and reports what no program could have done.
 */
import { isAlignment, isSize, measure } from "./measure.ts";
import {
  type Columns,
  copyColumns,
  createColumns,
  LARGEST_SIZE,
  MOST_THREADS,
  Operation,
  type Recording,
} from "./recording.ts";
import type { Fail } from "./recording-error.ts";

/** How the log names a block: an id, or a pointer (a bigint where a number would lose digits). */
export type BlockName = number | bigint;

/** In `blocks`: the name was used and its block is freed. */
const FREED = -1;

export class RecordingBuilder {
  readonly #fail: Fail;
  readonly #spell: (name: BlockName) => string;
  readonly #blocks = new Map<BlockName, number>();
  readonly #threads = new Map<number, number>();
  #columns: Columns = createColumns(1 << 16);
  #length = 0;
  #blockCount = 0;
  #threadCount = 0;

  /**
   * @param fail reports an error at the place of the log that is being read
   * @param spell writes a block name as the log does
   */
  constructor(fail: Fail, spell: (name: BlockName) => string) {
    this.#fail = fail;
    this.#spell = spell;
  }

  /** Number of operations so far. */
  get length(): number {
    return this.#length;
  }

  /** malloc, calloc (`size` = the product) or alignedAlloc (`alignment` in bytes). */
  allocate(operation: Operation, thread: number, name: BlockName, size: number, alignment = 0): void {
    if (operation === Operation.alignedAlloc && !isAlignment(alignment)) {
      this.#fail(`alignment ${alignment} is not a power of two from 1 to ${LARGEST_SIZE}`);
    }
    this.#append(operation, thread, this.#newBlock(name), this.#checked(size), alignment);
  }

  /** realloc; `from` = null or a name never seen starts a new block, as realloc(null, size) does. */
  reallocate(thread: number, from: BlockName | null, to: BlockName, size: number): void {
    let block = from === null ? undefined : this.#blocks.get(from);
    if (block === FREED) this.#fail(`reallocates ${this.#spell(from!)}, which was freed before`);
    if (block === undefined) {
      block = this.#newBlock(to);
    } else if (from !== to) {
      this.#blocks.set(from!, FREED);
      this.#name(to, block);
    }
    this.#append(Operation.realloc, thread, block, this.#checked(size), 0);
  }

  /** free; null is free(null). */
  free(thread: number, name: BlockName | null): void {
    let block = -1;
    if (name !== null) {
      const known = this.#blocks.get(name);
      if (known === undefined) this.#fail(`frees ${this.#spell(name)}, which was never allocated`);
      if (known === FREED) this.#fail(`frees ${this.#spell(name)}, which was freed before`);
      block = known!;
      this.#blocks.set(name, FREED);
    }
    this.#append(Operation.free, thread, block, 0, 0);
  }

  /** The thread has ended. The system gives its id to a later thread, which gets its own number. */
  threadDone(thread: number): void {
    this.#append(Operation.threadDone, thread, -1, 0, 0);
    this.#threads.delete(thread);
  }

  /** The name's block is live. */
  isLive(name: BlockName): boolean {
    return (this.#blocks.get(name) ?? FREED) !== FREED;
  }

  /** The recording of everything so far, in buffers of the exact length. */
  finish(name: string): Recording {
    if (this.#length === 0) this.#fail("holds no operation: nothing was recorded");
    const columns = createColumns(this.#length);
    copyColumns(columns, this.#columns, this.#length);
    return { name, length: this.#length, ...columns, ...measure(columns) };
  }

  #newBlock(name: BlockName): number {
    this.#name(name, this.#blockCount);
    return this.#blockCount++;
  }

  #name(name: BlockName, block: number): void {
    if (this.isLive(name)) this.#fail(`allocates ${this.#spell(name)}, which is live already`);
    this.#blocks.set(name, block);
  }

  #checked(size: number): number {
    if (!isSize(size)) this.#fail(`size ${size} is not a whole number from 0 to ${LARGEST_SIZE}`);
    return size;
  }

  #threadNumber(thread: number): number {
    const known = this.#threads.get(thread);
    if (known !== undefined) return known;
    if (this.#threadCount === MOST_THREADS) this.#fail(`thread ${thread} is one more than ${MOST_THREADS}`);
    this.#threads.set(thread, this.#threadCount);
    return this.#threadCount++;
  }

  #append(operation: Operation, thread: number, block: number, size: number, alignment: number): void {
    const index = this.#length;
    if (index === this.#columns.operation.length) {
      const larger = createColumns(index * 2);
      copyColumns(larger, this.#columns, index);
      this.#columns = larger;
    }
    this.#columns.operation[index] = operation;
    this.#columns.thread[index] = this.#threadNumber(thread);
    this.#columns.block[index] = block;
    this.#columns.size[index] = size;
    this.#columns.alignment[index] = alignment;
    this.#length++;
  }
}
