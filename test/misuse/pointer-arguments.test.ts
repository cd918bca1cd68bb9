/** Rows 99 to 105, 120: values that no pointer may have. */
import { describe, expect, test } from "bun:test";
import {
  counters,
  type PointerCall,
  pointerCall,
  refusesArgument,
  thrownBy,
  trap,
  withArena,
  worksOn,
} from "./harness.ts";

const CALLS: readonly PointerCall[] = ["free", "realloc", "usableSize"];

/** Every function that takes a pointer refuses the value, also in an arena that this Worker has just left. */
function refusesPointer(
  kind: typeof TypeError | typeof RangeError,
  shown: string,
  value: (p: number) => unknown,
) {
  withArena((arena) => {
    const live = arena.malloc(64);
    for (const call of CALLS) {
      refusesArgument(arena, kind, "pointer", shown, () => pointerCall(arena, call, value(live) as number));
    }
    arena.detach();
    expect(thrownBy(() => arena.free(value(live) as number)).constructor).toBe(kind);
    arena.free(live);
    worksOn(arena);
  });
}

describe("pointers", () => {
  test("99 null, 0 and -0: free nothing, realloc allocates, usableSize is 0", () => {
    withArena((arena) => {
      const before = counters(arena);
      for (const nothing of [null, 0, -0]) {
        arena.free(nothing);
        expect(Object.is(arena.usableSize(nothing), 0)).toBe(true);
      }
      expect(counters(arena)).toEqual(before);
      for (const nothing of [null, 0, -0]) arena.free(arena.realloc(nothing, 50));
      worksOn(arena);
    });
  });

  test("100 undefined", () => refusesPointer(TypeError, "undefined", () => undefined));

  test("101 NaN and infinities", () => {
    for (const value of [Number.NaN, Infinity, -Infinity]) {
      refusesPointer(RangeError, String(value), () => value);
    }
  });

  test("102 negative", () => {
    refusesPointer(RangeError, "-8", () => -8);
    refusesPointer(RangeError, "-", (pointer) => -pointer);
  });

  test("103 fractional: not rounded to the block", () => {
    refusesPointer(RangeError, ".5", (pointer) => pointer + 0.5);
    refusesPointer(RangeError, ".25", (pointer) => pointer + 0.25);
  });

  test("104 2^53 and above", () => {
    for (const value of [2 ** 53, 2 ** 60, 2 ** 64 - 1])
      refusesPointer(RangeError, String(value), () => value);
  });

  test("105 BigInt, string, boolean, objects, arrays, typed arrays, symbols: no conversion", () => {
    refusesPointer(TypeError, "n", (pointer) => BigInt(pointer));
    refusesPointer(TypeError, '"', (pointer) => String(pointer));
    refusesPointer(TypeError, "1234", () => "1234");
    refusesPointer(TypeError, "true", () => true);
    refusesPointer(TypeError, "false", () => false);
    refusesPointer(TypeError, "an object", (pointer) => ({ valueOf: () => pointer }));
    refusesPointer(TypeError, "an object", (pointer) => Object(pointer));
    refusesPointer(TypeError, "an object", trap);
    refusesPointer(TypeError, "an array", (pointer) => [pointer]);
    refusesPointer(TypeError, "an object", () => new Uint8Array(8));
    refusesPointer(TypeError, "a symbol", () => Symbol("p"));
    refusesPointer(TypeError, "a function", () => () => 8);
  });
});

describe("re-entrancy", () => {
  test("120 valueOf that calls the allocator is never called", () => {
    withArena((arena) => {
      let calls = 0;
      const reentrant = {
        valueOf() {
          calls++;
          return arena.malloc(8);
        },
        toString: () => String(arena.malloc(8)),
      } as unknown as number;
      const attempts = [
        () => arena.malloc(reentrant),
        () => arena.calloc(reentrant, 1),
        () => arena.calloc(1, reentrant),
        () => arena.realloc(reentrant, 8),
        () => arena.realloc(null, reentrant),
        () => arena.alignedAlloc(reentrant, 8),
        () => arena.alignedAlloc(64, reentrant),
        () => arena.free(reentrant),
        () => arena.usableSize(reentrant),
      ];
      for (const attempt of attempts) expect(thrownBy(attempt).constructor).toBe(TypeError);
      expect(calls).toBe(0);
      expect(arena.stats().liveBlocks).toBe(0);
      worksOn(arena);
    });
  });
});
