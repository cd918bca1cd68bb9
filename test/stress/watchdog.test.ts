import { expect, test } from "bun:test";
import { Control, createControlMemory, Phase, Seat } from "../../stress/crew/control.ts";
import { Watchdog } from "../../stress/crew/watchdog.ts";

function crewOfTwo() {
  const memory = createControlMemory(2);
  const seats = [new Seat(memory, 0, 2), new Seat(memory, 1, 2)] as const;
  return { seats, watchdog: new Watchdog(new Control(memory, 2), 1000, 0) };
}

test("moving: no report", () => {
  const { seats, watchdog } = crewOfTwo();
  for (let now = 0; now < 5000; now += 100) {
    for (const seat of seats) seat.enter(Phase.malloc, 64);
    expect(watchdog.look(now)).toBeNull();
  }
});

test("one-stuck: Worker, phase and size are told although the other moves", () => {
  const { seats, watchdog } = crewOfTwo();
  seats[1].enter(Phase.realloc, 4711);
  const seen: (string | null)[] = [];
  for (let now = 0; now <= 1000; now += 100) {
    seats[0].enter(Phase.malloc, 64);
    seen.push(watchdog.look(now));
  }
  expect(seen.slice(0, -1).every((report) => report === null)).toBe(true);
  expect(seen.at(-1)).toBe("no heartbeat for 1 s: Worker 1 in realloc (4711 bytes)");
});

test("one-waits: not a hang as long as the other moves", () => {
  const { seats, watchdog } = crewOfTwo();
  seats[1].enter(Phase.waiting, 0);
  for (let now = 0; now < 5000; now += 100) {
    seats[0].enter(Phase.free, 64);
    expect(watchdog.look(now)).toBeNull();
  }
});

test("all-wait: a deadlock", () => {
  const { seats, watchdog } = crewOfTwo();
  for (const seat of seats) seat.enter(Phase.waiting, 0);
  watchdog.look(0);
  expect(watchdog.look(999)).toBeNull();
  expect(watchdog.look(1000)).toBe("no Worker moved for 1 s: Worker 0 in waiting; Worker 1 in waiting");
});
