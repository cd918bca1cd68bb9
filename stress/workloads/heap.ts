/**
 * What a workload allocates through. There are two builds of every workload, and the loop is written once: in
 * *verify* this is the CheckedHeap, which fills every payload and compares it; in *bench* it is the PlainHeap, which
 * calls the allocator and nothing else. A process has one of the two, so that call sites stay monomorphic.
 *
 * A numbered block has a row in the workload's table, and its content belongs to the heap. An own block is known by
 * its address alone, and the workload writes and checks its content.
 */
export interface Heap {
  holds(block: number): boolean;
  /** `tag` says what the payload is filled with where it is filled. */
  malloc(block: number, size: number, tag: number): void;
  calloc(block: number, count: number, size: number, tag: number): void;
  alignedAlloc(block: number, alignment: number, size: number, tag: number): void;
  /** Also for a block that is not there: then it is `realloc(null, size)`. */
  realloc(block: number, size: number, tag: number): void;
  free(block: number): void;
  freeNull(): void;
  /** Checks a block's content where contents are checked. */
  verify(block: number): void;

  /** Bench only, as in verify all of every payload is written anyway: fills some bytes of a block. */
  write(block: number, offset: number, length: number, byte: number): void;
  /** Bench only, as in verify all of every payload is compared anyway: reads all bytes of a block. */
  read(block: number): void;

  mallocOwn(size: number): number;
  /** `address` 0 stands for null. The workload knows how many bytes it asked for, here and in the next. */
  reallocOwn(address: number, oldSize: number, size: number): number;
  freeOwn(address: number, size: number): void;
}
