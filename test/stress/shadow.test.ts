import { expect, test } from "bun:test";
import { createShadowMemory, Shadow } from "../../stress/oracle/shadow.ts";

const BASE = 0x7f12_3440_0000;
const shadowOf = (chunks = 16) => new Shadow(createShadowMemory(chunks));

test("disjoint-neighbours: no overlap", () => {
  const shadow = shadowOf();
  expect(shadow.mark(BASE, 24)).toBe(0);
  expect(shadow.mark(BASE + 32, 16)).toBe(0);
  expect(shadow.heldGranules()).toBe(3);
});

test("same-block-twice", () => {
  const shadow = shadowOf();
  shadow.mark(BASE, 100);
  expect(shadow.mark(BASE, 100)).toBe(BASE);
});

test("overlap-in-the-last-granule: the address of the overlap is told", () => {
  const shadow = shadowOf();
  shadow.mark(BASE + 4096, 1);
  expect(shadow.mark(BASE, 4097)).toBe(BASE + 4096);
});

test("inside-a-large-block", () => {
  const shadow = shadowOf();
  shadow.mark(BASE, 10_000_000);
  expect(shadow.mark(BASE + 9_999_984, 16)).toBe(BASE + 9_999_984);
  expect(shadow.mark(BASE + 10_000_000, 16)).toBe(0);
});

test("across-chunks: marked and cleared as a whole", () => {
  const shadow = shadowOf();
  const address = BASE + 2 ** 22 - 32;
  expect(shadow.mark(address, 9 * 2 ** 20)).toBe(0);
  expect(shadow.heldGranules()).toBe((9 * 2 ** 20) / 16);
  expect(shadow.clear(address, 9 * 2 ** 20)).toBe(0);
  expect(shadow.heldGranules()).toBe(0);
});

test("empty-block: has an address of its own", () => {
  const shadow = shadowOf();
  expect(shadow.mark(BASE, 0)).toBe(0);
  expect(shadow.mark(BASE, 0)).toBe(BASE);
});

test("clear-twice: the first granule that is not held is told", () => {
  const shadow = shadowOf();
  shadow.mark(BASE, 48);
  expect(shadow.clear(BASE, 48)).toBe(0);
  expect(shadow.clear(BASE, 48)).toBe(BASE);
  shadow.mark(BASE, 32);
  expect(shadow.clear(BASE, 48)).toBe(BASE + 32);
});

test("whole-words: every length and start inside three words of bits", () => {
  for (let first = 0; first < 96; first++) {
    for (let count = 1; first + count <= 96; count++) {
      const shadow = new Shadow(memory);
      expect(shadow.mark(BASE + 16 * first, 16 * count)).toBe(0);
      expect(shadow.mark(BASE + 16 * (first + count - 1), 16)).toBe(BASE + 16 * (first + count - 1));
      expect(shadow.clear(BASE + 16 * first, 16 * count)).toBe(0);
    }
  }
  expect(new Shadow(memory).heldGranules()).toBe(0);
});
const memory = createShadowMemory(16);

test("two-views: what one Worker marks, another one sees", () => {
  const memory = createShadowMemory(16);
  new Shadow(memory).mark(BASE, 64);
  expect(new Shadow(memory).mark(BASE + 48, 64)).toBe(BASE + 48);
});

test("far-apart: chunks with the same place in the directory are kept apart", () => {
  const shadow = shadowOf(16);
  for (let i = 0; i < 16; i++) expect(shadow.mark(BASE + i * 2 ** 32, 16)).toBe(0);
  expect(shadow.heldGranules()).toBe(16);
  for (let i = 0; i < 16; i++) expect(shadow.mark(BASE + i * 2 ** 32, 16)).toBe(BASE + i * 2 ** 32);
});

test("directory-full: a clear error", () => {
  const shadow = shadowOf(16);
  for (let i = 0; i < 16; i++) shadow.mark(i * 2 ** 22, 16);
  expect(() => shadow.mark(16 * 2 ** 22, 16)).toThrow(
    "the shadow map is full: blocks lie in more than 16 chunks",
  );
});
