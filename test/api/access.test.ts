/** Reading and writing an arena's memory: equal to a DataView over the same bytes, and nothing else is ever reached. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bytesAt } from "../../native/raw-memory.ts";
import { Arena, heap, type Read, read, type Write, write } from "../../src/index.ts";
import { Crew } from "../arena/simulated-crew.ts";

const MIB = 2 ** 20;

interface Kind {
  readonly name: Exclude<keyof Read & keyof Write, "ptr" | "intptr">;
  readonly bytes: number;
  readonly values: fc.Arbitrary<number | bigint>;
  get(data: DataView, at: number): number | bigint;
}

const integer = (min: number, max: number) => fc.integer({ min, max });
const kinds: readonly Kind[] = [
  { name: "u8", bytes: 1, values: integer(0, 255), get: (data, at) => data.getUint8(at) },
  { name: "i8", bytes: 1, values: integer(-128, 127), get: (data, at) => data.getInt8(at) },
  { name: "u16", bytes: 2, values: integer(0, 65_535), get: (data, at) => data.getUint16(at, true) },
  { name: "i16", bytes: 2, values: integer(-32_768, 32_767), get: (data, at) => data.getInt16(at, true) },
  { name: "u32", bytes: 4, values: integer(0, 2 ** 32 - 1), get: (data, at) => data.getUint32(at, true) },
  {
    name: "i32",
    bytes: 4,
    values: integer(-(2 ** 31), 2 ** 31 - 1),
    get: (data, at) => data.getInt32(at, true),
  },
  {
    name: "u64",
    bytes: 8,
    values: fc.bigInt(0n, 2n ** 64n - 1n),
    get: (data, at) => data.getBigUint64(at, true),
  },
  {
    name: "i64",
    bytes: 8,
    values: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    get: (data, at) => data.getBigInt64(at, true),
  },
  {
    name: "f32",
    bytes: 4,
    values: fc.float({ noNaN: false }),
    get: (data, at) => data.getFloat32(at, true),
  },
  {
    name: "f64",
    bytes: 8,
    values: fc.double({ noNaN: false }),
    get: (data, at) => data.getFloat64(at, true),
  },
];

type AnyRead = (pointer: unknown, byteOffset?: unknown) => unknown;
type AnyWrite = (pointer: unknown, byteOffset: unknown, value: unknown) => void;
const readOf = (arena: { read: Read }, name: string): AnyRead =>
  (arena.read as unknown as Record<string, AnyRead>)[name]!.bind(arena.read);
const writeOf = (arena: { write: Write }, name: string): AnyWrite =>
  (arena.write as unknown as Record<string, AnyWrite>)[name]!.bind(arena.write);

/** Where a block may be: each with room for 256 bytes, and the arena that it is of. */
const places: readonly [string, () => { arena: Arena; pointer: number }][] = [
  ["a span", () => ({ arena: heap, pointer: heap.malloc(256) })],
  ["a block with a header", () => ({ arena: heap, pointer: heap.malloc(5000) })],
  [
    "a second window",
    () => {
      const arena = new Arena({ reserve: 2 * MIB });
      const { address } = arena.handle;
      for (;;) {
        const pointer = arena.malloc(5000);
        if (pointer < address || pointer > address + 2 * MIB) return { arena, pointer };
      }
    },
  ],
  [
    "a large block",
    () => {
      const arena = new Arena({ largeThreshold: MIB });
      return { arena, pointer: arena.malloc(3 * MIB) };
    },
  ],
];

describe.each(places)("in %s", (_, place) => {
  const { arena, pointer } = place();
  const data = new DataView(bytesAt(pointer, 256).buffer, bytesAt(pointer, 256).byteOffset, 256);

  test.each(kinds)("$name is what a DataView says, at each offset, before and behind the pointer", (kind) => {
    const [reads, writes] = [readOf(arena, kind.name), writeOf(arena, kind.name)];
    fc.assert(
      fc.property(kind.values, integer(0, 256 - 8), integer(0, 64), (value, from, back) => {
        const at = pointer + Math.max(from, back);
        const [offset, byte] = [from - Math.max(from, back), from];
        writes(at, offset, value);
        expect(kind.get(data, byte)).toBe(
          typeof value === "number" && kind.name === "f32" ? Math.fround(value) : value,
        );
        expect(reads(at, offset)).toEqual(kind.get(data, byte));
        if (byte + kind.bytes < 256) {
          data.setUint8(byte, data.getUint8(byte) ^ 0xff);
          expect(reads(pointer + byte)).toEqual(kind.get(data, byte));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("pointers are numbers", () => {
    arena.write.ptr(pointer, 8, pointer);
    expect(arena.read.ptr(pointer, 8)).toBe(pointer as never);
    arena.write.ptr(pointer, 8, null);
    expect(arena.read.u64(pointer, 8)).toBe(0n);
    arena.write.intptr(pointer, 3, -5);
    expect(arena.read.intptr(pointer, 3)).toBe(-5);
    arena.write.i64(pointer, 8, -(2n ** 60n));
    expect(() => arena.read.intptr(pointer, 8)).toThrow(
      "read.intptr: -1152921504606846976 is no safe integer",
    );
  });

  test("copy, fill and compare", () => {
    const bytes = bytesAt(pointer, 256);
    for (let i = 0; i < 256; i++) bytes[i] = i;
    arena.copy(pointer + 10, pointer, 100);
    expect([...bytes.slice(9, 12), ...bytes.slice(109, 111)]).toEqual([9, 0, 1, 99, 110]);
    arena.fill(pointer + 200, 7, 20);
    expect([...bytes.slice(199, 222)]).toEqual([199, ...Array(20).fill(7), 220, 221]);
    expect(arena.compare(pointer + 200, pointer + 210, 10)).toBe(0);
    expect(arena.compare(pointer + 200, pointer + 211, 10)).toBe(-1);
    expect(arena.compare(pointer + 211, pointer + 200, 10)).toBe(1);
    arena.copy(pointer, pointer + 256, 0);
  });

  test("strings of C", () => {
    for (const [i, byte] of [..."h\u00e9\u20ac"].entries()) expect([i, byte].length).toBe(2);
    const bytes = bytesAt(pointer, 64);
    bytes.set(new TextEncoder().encode("\ufeffh\u00e9\u20ac\u{1f600}\0rest"));
    expect(arena.readCString(pointer)).toBe("\ufeffh\u00e9\u20ac\u{1f600}");
    expect(arena.readCString(pointer, 3, 3)).toBe("h\u00e9");
    expect(arena.readCString(pointer, 0, 64)).toBe("\ufeffh\u00e9\u20ac\u{1f600}");
  });
});

test("cstring makes a block that C can read", () => {
  using arena = new Arena({ largeThreshold: MIB });
  for (const text of ["", "a", "h\u00e9llo \u{1f600}", "x".repeat(2 * MIB)]) {
    const pointer = arena.cstring(text);
    expect(arena.readCString(pointer)).toBe(text);
    expect(arena.read.u8(pointer, Buffer.byteLength(text))).toBe(0);
    arena.free(pointer);
  }
  expect(arena.stats().liveBlocks).toBe(0);
  expect(() => arena.cstring("a\0b")).toThrow(
    new RangeError("`text` must be without NUL, where a C string ends; there is one at 1"),
  );
  expect(() => arena.cstring(7 as never)).toThrow(TypeError);
  expect(arena.stats().liveBlocks).toBe(0);
});

test("overlapping ranges of a large block, longer than a piece", () => {
  using arena = new Arena({ largeThreshold: MIB });
  const block = arena.malloc(5 * MIB);
  const expected = new Uint8Array(5 * MIB).map((_, i) => (i * 31 + (i >>> 8)) & 0xff);
  for (const [to, from] of [
    [1.5 * MIB + 3, 5],
    [5, 1.5 * MIB + 3],
  ] as const) {
    bytesAt(block, 5 * MIB).set(expected);
    arena.copy(block + to, block + from, 3 * MIB);
    const moved = expected.slice().copyWithin(to, from, from + 3 * MIB);
    expect(Buffer.compare(bytesAt(block, 5 * MIB), moved)).toBe(0);
  }
  arena.fill(block, 9, 5 * MIB);
  expect(arena.compare(block, block + 1, 5 * MIB - 1)).toBe(0);
  arena.write.u8(block, 4 * MIB, 10);
  expect(arena.compare(block, block + 1, 5 * MIB - 1)).toBe(-1);
  const small = arena.malloc(100);
  arena.copy(small, block + 4 * MIB, 100);
  expect(arena.read.u8(small)).toBe(10);
});

test("views follow the window as it grows, and between two windows", () => {
  using arena = new Arena({ reserve: 2 * MIB });
  const blocks = Array.from({ length: 2000 }, (_, i) => {
    const block = arena.malloc(3000);
    arena.write.u32(block, 0, i);
    return block;
  });
  for (const [i, block] of blocks.entries()) expect(arena.read.u32(block)).toBe(i);
});

describe("bad input: a clear error, and nothing is read or written", () => {
  const block = heap.malloc(5000);
  const badPointers: readonly [unknown, string][] = [
    ["1", '`pointer` must be a pointer (a number) or null, got "1"'],
    [1n, "`pointer` must be a pointer (a number) or null, got 1n"],
    [undefined, "`pointer` must be a pointer (a number) or null, got undefined"],
    [{}, "got an object"],
    [Number.NaN, "`pointer` must be an integer from 0 to 2^53 - 1, got NaN"],
    [block + 0.5, "`pointer` must be an integer from 0 to 2^53 - 1"],
    [-1, "got -1"],
    [2 ** 60, "`pointer` must be an integer"],
    [0, "invalid-pointer 0x0: no block can be there"],
    [null, "invalid-pointer 0x0: no block can be there"],
    [64, "no block can be there"],
    [0x1234_5678_9000, "foreign-pointer 0x123456789000: it lies outside this arena"],
  ];
  const badOffsets: readonly [unknown, string][] = [
    ["1", "`byteOffset` must be a whole number of bytes"],
    [1n, "`byteOffset` must be a whole number of bytes"],
    [null, "`byteOffset` must be a whole number of bytes"],
    [0.5, "`byteOffset` must be a whole number of bytes"],
    [Number.NaN, "`byteOffset` must be a whole number of bytes"],
    [2 ** 60, "`byteOffset` must be a whole number of bytes"],
    [2 ** 40, "`byteOffset` must be from -"],
    [-(2 ** 40), "`byteOffset` must be from -"],
  ];

  test.each(kinds)("$name", (kind) => {
    const [reads, writes] = [readOf(heap, kind.name), writeOf(heap, kind.name)];
    const value = kind.name.endsWith("64") && kind.name !== "f64" ? 1n : 1;
    for (const [pointer, message] of badPointers) {
      expect(() => reads(pointer)).toThrow(message);
      expect(() => writes(pointer, 0, value)).toThrow(message);
    }
    for (const [offset, message] of badOffsets) {
      expect(() => reads(block, offset)).toThrow(message);
      expect(() => writes(block, offset, value)).toThrow(message);
    }
    heap.fill(block, 0x55, 16);
    for (const wrong of ["1", null, undefined, {}, typeof value === "bigint" ? 1 : 1n])
      expect(() => writes(block, 0, wrong)).toThrow(TypeError);
    if (kind.name[0] !== "f") {
      const isBig = typeof value === "bigint";
      const past = isBig ? 2n ** 64n : 2 ** (8 * kind.bytes);
      const wrong = isBig ? [past, -past] : [past, -past, 0.5, Number.NaN, Number.POSITIVE_INFINITY];
      for (const each of wrong) expect(() => writes(block, 0, each)).toThrow(RangeError);
    }
    expect(heap.compare(block, block + 8, 8)).toBe(0);
    expect(heap.read.u8(block)).toBe(0x55);
  });

  test("the control block, what is behind the memory in use, and across the end of a large block", () => {
    using arena = new Arena({ reserve: 8 * MIB, largeThreshold: MIB });
    const pointer = arena.malloc(100);
    const { address } = arena.handle;
    for (const at of [address, address + 64]) {
      expect(() => arena.read.u8(at)).toThrow("it points into the arena's control block");
      expect(() => arena.write.u8(at, 0, 1)).toThrow("it points into the arena's control block");
    }
    expect(() => arena.read.u32(pointer, address - pointer)).toThrow("`byteOffset` must be from 0 to ");
    expect(() => arena.read.u32(address + 8 * MIB - 16)).toThrow(
      "it lies outside the memory this arena has in use",
    );
    const large = arena.malloc(2 * MIB);
    const bytes = arena.usableSize(large);
    arena.write.u8(large, bytes - 1, 3);
    expect(() => arena.read.u16(large, bytes - 1)).toThrow(
      `\`byteOffset\` must be from 0 to ${bytes - 2} for 2 bytes at 0x${large.toString(16)}, got ${bytes - 1}`,
    );
    expect(() => arena.read.u8(large, -1)).toThrow("`byteOffset` must be from 0");
    arena.free(large);
    expect(() => arena.read.u8(large)).toThrow("foreign-pointer");
  });

  test("another arena is named, and unchanged", () => {
    using one = new Arena({ name: "one" });
    using other = new Arena({ name: "other" });
    const [mine, theirs] = [one.malloc(100), other.malloc(100)];
    other.write.u32(theirs, 0, 7);
    expect(() => one.read.u32(theirs)).toThrow('it lies outside this arena, in the arena "other"');
    expect(() => one.write.u32(theirs, 0, 1)).toThrow('in the arena "other"');
    expect(() => one.copy(mine, theirs, 4)).toThrow("copy: foreign-pointer");
    expect(() => one.fill(theirs, 0, 4)).toThrow('in the arena "other"');
    expect(() => one.read.u32(heap.malloc(100))).toThrow('in the arena "heap"');
    for (const act of [() => one.free(theirs), () => one.realloc(theirs, 10), () => one.usableSize(theirs)])
      expect(act).toThrow('it lies outside this arena, in the arena "other"');
    expect(other.read.u32(theirs)).toBe(7);
  });

  test("copy, fill, compare and strings", () => {
    expect(() => heap.copy(block, block + 1, -1)).toThrow("`byteLength`");
    expect(() => heap.copy("x" as never, block, 1)).toThrow("`target` must be a pointer");
    expect(() => heap.copy(block, null as never, 1)).toThrow("copy: invalid-pointer 0x0");
    expect(() => heap.copy(block, 0.5, 1)).toThrow("`source` must be an integer");
    expect(() => heap.copy(block, block, 2 ** 45)).toThrow(RangeError);
    expect(() => heap.fill(block, 256, 1)).toThrow("`value` must be a whole number from 0 to 255, got 256");
    expect(() => heap.fill(block, "a" as never, 1)).toThrow("`value` must be a byte");
    expect(() => heap.compare(block, block, 1.5)).toThrow("`byteLength`");
    expect(() => heap.readCString(block, 0, -1)).toThrow("`byteLength`");
    expect(() => heap.readCString(0x1234_5678_9000)).toThrow("foreign-pointer");
    using arena = new Arena({ largeThreshold: MIB });
    const large = arena.malloc(2 * MIB);
    arena.fill(large, 65, arena.usableSize(large));
    expect(() => arena.readCString(large)).toThrow("bytes that are in use from there on is NUL");
    expect(arena.readCString(large, 10, 4)).toBe("AAAA");
  });

  test("after detach the arena attaches again, after dispose nothing is read", () => {
    const arena = new Arena();
    const pointer = arena.malloc(100);
    arena.write.f64(pointer, 0, 1.5);
    const { read: reads, write: writes } = arena;
    arena.detach();
    expect(reads.f64(pointer)).toBe(1.5);
    arena.free(pointer);
    arena.dispose();
    expect(() => reads.f64(pointer)).toThrow("was disposed");
    expect(() => writes.f64(pointer, 0, 1)).toThrow("was disposed");
    expect(() => arena.copy(pointer, pointer, 1)).toThrow("was disposed");
  });
});

test("views that could not all be taken anew are taken again: a place is never looked for in another window's", () => {
  using arena = new Arena({ reserve: 2 * MIB });
  const { address } = arena.handle;
  const blocks = Array.from({ length: 1000 }, (_, i) => {
    const block = arena.malloc(5000);
    arena.write.u32(block, 0, i);
    return block;
  });
  const isFirst = (block: number) => block > address && block < address + 2 * MIB;
  const [near, far] = [blocks.findIndex(isFirst), blocks.findIndex((block) => !isFirst(block))];
  const { Uint8Array: real } = globalThis;
  for (const [at, other] of [
    [far, near],
    [near, far],
  ] as const) {
    arena.read.u32(blocks[other]!);
    globalThis.Uint8Array = class {
      constructor() {
        throw new RangeError("the stack is full");
      }
    } as never;
    try {
      expect(() => arena.read.u32(blocks[at]!)).toThrow("the stack is full");
    } finally {
      globalThis.Uint8Array = real;
    }
    for (const each of [at, other, at]) expect(arena.read.u32(blocks[each]!)).toBe(each);
  }
});

test("an exception in the middle of a look at a large block leaves the lock free", () => {
  const crew = new Crew({ largeThreshold: MIB });
  const [one, other] = [crew.join(100), crew.join(200)];
  const block = one.arena.malloc(2 * MIB);
  const { words } = crew.pages;
  crew.pages.words = () => {
    crew.pages.words = words;
    throw new RangeError("the stack is full");
  };
  expect(() => one.arena.read.u32(block)).toThrow("the stack is full");
  crew.pages.words = words;
  other.arena.free(other.arena.malloc(5000));
  expect(one.arena.read.u32(block)).toBe(0);
  one.arena.check();
});

test("the functions of the module are the process-wide heap's", () => {
  const pointer = heap.malloc(16);
  write.u32(pointer, 4, 99);
  expect(heap.read.u32(pointer, 4)).toBe(99);
  expect(read.u32(pointer, 4)).toBe(99);
  heap.free(pointer);
});
