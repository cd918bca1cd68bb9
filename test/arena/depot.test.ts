/** The depot: batches that go from one Worker's cache to another's, seen from all sides. */
import { expect, test } from "bun:test";
import { Crew, type Member } from "./simulated-crew.ts";

const FIRST = 100;
const SECOND = 200;
const MANY = 2000;
/** Above the sizes that spans serve. */
const SIZE = 1200;

/** Allocates `count` blocks by one Worker and frees them by another: the depot fills. */
function pass(from: Member, to: Member, count = MANY, size = SIZE): void {
  const blocks = Array.from({ length: count }, () => from.arena.malloc(size));
  for (const block of blocks) to.arena.free(block);
}

test("what one Worker frees another takes again, with hardly any fresh memory", () => {
  const crew = new Crew();
  const [producer, consumer] = [crew.join(FIRST), crew.join(SECOND)];
  // Twice: the consumer's cache keeps some of the first blocks.
  pass(producer, consumer);
  pass(producer, consumer);
  const { peakCommittedBytes, flushes } = producer.arena.stats();
  expect(flushes).toBeGreaterThan(2);
  for (let turn = 0; turn < 10; turn++) pass(producer, consumer);
  expect(producer.arena.stats().peakCommittedBytes).toBeLessThanOrEqual(peakCommittedBytes + 2 ** 15);
  producer.arena.check();
});

test("trim merges the depot", () => {
  const crew = new Crew();
  const [producer, consumer] = [crew.join(FIRST), crew.join(SECOND)];
  pass(producer, consumer);
  expect(consumer.arena.stats().cachedBlocks).toBeGreaterThan(MANY / 2);
  producer.arena.detach();
  consumer.arena.trim();
  const { cachedBlocks, committedBytes } = consumer.arena.stats();
  expect({ cachedBlocks, committedBytes }).toEqual({ cachedBlocks: 0, committedBytes: expect.any(Number) });
  consumer.arena.check();
});

test("another size gets the depot's memory before the window grows", () => {
  const crew = new Crew();
  const [producer, consumer] = [crew.join(FIRST), crew.join(SECOND)];
  pass(producer, consumer);
  const { peakCommittedBytes } = producer.arena.stats();
  pass(producer, consumer, MANY / 4, SIZE * 2);
  expect(producer.arena.stats().peakCommittedBytes).toBeLessThanOrEqual(peakCommittedBytes + 2 ** 15);
  producer.arena.check();
});

test("a repair files the depot's blocks", () => {
  const crew = new Crew();
  const [producer, consumer] = [crew.join(FIRST), crew.join(SECOND)];
  pass(producer, consumer);
  const { add } = consumer.heap.control;
  consumer.heap.control.add = (counter, amount) => {
    consumer.heap.control.add = add;
    // Inside the lock, at the end of a refill or a flush.
    crew.alive.delete(SECOND);
    producer.arena.malloc(100_000);
    expect(producer.arena.stats().takeovers).toBe(1);
    producer.arena.detach();
    const { cachedBlocks } = crew.join(SECOND + 1).arena.stats();
    expect(cachedBlocks).toBe(0);
    add.call(consumer.heap.control, counter, amount);
    throw new RangeError("the end of this Worker");
  };
  expect(() => pass(consumer, consumer)).toThrow(RangeError);
  crew.join(SECOND + 2).arena.check();
});

test.each([0, 1])("an overwritten link (word %d) is found when its batch is taken, and repaired", (word) => {
  const crew = new Crew();
  const [producer, consumer] = [crew.join(FIRST), crew.join(SECOND)];
  const blocks = Array.from({ length: MANY }, () => producer.arena.malloc(SIZE));
  for (const block of blocks) consumer.arena.free(block);
  const { window } = consumer.heap.windows[0]!;
  // All that were freed at the beginning are in the depot: the first of a batch is one of them.
  for (const block of blocks.slice(0, MANY / 2)) window.words[(block - window.base) / 4 + word] = 0x1234_5670;
  expect(() => consumer.arena.check()).toThrow("a link of the depot was overwritten");
  expect(() => {
    for (let count = 0; count < MANY; count++) producer.arena.malloc(SIZE);
  }).toThrow("indexed anew");
  producer.arena.check();
  for (let count = 0; count < MANY; count++) producer.arena.malloc(SIZE);
  producer.arena.check();
});
