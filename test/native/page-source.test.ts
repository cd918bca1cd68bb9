import { afterEach, describe, expect, test } from "bun:test";
import { nativePlatform } from "../../native/index.ts";
import { mappingsIn, residentBytesIn } from "../../native/mappings.ts";
import { compareMemory, residentBytes } from "../../native/raw-memory.ts";
import type { Address } from "../../src/core/types.ts";

const { pages } = nativePlatform();
const onLinux = process.platform === "linux";
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const at = (address: number): Address => address as Address;

const mapped: [Address, number][] = [];
/** Fails the test when the call was refused, and has the mapping ended after it. */
function kept(result: number, byteLength: number): Address {
  if (result < 0) throw new Error(pages.describeError(result));
  mapped.push([at(result), byteLength]);
  return at(result);
}
afterEach(() => {
  for (const [address, byteLength] of mapped.splice(0)) expect(pages.unmap(address, byteLength)).toBe(0);
});

/** An address where nothing is mapped now. */
function freeAddress(byteLength: number): Address {
  const address = at(pages.reserve(byteLength, 0));
  pages.unmap(address, byteLength);
  return address;
}

describe("page source", () => {
  test("the page size is a power of two", () => {
    expect([4096, 16384, 65536]).toContain(pages.pageSize);
  });

  test("reserve-commit-release: contents are zero, and memory comes and goes", () => {
    const length = 64 * MIB;
    const guard = pages.pageSize; // without access, so that the kernel does not merge the mapping with a neighbour
    const reserved = kept(pages.reserve(length + 2 * guard, 0), length + 2 * guard);
    const address = at(reserved + guard);
    expect(pages.commit(address, length)).toBe(0);
    const words = pages.words(address, length);
    expect(words.length).toBe(length / 4);
    expect(words.every((word) => word === 0)).toBe(true);
    const before = residentBytes();
    words.fill(-1);
    const full = residentBytes();
    expect(pages.release(address, length)).toBe(0);
    const after = residentBytes();
    if (onLinux) {
      expect(residentBytesIn(address, length)).toBe(0);
      expect(full - before).toBeLessThan(length + 8 * MIB);
      expect(full - after).toBeGreaterThan(length - 8 * MIB);
    }
    expect(words.every((word) => word === 0)).toBe(true);
  });

  test.skipIf(!onLinux)(
    "a reservation has no access, committed pages have read and write, none execute",
    () => {
      const page = pages.pageSize;
      const address = kept(pages.reserve(16 * page, 0), 16 * page);
      pages.commit(address, 4 * page);
      const permissions = mappingsIn(address, page).concat(mappingsIn(address + 4 * page, page));
      expect(permissions.map((mapping) => mapping.permissions)).toEqual(["rw-p", "---p"]);
    },
  );

  test("huge pages may be asked for before and after the commit, and change no content", () => {
    const length = 8 * MIB;
    const address = kept(pages.reserve(length, 0), length);
    expect(pages.commit(address, length / 2)).toBe(0);
    const words = pages.words(address, length / 2).fill(7);
    // Refused where the kernel has none.
    const result = pages.adviseHuge(address, length, true);
    if (result !== 0) expect(pages.describeError(result)).toStartWith("EINVAL");
    expect(pages.commit(at(address + length / 2), length / 2)).toBe(0);
    expect(words.every((word) => word === 7)).toBe(true);
    expect(pages.words(at(address + length / 2), length / 2).every((word) => word === 0)).toBe(true);
  });

  test("exact-address: the second reservation of the same address is refused with EEXIST", () => {
    const length = 16 * MIB;
    const hint = freeAddress(length);
    expect(kept(pages.reserve(length, hint), length)).toBe(hint);
    expect(pages.describeError(pages.reserve(length, hint))).toBe("EEXIST (File exists)");
    expect(pages.describeError(pages.map(length, hint))).toBe("EEXIST (File exists)");
  });

  test("exact-address: overlapping the end of another mapping is refused and leaves it alone", () => {
    const page = pages.pageSize;
    const start = freeAddress(4 * page);
    const address = kept(pages.map(page, at(start + page)), page);
    pages.words(address, page)[0] = 42;
    expect(pages.describeError(pages.reserve(2 * page, start))).toStartWith("EEXIST");
    expect(pages.words(address, page)[0]).toBe(42);
  });

  test("absurd-length: the refusal is a small negative number with a text", () => {
    for (const length of [2 ** 50, 2 ** 53, 2 ** 60]) {
      const result = pages.reserve(length, 0);
      expect(result).toBe(-12);
      expect(pages.describeError(result)).toBe("ENOMEM (Cannot allocate memory)");
      expect(pages.map(length, 0)).toBe(-12);
    }
  });

  test("commit-outside-a-mapping and unmap-bad-alignment are refused", () => {
    const address = freeAddress(MIB);
    expect(pages.describeError(pages.commit(address, MIB))).toStartWith("ENOMEM");
    expect(pages.describeError(pages.unmap(at(8), MIB))).toStartWith("EINVAL");
  });

  test("over-4-gib: lengths and offsets arrive whole", () => {
    const length = 6 * GIB;
    const address = kept(pages.reserve(length, 0), length);
    expect(pages.commit(address, 5 * GIB)).toBe(0);
    expect(pages.release(address, 5 * GIB)).toBe(0);
    const page = pages.pageSize;
    // Bytes on both sides of offset 2^32, moved by one page.
    const border = at(address + 4 * GIB - page);
    const words = pages.words(border, 2 * page);
    words.fill(0x01020304);
    pages.copy(at(border + page), border, 2 * page);
    expect(compareMemory(border, border + page, 2 * page)).toBe(0);
    pages.fill(at(border), 0, 3 * page);
    expect(words.every((word) => word === 0)).toBe(true);
    // Only the last byte of more than 4 GiB differs. Untouched pages are all the same page of zeros.
    new Uint8Array(words.buffer)[2 * page - 1] = 1;
    const other = kept(pages.map(5 * GIB, 0), 5 * GIB);
    const upToTheByte = 4 * GIB + page - 1;
    expect(compareMemory(address, other, upToTheByte)).toBe(0);
    expect(compareMemory(address, other, upToTheByte + 1)).not.toBe(0);
  }, 60_000);

  test("copy moves overlapping ranges in both directions", () => {
    const address = kept(pages.map(pages.pageSize, 0), pages.pageSize);
    const words = pages.words(address, 64);
    words.set([1, 2, 3, 4]);
    pages.copy(at(address + 4), address, 16);
    expect([...words.subarray(0, 5)]).toEqual([1, 1, 2, 3, 4]);
    pages.copy(address, at(address + 4), 16);
    expect([...words.subarray(0, 5)]).toEqual([1, 2, 3, 4, 4]);
  });

  test.skipIf(!onLinux)("remap: grows and shrinks, keeps the content, new pages are zero", () => {
    const page = pages.pageSize;
    const address = at(pages.map(page, 0));
    pages.words(address, page).fill(7);
    const target = at(pages.map(1024 * page, 0));
    const grown = at(pages.remap(address, page, 1024 * page, target));
    expect(grown).toBe(target);
    const words = pages.words(grown, 1024 * page);
    expect(words.subarray(0, page / 4).every((word) => word === 7)).toBe(true);
    expect(words.subarray(page / 4).every((word) => word === 0)).toBe(true);
    expect(pages.remap(grown, 1024 * page, page, 0)).toBe(grown);
    expect(pages.words(grown, page)[0]).toBe(7);
    expect(pages.unmap(grown, page)).toBe(0);
  });

  test.skipIf(!onLinux)("remap: in place it is refused when the neighbour is taken", () => {
    const page = pages.pageSize;
    const start = freeAddress(8 * page);
    const address = kept(pages.map(page, start), page);
    kept(pages.map(page, at(start + page)), page);
    expect(pages.describeError(pages.remap(address, page, 2 * page, 0))).toStartWith("ENOMEM");
    pages.words(address, page)[0] = 1;
  });
});
