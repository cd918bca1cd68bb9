/** Opens the chosen allocator in the calling Worker. Husky is imported only where it is chosen. */
import type { Allocator, AllocatorChoice } from "./allocator.ts";
import { openFaulty } from "./faulty.ts";
import { openForeign } from "./foreign.ts";
import { openStandIn } from "./stand-in.ts";
import { openWasteful } from "./wasteful.ts";

export async function openAllocator(choice: AllocatorChoice, worker: number): Promise<Allocator> {
  switch (choice.kind) {
    case "foreign":
      return openForeign(choice.name);
    case "heap":
      return (await import("./husky.ts")).openHeap();
    case "arena":
      return (await import("./husky.ts")).openArena(choice.handle);
    case "wasteful":
      return openWasteful(choice.plant);
    case "stand-in":
      return openStandIn(choice);
    case "faulty":
      return openFaulty(choice.plant, choice.memory, worker);
  }
}
