/** What needs the lock, called from outside of the allocator. */
import type { Heap } from "../../src/heap/heap.ts";
import type { Held } from "../../src/memory/held.ts";

/** Runs `act` with the lock. */
export function locked<Result>(heap: Heap, act: (held: Held<Heap>) => Result): Result {
  heap.enter();
  try {
    return act(heap);
  } finally {
    heap.leave();
  }
}
