/** An Arena over simulated pages: the same code as ever, without the operating system and the directory. */
import { Arena } from "../../src/arena/arena.ts";
import { Attachment } from "../../src/arena/attachment.ts";
import type { ArenaHandle } from "../../src/arena/handle.ts";
import { type ArenaOptions, resolveOptions } from "../../src/arena/options.ts";
import { ArenaSource, handleOf, makeHeap } from "../../src/arena/source.ts";
import type { SlowPath } from "../../src/cache/fast-path.ts";
import type { Heap } from "../../src/heap/heap.ts";
import { type SimulatedPlatform, simulatedPlatform } from "./simulated-platform.ts";

class SimulatedSource extends ArenaSource {
  readonly name = "simulated";
  readonly role = "creator";
  readonly handle: ArenaHandle;

  constructor(readonly heap: Heap) {
    super();
    this.handle = handleOf(heap, this.name);
  }

  join(slowPath: SlowPath): Attachment {
    return new Attachment(this.heap, slowPath);
  }

  occupy(): boolean {
    return true;
  }

  reopen(): void {}

  startEnding(): void {}

  ended(): void {}
}

export interface SimulatedArena {
  readonly arena: Arena;
  readonly platform: SimulatedPlatform;
  readonly heap: Heap;
}

/** Windows of 64 MiB unless told otherwise, so that the buffers stay small. */
export function simulatedArena(options: ArenaOptions = {}, platform = simulatedPlatform()): SimulatedArena {
  const { name: _, ...shape } = resolveOptions({ reserve: 2 ** 26, ...options }, platform.pages.pageSize);
  const heap = makeHeap(platform, shape);
  const arena = new Arena(new SimulatedSource(heap));
  arena.stats();
  return { arena, platform, heap };
}
