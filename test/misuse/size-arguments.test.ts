/** Rows 106 to 115: values that no size or alignment may have, and sizes beyond all memory. */
import { describe, expect, test } from "bun:test";
import { bytesAt } from "../../native/raw-memory.ts";
import { type Arena, OutOfMemoryError } from "../../src/index.ts";
import { refusesArgument, runsOut, thrownBy, trap, withArena, worksOn } from "./harness.ts";

const SIZE_CALLS: readonly [name: string, call: (arena: Arena, size: number) => unknown][] = [
  ["size", (arena, size) => arena.malloc(size)],
  ["size", (arena, size) => arena.calloc(1, size)],
  ["count", (arena, size) => arena.calloc(size, 1)],
  ["size", (arena, size) => arena.alignedAlloc(64, size)],
  ["size", (arena, size) => arena.realloc(null, size)],
  ["size", (arena, size) => arena.realloc(arena.malloc(100), size)],
];

function refusesSize(kind: typeof TypeError | typeof RangeError, shown: string, value: unknown): void {
  withArena((arena) => {
    arena.malloc(100);
    for (const [name, call] of SIZE_CALLS.slice(0, 5)) {
      refusesArgument(arena, kind, name, shown, () => call(arena, value as number));
    }
    const live = arena.malloc(100);
    refusesArgument(arena, kind, "size", shown, () => arena.realloc(live, value as number));
    arena.free(live);
  });
}

describe("sizes", () => {
  test("106 NaN, infinities, negative, fractional", () => {
    for (const size of [Number.NaN, Infinity, -Infinity, -1, -(2 ** 32), 0.5, 100.5]) {
      refusesSize(RangeError, String(size), size);
    }
  });

  test("107 2^53 and 2^64", () => {
    for (const size of [2 ** 53, 2 ** 64]) refusesSize(RangeError, String(size), size);
  });

  test("108 the largest safe integer, 2^47, more than the limit: out of memory", () => {
    withArena((arena) => {
      for (const size of [Number.MAX_SAFE_INTEGER, 2 ** 47]) {
        runsOut(arena, size, () => arena.malloc(size));
        runsOut(arena, size, () => arena.calloc(1, size));
        runsOut(arena, size, () => arena.alignedAlloc(4096, size));
        const live = arena.malloc(100);
        bytesAt(live, 100).fill(7);
        runsOut(arena, size, () => arena.realloc(live, size));
        expect(bytesAt(live, 100).every((byte) => byte === 7)).toBe(true);
        arena.free(live);
      }
    });
    withArena(
      (arena) => {
        for (const size of [2 ** 20, 2 ** 22]) runsOut(arena, size, () => arena.malloc(size));
        const large = arena.malloc(600_000);
        bytesAt(large, 600_000).fill(7);
        runsOut(arena, 2 ** 21, () => arena.realloc(large, 2 ** 21));
        expect(bytesAt(large, 600_000).every((byte) => byte === 7)).toBe(true);
        arena.free(large);
      },
      { limit: 2 ** 20 },
    );
  });

  test("108 peakCommittedBytes is not raised by a request that the system refused", () => {
    withArena((arena) => {
      const { peakCommittedBytes } = arena.stats();
      expect(thrownBy(() => arena.malloc(2 ** 47))).toBeInstanceOf(OutOfMemoryError);
      expect(arena.stats().peakCommittedBytes).toBe(peakCommittedBytes);
    });
  });

  test("109 around 32 bits: the full size or out of memory, never a small block", () => {
    const calls: ((arena: Arena, size: number) => number)[] = [
      (arena, size) => arena.malloc(size),
      (arena, size) => arena.calloc(1, size),
      (arena, size) => arena.alignedAlloc(64, size),
      (arena, size) => arena.realloc(arena.malloc(8), size),
      (arena, size) => arena.realloc(arena.malloc(2 ** 20), size),
    ];
    for (const size of [2 ** 31, 2 ** 32, 2 ** 32 + 8, 2 ** 33 + 16]) {
      for (const call of calls) {
        withArena((arena) => {
          let pointer: number;
          try {
            pointer = call(arena, size);
          } catch (error) {
            expect(error).toBeInstanceOf(OutOfMemoryError);
            return;
          }
          expect(arena.usableSize(pointer)).toBeGreaterThanOrEqual(size);
          expect(arena.stats().largeBytes).toBeGreaterThanOrEqual(size);
          bytesAt(pointer + size - 1, 1)[0] = 1;
          expect(bytesAt(pointer + size - 1, 1)[0]).toBe(1);
          arena.free(pointer);
          worksOn(arena);
        });
      }
    }
  });

  test("110 count x size: product not safe, safe but too big, NaN beside 0", () => {
    withArena(
      (arena) => {
        for (const factor of [2 ** 27, 2 ** 32]) {
          refusesArgument(arena, RangeError, "count", `${factor} x ${factor}`, () =>
            arena.calloc(factor, factor),
          );
        }
        runsOut(arena, 65_537 * 65_537, () => arena.calloc(65_537, 65_537));
        refusesArgument(arena, RangeError, "size", "NaN", () => arena.calloc(0, Number.NaN));
        refusesArgument(arena, RangeError, "count", "NaN", () => arena.calloc(Number.NaN, 0));
      },
      { limit: 2 ** 24 },
    );
  });

  test("111 undefined, null, BigInt, string, boolean, object", () => {
    refusesSize(TypeError, "undefined", undefined);
    refusesSize(TypeError, "null", null);
    refusesSize(TypeError, "8n", 8n);
    refusesSize(TypeError, '"8"', "8");
    refusesSize(TypeError, "true", true);
    refusesSize(TypeError, "an object", { valueOf: () => 8 });
    refusesSize(TypeError, "an object", trap());
    refusesSize(TypeError, "an array", [8]);
  });

  test("112 zero and -0: a block", () => {
    withArena((arena) => {
      for (const size of [0, -0]) {
        for (const [, call] of SIZE_CALLS) arena.free(call(arena, size) as number);
      }
      worksOn(arena);
    });
  });
});

describe("alignments", () => {
  test("113 115 no power of two, no number, above the largest", () => {
    withArena((arena) => {
      const call = (alignment: unknown) => () => arena.alignedAlloc(alignment as number, 64);
      for (const alignment of [
        0,
        -0,
        3,
        24,
        -16,
        1.5,
        0.5,
        Number.NaN,
        Infinity,
        2 ** 31,
        2 ** 32,
        2 ** 32 + 16,
      ]) {
        const shown = Object.is(alignment, -0) ? "-0" : String(alignment);
        refusesArgument(arena, RangeError, "alignment", `got ${shown}`, call(alignment));
      }
      const wrong: [unknown, string][] = [
        ["16", '"16"'],
        [16n, "16n"],
        [undefined, "undefined"],
        [null, "null"],
      ];
      for (const [alignment, shown] of [...wrong, [trap(), "an object"] as const]) {
        refusesArgument(arena, TypeError, "alignment", `got ${shown}`, call(alignment));
      }
    });
  });

  test("114 1, 2, 4: the natural alignment", () => {
    withArena((arena) => {
      for (const alignment of [1, 2, 4]) {
        for (const size of [0, 1, 100, 100_000, 2 ** 20]) {
          expect(arena.alignedAlloc(alignment, size) % 16).toBe(0);
        }
      }
      worksOn(arena);
    });
  });
});
