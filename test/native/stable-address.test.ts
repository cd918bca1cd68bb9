/**
 * A small typed array without a buffer of its own moves when the compiler treats it as a constant: an address taken
 * before dangles from then on (docs/runtime.md). Whatever keeps an address must survive a loop that gets compiled.
 */
import { expect, test } from "bun:test";
import { Timespec } from "../../native/clock.ts";
import { copyMemory } from "../../native/raw-memory.ts";

const timespec = new Timespec();
const address = timespec.address;
const source = new BigInt64Array(new ArrayBuffer(16));

test("the address of a Timespec holds in a loop that gets compiled", async () => {
  const { addressOf } = await import("../../native/raw-memory.ts");
  let sum = 0;
  for (let turn = 0; turn < 3_000_000; turn++) {
    timespec.ms = turn;
    sum += timespec.ms;
  }
  expect(sum).toBeGreaterThan(0);
  source[0] = 77n;
  copyMemory(address, addressOf(source), 16);
  expect(timespec.ms).toBe(77_000);
});
