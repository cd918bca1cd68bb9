/** How a Worker waits for the lock: the busy turns before it first lets others run depend on the cores there are. */
import { afterEach, expect, test } from "bun:test";
import { LOCK_SPINS, LOCK_SPINS_BESIDE, LOCK_YIELDS } from "../../src/core/tunables.ts";
import type { Heap } from "../../src/heap/heap.ts";
import { LOCK_WORD } from "../../src/heap/lock.ts";
import { Crew, Waiting } from "./simulated-crew.ts";

const { load } = Atomics;
afterEach(() => {
  Atomics.load = load;
});

test.each([
  { cores: 1, workers: 2, spins: 0 },
  { cores: 2, workers: 2, spins: LOCK_SPINS_BESIDE },
  { cores: 2, workers: 3, spins: LOCK_SPINS },
  { cores: 16, workers: 3, spins: LOCK_SPINS_BESIDE },
])("$workers Workers on $cores cores: $spins busy turns", ({ cores, workers, spins }) => {
  const crew = new Crew();
  const members = Array.from({ length: workers }, (_, i) => crew.join(100 + i));
  for (const { arena } of members) arena.malloc(5000);
  const holder: Heap = members[0]!.heap;
  const waiter: Heap = members[1]!.heap;
  const { threads } = waiter.platform;
  Object.assign(threads, { cores });
  let looks = 0;
  let looksAtFirst = -1;
  let yields = 0;
  threads.yield = () => {
    if (yields++ === 0) looksAtFirst = looks;
  };
  holder.enter();
  Atomics.load = ((array: Int32Array, index: number) => {
    if (index === LOCK_WORD) looks++;
    return load(array, index);
  }) as typeof Atomics.load;
  // Parking is the end of it.
  expect(() => waiter.enter()).toThrow(Waiting);
  Atomics.load = load;
  expect({ looksAtFirst, yields }).toEqual({ looksAtFirst: spins, yields: LOCK_YIELDS });
  holder.leave();
});
