/** Husky in a process that keeps memory, to see that a session finds it. */
import { fillMemory } from "../../native/raw-memory.ts";
import { systemMalloc } from "../../native/system-malloc.ts";
import type { Allocator } from "./allocator.ts";

export const wastefulPlants = {
  keeps: "8 MiB that the heap has given back are resident in it again",
  hoards: "each Worker leaves 8 MiB in libc",
} as const;

export type WastefulPlant = keyof typeof wastefulPlants;

const KEPT_BYTES = 2 ** 23;
/** Small enough to have no mapping of its own. */
const BLOCK_BYTES = 2 ** 16;

export async function openWasteful(plant: WastefulPlant): Promise<Allocator> {
  const allocator = (await import("./husky.ts")).openHeap();
  if (plant === "hoards") {
    fillMemory(systemMalloc().malloc(KEPT_BYTES), 1, KEPT_BYTES);
    return allocator;
  }
  const { heap } = await import("../../src/index.ts");
  /** With zeros, which the heap relies on in memory that it has given back: its own books stay right. */
  const touchFreed = () => {
    const blocks = Array.from({ length: KEPT_BYTES / BLOCK_BYTES }, () => heap.malloc(BLOCK_BYTES));
    for (const block of blocks) heap.free(block);
    heap.trim();
    for (const block of blocks) fillMemory(block, 0, BLOCK_BYTES);
  };
  return {
    ...allocator,
    audit() {
      touchFreed();
      return allocator.audit();
    },
  };
}
