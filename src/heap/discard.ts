/** Freeing everything at once: `reset` keeps the arena, `unmapAll` ends it. Nobody else may be attached. */
import { SLOTS } from "../core/tunables.ts";
import type { Address } from "../core/types.ts";
import { CACHE_AREA, CACHE_WORDS, ControlDouble, WindowWord } from "../memory/layout.ts";
import type { Heap } from "./heap.ts";

/** Frees every block. Memory stays with the arena until it is trimmed. Under the lock. */
export function discardBlocks(heap: Heap): void {
  unmapLargeBlocks(heap);
  for (const { space, policy } of heap.windows) {
    space.words.fill(0, CACHE_AREA, CACHE_AREA + SLOTS * CACHE_WORDS);
    policy.reset();
    space.words[WindowWord.lastFree] = 0;
    space.words[WindowWord.top] = space.first;
  }
  heap.control.doubles[ControlDouble.takenBlocks] = 0;
  heap.control.doubles[ControlDouble.takenBytes] = 0;
  for (const { slot, owner } of heap.slots.dead()) heap.slots.vacate(slot, owner);
}

/** Ends all mappings of the arena. The heap and everything that looks at it must not be used afterwards. */
export function unmapAll(heap: Heap): void {
  const { pages } = heap.platform;
  heap.refresh();
  unmapLargeBlocks(heap);
  heap.large.dispose();
  // The first window, with the control block, goes last.
  for (const { window } of heap.windows.reverse()) pages.unmap(window.base, window.byteLength);
}

function unmapLargeBlocks(heap: Heap): void {
  for (const block of [...heap.large.entries()]) {
    heap.large.remove(block);
    heap.control.add(ControlDouble.committed, -block.mappedBytes);
    heap.control.add(ControlDouble.unmappings, 1);
    heap.control.add(ControlDouble.unmappedBytes, block.mappedBytes);
    heap.platform.pages.unmap((block.address - block.offset) as Address, block.mappedBytes);
  }
}
