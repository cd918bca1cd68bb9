/** How often the fast path of an arena has no answer during `act`. */
import type { Arena } from "../../src/index.ts";

type SlowPath = Record<"mallocSlow" | "freeSlow", (argument: unknown) => unknown>;

/** The arena must have been used. */
export function slowCalls(arena: Arena, act: () => void): { malloc: number; free: number } {
  const slow = (arena as unknown as { attachment: SlowPath }).attachment;
  const { mallocSlow, freeSlow } = slow;
  const calls = { malloc: 0, free: 0 };
  slow.mallocSlow = (size) => {
    calls.malloc++;
    return mallocSlow.call(slow, size);
  };
  slow.freeSlow = (pointer) => {
    calls.free++;
    return freeSlow.call(slow, pointer);
  };
  act();
  Object.assign(slow, { mallocSlow, freeSlow });
  return calls;
}
