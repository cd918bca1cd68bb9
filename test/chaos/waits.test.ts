/** A Worker that stands still in one step for too long is reported; one that rests, idles or has not begun is not. */
import { expect, test } from "bun:test";
import { Waits } from "../../stress/chaos/crew/waits.ts";
import { Control, createControlMemory, Phase, Seat } from "../../stress/crew/control.ts";

const MOST_MS = 20;
const LONG_MS = 120;

async function lookFor(waits: Waits, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    await Bun.sleep(2);
    waits.look();
  }
}

function crewOfOne() {
  const memory = createControlMemory(1);
  return { seat: new Seat(memory, 0, 1), waits: new Waits(new Control(memory, 1), MOST_MS) };
}

test("in a step: reported with phase and size", async () => {
  const { seat, waits } = crewOfOne();
  seat.enter(Phase.realloc, 77);
  await expect(lookFor(waits, 10_000)).rejects.toThrow(/Worker 0 waits for \d+ ms in realloc \(77 bytes\)/);
  expect(waits.longestMs[0]).toBeGreaterThan(MOST_MS);
});

test("resting: no wait", async () => {
  const { seat, waits } = crewOfOne();
  seat.enter(Phase.waiting, 0);
  await lookFor(waits, LONG_MS);
  expect(waits.longestMs).toEqual([0]);
});

test("left: a killed Worker does not count until its successor moves", async () => {
  const { seat, waits } = crewOfOne();
  seat.enter(Phase.malloc, 8);
  waits.look();
  waits.leave(0);
  await lookFor(waits, LONG_MS);
  expect(waits.longestMs).toEqual([0]);
  expect(waits.hasBegun(0)).toBe(false);
  seat.enter(Phase.attach, 0);
  waits.look();
  expect(waits.hasBegun(0)).toBe(true);
  expect(waits.workedMs(0)).toBe(0);
});
