/** An Arena over simulated pages: the same code as ever, without the operating system and the directory. */
import { Arena } from "../../src/api/arena.ts";
import { type ArenaOptions, resolveOptions } from "../../src/api/options.ts";
import type { Heap } from "../../src/heap/heap.ts";
import { makeHeap } from "../../src/registry/source.ts";
import { UnlistedSource } from "../../stress/chaos/subjects/unlisted-source.ts";
import { type SimulatedPlatform, simulatedPlatform } from "./simulated-platform.ts";

export interface SimulatedArena {
  readonly arena: Arena;
  readonly platform: SimulatedPlatform;
  readonly heap: Heap;
}

/** Windows of 64 MiB unless told otherwise, so that the buffers stay small. */
export function simulatedArena(options: ArenaOptions = {}, platform = simulatedPlatform()): SimulatedArena {
  const { name: _, ...shape } = resolveOptions(
    { reserve: 2 ** 26, purgeDelay: Infinity, ...options },
    platform.pages.pageSize,
  );
  const heap = makeHeap(platform, shape);
  heap.spanAfterRequests = 0;
  const arena = new Arena(new UnlistedSource(heap, "simulated", "creator"));
  arena.stats();
  return { arena, platform, heap };
}
