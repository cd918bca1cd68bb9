/** Rows 64 to 79: mimalloc's checks of aligned blocks, by their names there. */
import { expect, test } from "bun:test";
import { alignedAlloc, free, heap } from "../../src/index.ts";
import { expectAligned, isZero, soil } from "./contents.ts";
import { misused, refusesArgument, withArena, worksOn } from "./harness.ts";

const MIB = 2 ** 20;
const LARGEST_ALIGNMENT = 2 ** 30;

test("64 66 posix_memalign: align 8 with sizes 32 and 0", () => {
  withArena((arena) => {
    for (const size of [32, 0]) {
      const pointer = arena.alignedAlloc(8, size);
      expectAligned(arena, pointer, 8, size);
      arena.free(pointer);
    }
    worksOn(arena);
  });
});

test("65 67 posix_memalign_no_align, nopow2: align 3 and 24 are refused", () => {
  withArena((arena) => {
    for (const alignment of [3, 24]) {
      refusesArgument(arena, RangeError, "alignment", `got ${alignment}`, () =>
        arena.alignedAlloc(alignment, 32),
      );
    }
  });
});

test("69 70 76 79 malloc-aligned1 to 5, 12, memalign1", () => {
  withArena((arena) => {
    const pairs = [
      [32, 32],
      [48, 32],
      [48, 32],
      [4097, 4096],
      [256, 256],
    ] as const;
    const live = pairs.map(([size, alignment]) => {
      const pointer = arena.alignedAlloc(alignment, size);
      expectAligned(arena, pointer, alignment, size);
      return pointer;
    });
    expect(arena.usableSize(live[3]!)).toBeLessThan(16_000);
    for (let i = 0; i < 8; i++) {
      live.push(arena.alignedAlloc(16, 8));
      expectAligned(arena, live.at(-1)!, 16, 8);
    }
    expect(new Set(live).size).toBe(live.length);
    for (const pointer of live) arena.free(pointer);
    worksOn(arena);
  });
});

test("71 malloc-aligned6: size 13 x align, 8 at a time; above 16 MiB one at a time", () => {
  withArena((arena) => {
    for (let alignment = 1; alignment <= 2 ** 27; alignment *= 2) {
      const count = alignment <= 2 ** 24 ? 8 : 1;
      const live = Array.from({ length: count }, () => arena.alignedAlloc(alignment, 13 * alignment));
      for (const pointer of live) expectAligned(arena, pointer, alignment, 13 * alignment);
      for (const pointer of live) arena.free(pointer);
    }
    for (const alignment of [2 ** 28, 2 ** 29, LARGEST_ALIGNMENT]) {
      const pointer = arena.alignedAlloc(alignment, 13);
      expectAligned(arena, pointer, alignment, 13);
      arena.free(pointer);
    }
    expect(arena.stats().liveBlocks).toBe(0);
    worksOn(arena);
  });
});

test("72 malloc-aligned7, 8: 1024 bytes at 16 MiB and up to the largest alignment, above it refused", () => {
  withArena((arena) => {
    for (let alignment = 2 ** 24; alignment <= LARGEST_ALIGNMENT; alignment *= 2) {
      const pointer = arena.alignedAlloc(alignment, 1024);
      expectAligned(arena, pointer, alignment, 1024);
      arena.free(pointer);
    }
    const above = 2 * LARGEST_ALIGNMENT;
    refusesArgument(arena, RangeError, "alignment", String(above), () => arena.alignedAlloc(above, 1024));
  });
});

test("73 malloc-aligned9, 9a: sizes of 0 to 128 MiB at every align 2^0 to 2^27; calloc of them is zero", () => {
  withArena((arena) => {
    const sizes = [8, 512, MIB, 16 * MIB, 16 * MIB + 1, 32 * MIB, 128 * MIB, 0];
    for (let alignment = 1; alignment <= 2 ** 27; alignment *= 2) {
      for (const size of sizes) {
        const pointer = arena.alignedAlloc(alignment, size);
        expectAligned(arena, pointer, alignment, size);
        arena.free(pointer);
      }
    }
    soil(arena, sizes.slice(0, 3));
    for (const size of sizes) {
      const pointer = arena.calloc(1, size);
      // Of the longest blocks a part: they are fresh pages throughout.
      for (const from of [0, Math.max(size - 4 * MIB, 0)]) {
        expect(isZero(pointer + from, Math.min(size - from, 4 * MIB))).toBe(true);
      }
      arena.free(pointer);
    }
    const twice = [arena.alignedAlloc(2, MIB), arena.alignedAlloc(2, MIB)];
    for (const pointer of twice) expectAligned(arena, pointer, 2, MIB);
    worksOn(arena);
  });
});

test("74 malloc-aligned10: (43 + align, align), all live, freed backwards", () => {
  withArena((arena) => {
    const live: number[] = [];
    for (let alignment = 1; alignment <= 1024; alignment *= 2) {
      live.push(arena.alignedAlloc(alignment, 43 + alignment));
      expectAligned(arena, live.at(-1)!, alignment, 43 + alignment);
    }
    for (const pointer of live.reverse()) arena.free(pointer);
    expect(arena.stats().liveBlocks).toBe(0);
    worksOn(arena);
  });
});

test("75 malloc-aligned11: a separate heap owns its block", () => {
  withArena((arena) => {
    const pointer = arena.alignedAlloc(8, 33_554_426);
    expect([...arena.blocks()]).toMatchObject([{ pointer }]);
    misused(heap, "free", pointer, "foreign-pointer");
    arena.free(pointer);
    worksOn(arena);
  });
});

test("77 malloc-aligned13: every size 1 to 2048 with every power of two up to it, ten live at a time", () => {
  for (let size = 1; size <= 2048; size++) {
    for (let alignment = 1; alignment <= size; alignment *= 2) {
      const live = Array.from({ length: 10 }, () => alignedAlloc(alignment, size));
      if (live.some((pointer) => pointer % alignment !== 0 || pointer === 0)) {
        throw new Error(`align ${alignment}, size ${size}: ${live.join()}`);
      }
      for (const pointer of live) free(pointer);
    }
  }
  heap.check();
});
