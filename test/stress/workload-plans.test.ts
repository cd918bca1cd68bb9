/** What workloads ask for, against the published check values: no allocator takes part. */
import { expect, test } from "bun:test";
import { Random } from "../../stress/random.ts";
import { mix64, Word64 } from "../../stress/random64.ts";
import { AllocTestDraws, Zones } from "../../stress/workloads/alloc-test-draws.ts";
import { fragSizes } from "../../stress/workloads/frag.ts";
import { drawThreadSizes } from "../../stress/workloads/glibc-thread.ts";
import { planMstress, STEP_WORDS, Step, TABLE_SLOTS } from "../../stress/workloads/mstress-plan.ts";
import { freeingOrders, RING_SLOTS } from "../../stress/workloads/rings.ts";
import { planRptest } from "../../stress/workloads/rptest-plan.ts";
import { ringSizes } from "../../stress/workloads/sh6bench.ts";

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

test("mix64: the first numbers after 43", () => {
  const state = new Word64(0, 43);
  const drawn = Array.from({ length: 3 }, () => {
    mix64(state);
    return (BigInt(state.high >>> 0) << 32n) | BigInt(state.low >>> 0);
  });
  expect(drawn).toEqual([0x4f0a61d9c798d8can, 0x01ed03ccdcf2c7a9n, 0xe2ab720ac34b2157n]);
});

test("word64: products, shifts and remainders are those of BigInt", () => {
  const random = new Random(64);
  for (let i = 0; i < 1000; i++) {
    const [high, low, factorHigh, factorLow] = [random.next(), random.next(), random.next(), random.next()];
    const value = (BigInt(high) << 32n) | BigInt(low);
    const found = (change: (word: Word64) => void): bigint => {
      const word = new Word64(high | 0, low | 0);
      change(word);
      return (BigInt(word.high >>> 0) << 32n) | BigInt(word.low >>> 0);
    };
    const factor = (BigInt(factorHigh) << 32n) | BigInt(factorLow);
    expect(found((word) => word.multiply(factorHigh | 0, factorLow | 0))).toBe(
      BigInt.asUintN(64, value * factor),
    );
    const bits = 1 + (i % 31);
    expect(found((word) => word.xorRight(bits))).toBe(value ^ (value >> BigInt(bits)));
    expect(found((word) => word.xorLeft(bits))).toBe(BigInt.asUintN(64, value ^ (value << BigInt(bits))));
    const divisor = 1 + (factorLow % 2 ** 21);
    expect(new Word64(high | 0, low | 0).remainder(divisor)).toBe(Number(value % BigInt(divisor)));
  }
});

for (const [worker, blocks, bytes] of [
  [0, 7500, 3_350_888],
  [1, 15_000, 6_932_480],
] as const) {
  test(`mstress: what Worker ${worker} asks for in a round`, () => {
    const { steps, dataBlocks, keptBlocks } = planMstress(worker);
    const sizes = Array.from(
      { length: steps.length / STEP_WORDS },
      (_, i) => steps[i * STEP_WORDS + Step.bytes]!,
    );
    expect(sizes.length).toBe(blocks);
    expect(dataBlocks + keptBlocks).toBe(blocks);
    expect(sum(sizes)).toBe(bytes);
    expect(Math.max(...sizes)).toBe(640_000);
  });
}

test("mstress: a step frees and swaps only what was allocated before", () => {
  const { steps, keptBlocks } = planMstress(2);
  let data = 0;
  let kept = 0;
  for (let at = 0; at < steps.length; at += STEP_WORDS) {
    if (steps[at + Step.kept] === 1) kept++;
    else data++;
    expect(steps[at + Step.freeIndex]!).toBeLessThan(data);
    expect(steps[at + Step.swapIndex]!).toBeLessThan(data);
    expect(steps[at + Step.swapSlot]!).toBeLessThan(TABLE_SLOTS);
  }
  expect(kept).toBe(keptBlocks);
});

test("alloc-test: first draws and zones", () => {
  const draws = new AllocTestDraws();
  expect([draws.next(), draws.next(), draws.next()]).toEqual([3608098730, 922600695, 80054809]);
  expect(new Zones(262_144).sizes).toEqual([16, 402, 4026, 21_474, 64_424, 103_079, 68_723]);
});

/** The sum that the original prints for one thread: of all 8-byte words, and of the bytes behind the last of them. */
test("alloc-test: the checksum of 100,000,000 steps", () => {
  const SLOTS = 262_144;
  const draws = new AllocTestDraws();
  const zones = new Zones(SLOTS);
  const live = new Int32Array(SLOTS);
  const freed = new Float64Array(1025);
  const toggle = (slot: number) => {
    if (live[slot] === 0) live[slot] = draws.size();
    else {
      freed[live[slot]!]!++;
      live[slot] = 0;
    }
  };
  for (let slot = 0, bits = 0; slot < SLOTS; slot++, bits >>>= 1) {
    if (slot % 32 === 0) bits = draws.next();
    if ((bits & 1) === 1) toggle(slot);
  }
  for (let step = 0; step < 100_000_000; step++) toggle(zones.draw(draws));
  for (const size of live) freed[size]!++;
  let total = 0n;
  for (let size = 1; size <= 1024; size++) {
    const byte = BigInt(size & 255);
    const content = BigInt(size >> 3) * byte * 0x0101010101010101n + BigInt(size & 7) * byte;
    total += BigInt(freed[size]!) * content;
  }
  expect(BigInt.asIntN(64, total)).toBe(5859554003585743717n);
});

test("frag: sizes of both rounds", () => {
  const sizes = fragSizes();
  expect([...sizes.subarray(0, 8)]).toEqual([86, 209, 100, 124, 5757, 46, 39_018, 27]);
  const rounds = [sizes.subarray(0, 512), sizes.subarray(512)];
  expect(rounds.map(sum)).toEqual([6_418_618, 4_850_277]);
  expect(rounds.map((round) => round.filter((size) => size <= 256).length)).toEqual([330, 349]);
  expect(rounds.map((round) => round.filter((size) => size > 4096).length)).toEqual([173, 144]);
  expect(rounds.map((round) => Math.max(...round))).toEqual([65_469, 65_355]);
  expect(Math.min(...sizes)).toBe(1);
});

test("rptest: sizes have the published mean and median, percentages are uniform", () => {
  const { sizes, allocationPercent, freePercent } = planRptest();
  const sorted = [...sizes].sort((a, b) => a - b);
  expect(sorted.length).toBe(2000);
  expect(sum(sorted) / 2000).toBeWithin(2600, 3000);
  expect(sorted[1000]!).toBeWithin(1750, 2100);
  expect(sorted[0]!).toBeGreaterThanOrEqual(8);
  expect(sorted[1999]!).toBeLessThan(16_000);
  for (const percent of [...allocationPercent, ...freePercent]) expect(percent).toBeWithin(30, 100);
  expect([allocationPercent.length, freePercent.length]).toEqual([311, 257]);
});

test("glibc-thread: sizes follow the inverse-square law", () => {
  const sorted = [...drawThreadSizes(new Random(9))].sort((a, b) => a - b);
  expect(sorted.length).toBe(8000);
  expect(sorted[0]!).toBe(4);
  expect(sorted[4000]!).toBeWithin(7, 10);
  expect(sorted[7200]!).toBeWithin(34, 48);
  expect(sorted[7999]!).toBeLessThanOrEqual(32_768);
});

test("sh6bench: sizes grow by half, small ones come several times; each round frees two thirds", () => {
  const sizes = ringSizes();
  const different = [...new Set(sizes)];
  expect(different).toEqual([1, 2, 3, 5, 8, 12, 18, 27, 41, 62, 93, 140, 210, 315, 473, 710]);
  expect(sizes.filter((size) => size === 1).length).toBe(50);
  expect(sizes.filter((size) => size === 315).length).toBe(4);
  for (const order of freeingOrders()) {
    expect(new Set(order).size).toBe(order.length);
    expect(order.length / RING_SLOTS).toBeCloseTo(2 / 3, 3);
  }
});
