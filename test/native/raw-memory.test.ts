import { describe, expect, test } from "bun:test";
import { parseMappings, residentBytesIn } from "../../native/mappings.ts";
import {
  addressOf,
  bytesAt,
  compareMemory,
  copyMemory,
  fillMemory,
  residentBytes,
  trimLibc,
} from "../../native/raw-memory.ts";
import { systemMalloc } from "../../native/system-malloc.ts";

describe("raw memory", () => {
  test("copy, fill and compare", () => {
    const a = new Uint8Array([1, 2, 3, 4]);
    const b = new Uint8Array(4);
    copyMemory(addressOf(b), addressOf(a), 3);
    expect([...b]).toEqual([1, 2, 3, 0]);
    expect(compareMemory(addressOf(a), addressOf(b), 3)).toBe(0);
    expect(compareMemory(addressOf(a), addressOf(b), 4)).toBeGreaterThan(0);
    fillMemory(addressOf(b), 0xff, 2);
    expect([...b]).toEqual([0xff, 0xff, 3, 0]);
  });

  test("bytesAt shows the memory itself; a length of 0 is an empty view", () => {
    const bytes = new Uint8Array([5, 6, 7, 0, 8]);
    const view = bytesAt(addressOf(bytes), 5);
    view[1] = 60;
    expect([...bytes]).toEqual([5, 60, 7, 0, 8]);
    expect(bytesAt(addressOf(bytes), 0).length).toBe(0);
  });

  test("resident bytes are at least a runtime's and at most a machine's", () => {
    expect(residentBytes()).toBeGreaterThan(2 ** 20);
    expect(residentBytes()).toBeLessThan(2 ** 40);
  });

  test("trimLibc answers whether libc can trim", () => {
    expect(trimLibc()).toBeBoolean();
  });
});

describe("system malloc", () => {
  const malloc = systemMalloc();

  test("hands out memory that can be resized and freed", () => {
    const address = malloc.malloc(100);
    expect(malloc.usableSize(address)).toBeGreaterThanOrEqual(100);
    bytesAt(address, 100).fill(9);
    const grown = malloc.realloc(address, 100_000);
    expect(bytesAt(grown, 100).every((byte) => byte === 9)).toBe(true);
    malloc.free(grown);
  });

  test("calloc zeroes and alignedAlloc aligns", () => {
    const zeroed = malloc.calloc(10, 100);
    expect(bytesAt(zeroed, 1000).every((byte) => byte === 0)).toBe(true);
    malloc.free(zeroed);
    for (const alignment of [1, 16, 4096, 2 ** 21]) {
      const address = malloc.alignedAlloc(alignment, 100);
      expect(address).toBeGreaterThan(0);
      expect(address % alignment).toBe(0);
      malloc.free(address);
    }
  });

  test("refusals are 0", () => {
    expect(malloc.malloc(2 ** 60)).toBe(0);
    expect(malloc.calloc(2 ** 40, 2 ** 40)).toBe(0);
    expect(malloc.alignedAlloc(64, 2 ** 60)).toBe(0);
  });

  test("realloc-null and free-null are what C says", () => {
    const address = malloc.realloc(0, 50);
    expect(address).toBeGreaterThan(0);
    malloc.free(address);
    malloc.free(0);
  });

  test("no-such-library: the error names it", () => {
    expect(() => systemMalloc("husky-no-such-malloc.so")).toThrow("husky-no-such-malloc.so");
  });
});

describe("mappings", () => {
  const SMAPS = [
    "3e0000000000-3e0000002000 rw-p 00000000 00:00 0 ",
    "Size:                  8 kB",
    "Rss:                   4 kB",
    "VmFlags: rd wr mr mw me ac sd ",
    "7ffc0000-7ffd0000 r-xp 00001000 08:01 42                 /usr/lib/a b.so",
    "Rss:                  64 kB",
    "VmFlags: rd ex hg ",
    "",
  ].join("\n");

  test("smaps are read with addresses, permissions and resident bytes", () => {
    expect(parseMappings(SMAPS)).toEqual([
      {
        start: 0x3e0000000000,
        end: 0x3e0000002000,
        permissions: "rw-p",
        residentBytes: 4096,
        flags: ["rd", "wr", "mr", "mw", "me", "ac", "sd"],
      },
      {
        start: 0x7ffc0000,
        end: 0x7ffd0000,
        permissions: "r-xp",
        residentBytes: 65536,
        flags: ["rd", "ex", "hg"],
      },
    ]);
  });

  test.skipIf(process.platform !== "linux")("this process's own memory is found", () => {
    const bytes = new Uint8Array(2 ** 20).fill(1);
    expect(residentBytesIn(addressOf(bytes), bytes.length)).toBeGreaterThanOrEqual(bytes.length);
  });
});
