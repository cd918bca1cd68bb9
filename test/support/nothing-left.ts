import { expect } from "bun:test";
import type { Arena } from "../../src/index.ts";

/** After all was freed and trimmed the arena holds no block and no memory. */
export function expectNothingLeft(arena: Arena): void {
  const { liveBlocks, cachedBlocks, freeBlocks, committedBytes } = arena.stats();
  expect({ liveBlocks, cachedBlocks, freeBlocks, committedBytes }).toEqual({
    liveBlocks: 0,
    cachedBlocks: 0,
    freeBlocks: 0,
    committedBytes: 0,
  });
}
