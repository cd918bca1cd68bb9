/** Deaths that once left a block among the kept ones of a slot, which the next Worker there took for its own. */
import { expect, test } from "bun:test";
import { SLOTS } from "../../src/core/tunables.ts";
import { CacheWord, cacheOfSlot } from "../../src/memory/layout.ts";
import { locked } from "../support/locked.ts";
import { Crew } from "./simulated-crew.ts";

const [FIRST, SECOND, THIRD] = [100, 200, 300] as const;
const KEPT_BYTES = 60_000;

test("who dies before the block that it keeps is counted, and right after a repair of its own, leaves nothing kept", () => {
  const crew = new Crew();
  const { arena } = crew.join(FIRST);
  arena.stats();
  const dead = crew.join(SECOND);
  const block = dead.arena.malloc(KEPT_BYTES);
  dead.arena.malloc(KEPT_BYTES);
  const { heap } = dead;
  locked(heap, (held) => held.repaired(new RangeError("a full stack"), "trim"));
  dead.arena.free(block);
  const { words } = heap.windows[0]!.window;
  const counted = cacheOfSlot(heap.slot) + CacheWord.kept;
  expect(words[counted]).toBeGreaterThan(0);
  words[counted] = 0;
  for (let others = 2; others < SLOTS; others++) crew.join(1000 + others).heap.slots.claim();
  crew.alive.delete(SECOND);
  arena.trim();
  const heir = crew.join(THIRD);
  expect(heir.arena.malloc(KEPT_BYTES)).toBe(block);
  expect<number>(heir.heap.slot).toBe(heap.slot);
  heir.arena.check();
});
