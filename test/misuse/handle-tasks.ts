/** What Workers do in handles.test.ts: tests cannot be imported there. */
import { Arena, type ArenaHandle } from "../../src/index.ts";

/** Attaches and frees a block, or throws. */
export function attachAndUse(handle: ArenaHandle): number {
  const arena = Arena.attach(handle);
  arena.free(arena.malloc(8));
  const { workers } = arena.stats();
  arena.dispose();
  return workers;
}

export function attachDetached(handle: ArenaHandle): void {
  const arena = Arena.attach(handle);
  arena.malloc(8);
  arena.detach();
}

export function attachOnly(handle: ArenaHandle): void {
  Arena.attach(handle);
}
