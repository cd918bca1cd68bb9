/** Rows 58 to 63, 81 to 88: mimalloc's API checks, by their names there; 35, 51, 54, 57: other suites' ordinary use. */
import { expect, test } from "bun:test";
import { bytesAt } from "../../native/raw-memory.ts";
import { type Arena, free } from "../../src/index.ts";
import { expectAligned, isZero, soil } from "./contents.ts";
import {
  ALL_SIZES,
  counters,
  misused,
  refused,
  refusesArena,
  refusesArgument,
  runsOut,
  SIZES,
  withArena,
  worksOn,
} from "./harness.ts";

const MIB = 2 ** 20;

test("35 51 59 68 impossibly_large_malloc: not a safe integer is refused, the largest one runs out", () => {
  withArena((arena) => {
    for (const size of [2 ** 64 - 2, 2 ** 64 - 8, 2 ** 63]) {
      refusesArgument(arena, RangeError, "size", String(size), () => arena.malloc(size));
      refusesArgument(arena, RangeError, "size", String(size), () => arena.alignedAlloc(16, size));
    }
    runsOut(arena, Number.MAX_SAFE_INTEGER, () => arena.malloc(Number.MAX_SAFE_INTEGER));
    refusesArgument(arena, RangeError, "count", String(2 ** 64), () => arena.calloc(2 ** 64, 2));
  });
});

test("54 growing array: realloc from 256 KiB by 3/2, 15 steps, contents kept", () => {
  withArena((arena) => {
    let size = 262_144;
    let pointer: number = arena.malloc(size);
    bytesAt(pointer, size).fill(1);
    for (let step = 2; step <= 16; step++) {
      const larger = (size / 2) * 3 - (((size / 2) * 3) % 16);
      pointer = arena.realloc(pointer, larger);
      const bytes = bytesAt(pointer, larger);
      expect(bytes[0]).toBe(1);
      expect(bytes[size - 1]).toBe(step - 1);
      bytes.fill(step, size);
      expect(arena.stats().peakCommittedBytes).toBeLessThan(size + larger + MIB);
      size = larger;
    }
    arena.free(pointer);
    worksOn(arena);
  });
});

test("57 statistics: the counters add up", () => {
  withArena((arena) => {
    const live = ALL_SIZES.flatMap((size) => Array.from({ length: 10 }, () => arena.malloc(size)));
    let payload = 0;
    for (const pointer of live) payload += arena.usableSize(pointer);
    const stats = arena.stats();
    expect(stats.liveBlocks).toBe(live.length);
    expect(stats.liveBytes).toBe(payload);
    expect(stats.largeBlocks).toBe(10);
    expect(stats.committedBytes).toBeGreaterThanOrEqual(stats.liveBytes);
    expect(stats.peakCommittedBytes).toBeGreaterThanOrEqual(stats.committedBytes);
    expect(stats.reservedBytes + stats.largeBytes).toBeGreaterThanOrEqual(stats.committedBytes);
    for (const pointer of live) arena.free(pointer);
    expect(arena.stats()).toMatchObject({ liveBlocks: 0, liveBytes: 0, largeBlocks: 0, largeBytes: 0 });
  });
});

test("58 malloc-zero and 60 malloc-null: non-null, free of null is nothing", () => {
  withArena((arena) => {
    const pointer = arena.malloc(0);
    expect(pointer).toBeGreaterThan(0);
    arena.free(pointer);
    const before = counters(arena);
    arena.free(null);
    arena.free(0);
    expect(counters(arena)).toEqual(before);
    worksOn(arena);
  });
});

test("60 malloc-null: free of null and 0 is nothing, in every function", () => {
  withArena((arena) => {
    const before = counters(arena);
    for (const nothing of [null, 0]) {
      arena.free(nothing);
      free(nothing);
      expect(arena.usableSize(nothing)).toBe(0);
    }
    expect(counters(arena)).toEqual(before);
  });
});

test("61 malloc-large: 67,108,872 bytes", () => {
  withArena((arena) => {
    const pointer = arena.malloc(67_108_872);
    expectAligned(arena, pointer, 16, 67_108_872);
    arena.free(pointer);
    worksOn(arena);
  });
});

test("62 calloc-overflow: never a small block", () => {
  withArena((arena) => {
    refusesArgument(arena, RangeError, "size", String(2 ** 64 / 1000), () =>
      arena.calloc(1000, 2 ** 64 / 1000),
    );
    refusesArgument(arena, RangeError, "count", "134217728", () => arena.calloc(2 ** 27, 2 ** 27));
  });
});

test("63 calloc0: at most the smallest class", () => {
  withArena((arena) => {
    for (const [count, size] of [
      [0, 1000],
      [1000, 0],
      [0, 0],
    ] as const) {
      expect(arena.usableSize(arena.calloc(count, size))).toBe(arena.usableSize(arena.malloc(0)));
    }
  });
});

test("81 82 realloc-null, realloc-null-sizezero: as malloc", () => {
  withArena((arena) => {
    for (const size of [4, 0]) {
      for (const nothing of [null, 0]) {
        const pointer = arena.realloc(nothing, size);
        expect(arena.usableSize(pointer)).toBe(arena.usableSize(arena.malloc(size)));
        arena.free(pointer);
      }
    }
    worksOn(arena);
  });
});

test("83 realloc-sizezero: a minimal block, the old one is gone, it is not a free", () => {
  for (const size of ALL_SIZES) {
    withArena((arena) => {
      const old = arena.malloc(size);
      const pointer = arena.realloc(old, 0);
      expect(pointer).toBeGreaterThan(0);
      expect(arena.usableSize(pointer)).toBeLessThanOrEqual(Math.max(64, arena.usableSize(arena.malloc(0))));
      expect(arena.stats().liveBlocks).toBe(2);
      if (pointer !== old) misused(arena, "free", old, "double-free", "interior-pointer");
      arena.free(pointer);
      worksOn(arena);
    });
  }
});

test("85 umalloc1: sizes 2^k up to 32 MiB, grown by 1024: told sizes agree", () => {
  withArena((arena) => {
    for (let size = 1; size <= 32 * MIB; size *= 2) {
      const pointer = arena.malloc(size);
      const told = arena.usableSize(pointer);
      expect(told).toBeGreaterThanOrEqual(size);
      expect([...arena.blocks()]).toMatchObject([{ pointer, byteLength: told }]);
      const grown = arena.realloc(pointer, size + 1024);
      const toldThen = arena.usableSize(grown);
      expect(toldThen).toBeGreaterThanOrEqual(size + 1024);
      expect([...arena.blocks()]).toMatchObject([{ pointer: grown, byteLength: toldThen }]);
      arena.free(grown);
      expect(arena.stats().liveBytes).toBe(0);
    }
    worksOn(arena);
  });
});

test("86 heap_destroy: all blocks are gone, later use is refused", () => {
  let destroyed: Arena | undefined;
  let pointer = 0;
  withArena((arena) => {
    pointer = arena.malloc(8);
    arena.malloc(2 * MIB);
    destroyed = arena;
  });
  refusesArena(() => destroyed!.free(pointer), "disposed");
  refusesArena(() => destroyed!.malloc(8), "disposed");
});

test("88 zero fill: calloc of 512 and 2048 bytes in recycled memory", () => {
  withArena((arena) => {
    for (const size of [...SIZES, 512, 2048]) {
      soil(arena, [size]);
      expect(isZero(arena.calloc(1, size), size)).toBe(true);
      expect(isZero(arena.calloc(size, 1), size)).toBe(true);
    }
    refused(arena, () => arena.calloc(Number.NaN, 8));
  });
});
