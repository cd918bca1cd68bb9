/** Rows 13 to 23, 37 to 42, 96: double frees, and frees of what is no block. */
import assert from "node:assert/strict";
import { nativePlatform } from "../../native/index.ts";
import { addressOf, bytesAt } from "../../native/raw-memory.ts";
import { SPAN_MOST_BYTES } from "../../src/core/tunables.ts";
import type { Address } from "../../src/core/types.ts";
import { type Arena, heap, malloc } from "../../src/index.ts";
import {
  ALL_SIZES,
  CACHES,
  isInSpan,
  LARGE,
  misused,
  type PointerCall,
  reachSpans,
  SIZES,
  withArena,
  worksOn,
} from "./harness.ts";
import type { Case, Cases } from "./subprocess.ts";

const LOOP = 262_144;
const CALLS: readonly PointerCall[] = ["free", "realloc", "usableSize"];

/** The case with every size, with and without the Worker's cache, and where blocks of small sizes come from spans. */
function everywhere(sizes: readonly number[], run: (arena: Arena, size: number) => void): Case {
  return () => {
    for (const size of sizes) {
      for (const options of CACHES) withArena((arena) => run(arena, size), options);
      if (size <= SPAN_MOST_BYTES) withArena((arena) => run(inSpans(arena, size), size));
    }
  };
}

/** The arena, its next blocks of this size in a span. */
function inSpans(arena: Arena, size: number): Arena {
  for (const block of reachSpans(arena, size)) arena.free(block);
  const block = arena.malloc(size);
  assert.ok(isInSpan(arena, block));
  arena.free(block);
  return arena;
}

/** malloc + free of one size, again and again; every block is good for writing. */
function loop(arena: Arena, size: number, turns: number): void {
  for (let i = 0; i < turns; i++) arena.free(arena.malloc(size));
}

export const cases: Cases = {
  "13 96 double_free": everywhere(ALL_SIZES, (arena, size) => {
    const pointer = arena.malloc(size);
    arena.free(pointer);
    const error = misused(arena, "free", pointer, "double-free");
    assert.match(error.message, /free/);
    misused(arena, "realloc", pointer, "double-free");
    misused(arena, "free", pointer, "double-free");
  }),
  "13 double_free: between live neighbours": everywhere(SIZES, (arena, size) => {
    const row = Array.from({ length: 9 }, () => arena.malloc(size));
    arena.free(row[4]!);
    misused(arena, "free", row[4]!, "double-free");
    // Its neighbours are freed and merge with it where the policy merges.
    for (const other of [3, 5]) arena.free(row[other]!);
    for (const other of [3, 4, 5]) misused(arena, "free", row[other]!, "double-free");
  }),
  "13 double_free: after trim the block is refused as free or as no block": everywhere(
    SIZES,
    (arena, size) => {
      const pointer = arena.malloc(size);
      arena.free(pointer);
      arena.trim();
      misused(arena, "free", pointer, "double-free", "invalid-pointer");
    },
  ),
  "13 double_free: on the process-wide heap": () => {
    for (const size of ALL_SIZES) {
      const pointer = malloc(size);
      heap.free(pointer);
      misused(heap, "free", pointer, "double-free");
    }
  },
  "14 double_free_interleaved": everywhere(ALL_SIZES, (arena, size) => {
    const [p, q] = [arena.malloc(size), arena.malloc(size)];
    arena.free(p);
    arena.free(q);
    misused(arena, "free", p, "double-free");
    // Other blocks have been where q was since then: what its header said may be gone.
    misused(arena, "free", q, "double-free", "invalid-pointer");
  }),
  "15 double_free_delayed": everywhere(ALL_SIZES, (arena, size) => {
    const pointer = arena.malloc(size);
    arena.free(pointer);
    loop(arena, size, 1024);
    misused(arena, "free", pointer, "double-free");
  }),
  "16 double_free_single_reuse": everywhere(ALL_SIZES, (arena, size) => {
    const p = arena.malloc(size);
    arena.free(p);
    const q = arena.malloc(size);
    if (q === p) {
      arena.free(p);
      misused(arena, "free", q, "double-free");
    } else {
      misused(arena, "free", p, "double-free");
      arena.free(q);
    }
    worksOn(arena);
  }),
  "17 double_free_reuse: 262,144 turns afterwards": everywhere(SIZES, (arena, size) => {
    const pointer = arena.malloc(size);
    arena.free(pointer);
    misused(arena, "free", pointer, "double-free");
    loop(arena, size, LOOP);
    misused(arena, "free", pointer, "double-free");
  }),
  "17 double_free_reuse: 1 MiB block": everywhere([LARGE], (arena, size) => {
    const pointer = arena.malloc(size);
    arena.free(pointer);
    misused(arena, "free", pointer, "double-free");
    loop(arena, size, 4096);
  }),
  "18 40 invalid_free: address 1, also realloc and usable size": everywhere([8], (arena) => {
    for (const address of [1, 2, 8, 4095]) {
      for (const call of CALLS) misused(arena, call, address, "invalid-pointer");
    }
    arena.malloc(8);
    arena.malloc(LARGE);
    for (const call of CALLS) misused(arena, call, 1, "invalid-pointer");
  }),
  "19 invalid_free_stack: address of a JS-owned array": everywhere([8], (arena) => {
    const owned = new Uint8Array(64);
    for (const call of CALLS) misused(arena, call, addressOf(owned), "foreign-pointer");
    arena.malloc(LARGE);
    for (const call of CALLS) misused(arena, call, addressOf(owned), "foreign-pointer");
    assert.ok(owned.every((byte) => byte === 0));
  }),
  "20 invalid_free_close: block + 4096, only one block": everywhere(ALL_SIZES, (arena, size) => {
    const pointer = arena.malloc(size);
    misused(arena, "free", pointer + 4096, "interior-pointer", "invalid-pointer");
    arena.free(pointer);
  }),
  // Row 21 asks for foreign-pointer, row 39 for invalid-pointer: the address is beyond what is committed, foreign.
  "21 39 invalid_free_far: block + 1 GiB, without a read": everywhere(ALL_SIZES, (arena, size) => {
    const pointer = arena.malloc(size);
    for (const call of CALLS) misused(arena, call, pointer + 2 ** 30, "foreign-pointer");
    arena.free(pointer);
  }),
  "21 invalid_free_far: all over the address space": everywhere([8], (arena, size) => {
    const pointer = arena.malloc(size);
    const base = Math.floor(pointer / 2 ** 32) * 2 ** 32;
    const outside = [base - 8, base + 2 ** 32, base + 2 ** 32 + (pointer - base), 2 ** 46, 2 ** 47 - 16];
    for (const address of [...outside, 2 ** 52, Number.MAX_SAFE_INTEGER]) {
      for (const call of CALLS) misused(arena, call, address, "foreign-pointer");
    }
    for (const inside of [base, base + 4, base + 64]) misused(arena, "free", inside, "invalid-pointer");
    misused(arena, "free", base + 2 ** 32 - 16, "foreign-pointer");
    arena.free(pointer);
  }),
  "22 41 invalid_free_unaligned: block + 1": everywhere(ALL_SIZES, (arena, size) => {
    const pointer = arena.malloc(size);
    for (const distance of [1, 2, 3, 4]) {
      for (const call of CALLS) misused(arena, call, pointer + distance, "interior-pointer");
    }
    // In front of the first block of a window ends the control block.
    for (const distance of [1, 4, 8]) {
      misused(arena, "free", pointer - distance, "interior-pointer", "invalid-pointer");
    }
    arena.free(pointer);
  }),
  "23 invalid_free_unaligned_multiple: block + 8, + 16": everywhere(ALL_SIZES, (arena, size) => {
    const pointer = arena.malloc(size);
    for (const call of CALLS) misused(arena, call, pointer + 8, "interior-pointer");
    for (const call of CALLS) misused(arena, call, pointer + 16, "interior-pointer");
    arena.free(pointer);
  }),
  "23 interior pointer: a copy of the block's own header inside it does not make a block": everywhere(
    [4096, 262_144],
    (arena, size) => {
      const pointer = arena.malloc(size);
      const bytes = bytesAt(pointer - 8, size);
      bytes.copyWithin(64, 0, 8);
      misused(arena, "free", pointer + 64, "interior-pointer");
      arena.free(pointer);
    },
  ),
  "37 double free, small and large, at once and with one free between": everywhere(
    [16, 262_144, LARGE],
    (arena, size) => {
      const [p, q] = [arena.malloc(size), arena.malloc(size)];
      arena.free(p);
      misused(arena, "free", p, "double-free", "invalid-pointer");
      arena.free(q);
      misused(arena, "free", p, "double-free", "invalid-pointer");
    },
  ),
  "37 double free of 500 large blocks, after the registry was renewed": everywhere([LARGE], (arena, size) => {
    const freed = Array.from({ length: 500 }, () => arena.malloc(size));
    for (const pointer of freed) arena.free(pointer);
    const others = Array.from({ length: 500 }, () => arena.malloc(size));
    const reused = new Set(others);
    for (const pointer of freed.filter((old) => !reused.has(old)).slice(0, 20)) {
      misused(
        arena,
        "free",
        pointer,
        "double-free",
        "invalid-pointer",
        "interior-pointer",
        "foreign-pointer",
      );
    }
    for (const pointer of others) arena.free(pointer);
    misused(arena, "free", others[0]!, "double-free", "invalid-pointer");
    assert.equal(arena.stats().largeBlocks, 0);
  }),
  "38 invalid free, foreign mappings: inaccessible, and readable and writable": everywhere([8], (arena) => {
    const { pages } = nativePlatform();
    const byteLength = 16 * pages.pageSize;
    const closed = pages.reserve(byteLength, 0);
    const open = pages.map(byteLength, 0);
    assert.ok(closed > 0 && open > 0);
    for (const call of CALLS) {
      misused(arena, call, closed + byteLength / 2, "foreign-pointer");
      misused(arena, call, open + byteLength / 2, "foreign-pointer");
    }
    assert.ok(bytesAt(open, byteLength).every((byte) => byte === 0));
    for (const mapping of [closed, open]) pages.unmap(mapping as Address, byteLength);
  }),
  "39 42 block + 16 KiB: never handed out": everywhere([16, 64], (arena, size) => {
    const pointer = arena.malloc(size);
    for (const call of CALLS) misused(arena, call, pointer + 16_384, "invalid-pointer");
    arena.free(pointer);
  }),
  "42 usable size of a freed block, small": everywhere(SIZES, (arena, size) => {
    const pointer = arena.malloc(size);
    arena.free(pointer);
    const error = misused(arena, "usableSize", pointer, "invalid-pointer");
    assert.match(error.message, /already free/);
  }),
  "42 usable size of a freed block, large": everywhere([LARGE], (arena, size) => {
    const pointer = arena.malloc(size);
    arena.free(pointer);
    const error = misused(arena, "usableSize", pointer, "invalid-pointer");
    assert.match(error.message, /already free/);
  }),
  "42 usable size of block + 1": everywhere(ALL_SIZES, (arena, size) => {
    misused(arena, "usableSize", arena.malloc(size) + 1, "interior-pointer");
  }),
};
