import { expect, test } from "bun:test";
import { addressOf } from "../../native/raw-memory.ts";
import { createPatternMemory, Pattern } from "../../stress/oracle/pattern.ts";

const pattern = new Pattern(createPatternMemory(1));
const LARGE = 3 * 2 ** 20 + 123;
// On a buffer of its own: small typed arrays may be moved by the runtime.
const bytes = new Uint8Array(new ArrayBuffer(LARGE));
const address = addressOf(bytes);

for (const size of [0, 1, 8, 17, 4096, 2 ** 20, 2 ** 20 + 1, LARGE]) {
  test(`written-is-right: ${size} bytes`, () => {
    pattern.write(address, size, 99);
    expect(pattern.check(address, size, 99)).toBeNull();
  });
}

for (const offset of [0, 4095, 2 ** 20, LARGE - 1]) {
  test(`wrong-byte: offset ${offset} is told with both values`, () => {
    pattern.write(address, LARGE, 5);
    const expected = bytes[offset]!;
    bytes[offset] = expected ^ 1;
    expect(pattern.check(address, LARGE, 5)).toEqual({ offset, expected, found: expected ^ 1 });
    expect(pattern.check(address, offset, 5)).toBeNull();
  });
}

test("other-tag: another block's content is wrong", () => {
  pattern.write(address, 64, 1000);
  expect(pattern.check(address, 64, 1001)).not.toBeNull();
});

test("moved-by-a-piece: content shifted by 1 MiB is wrong", () => {
  pattern.write(address, 2 ** 21, 77);
  bytes.copyWithin(0, 2 ** 20, 2 ** 21);
  expect(pattern.check(address, 2 ** 20, 77)).toMatchObject({ offset: 0 });
});

test("other-seed: another run's content is wrong", () => {
  pattern.write(address, 64, 3);
  expect(new Pattern(createPatternMemory(2)).check(address, 64, 3)).not.toBeNull();
});

test("zero: the first byte that is not zero is told", () => {
  bytes.fill(0);
  expect(pattern.checkZero(address, LARGE)).toBeNull();
  bytes[2 ** 20 + 7] = 9;
  expect(pattern.checkZero(address, LARGE)).toEqual({ offset: 2 ** 20 + 7, expected: 0, found: 9 });
});
