/** After a death, when nobody works any more: what the dead Worker left is given back, and then nothing may be left. */
import { Fault, hex } from "../oracle/fault.ts";
import type { Counted } from "./crew-orders.ts";
import { type Arena, forgetHeap, type TestBuild } from "./insides.ts";
import type { Ledger } from "./ledger.ts";
import { Doing, Double, ownersOf, type TrialMemory, Word } from "./trial-memory.ts";

/** The survivors have freed what the table lists and have left, except the one that calls this. Ends the arena. */
export function auditArena(build: TestBuild, arena: Arena, ledger: Ledger): Counted {
  const { memory } = ledger;
  verifyReallocation(arena, ledger);
  reclaimAll(arena, memory);
  arena.trim();
  arena.check();
  const stats = arena.stats();
  const { liveBlocks, cachedBlocks, committedBytes, workers } = stats;
  const left = [...arena.blocks()].map(
    ({ pointer, byteLength, owner }) => `${hex(pointer)} (${byteLength}, owner ${owner})`,
  );
  if (liveBlocks !== 0)
    throw new Fault(
      "leak",
      `${liveBlocks} blocks are in use: ${left.join(", ") || "not listed by blocks()"}`,
    );
  if (cachedBlocks !== 0) throw new Fault("leak", `${cachedBlocks} blocks are in caches after trim`);
  if (committedBytes !== 0)
    throw new Fault("memory-kept", `${committedBytes} bytes are committed, and no block is there`);
  if (workers !== 1) throw new Fault("leak", `${workers} Workers are attached, one is left`);
  arena.dispose();
  if (memory.words[Word.usesHeap] === 1) forgetHeap(build);
  return stats;
}

/** Whoever died in a realloc has left the old block or the new one, and the contents in it. */
function verifyReallocation(arena: Arena, ledger: Ledger): void {
  const { doubles } = ledger.memory;
  if (doubles[Double.doing] !== Doing.realloc) return;
  const bytes = doubles[Double.bytes]!;
  const blocks = [...arena.blocks()].filter(({ byteLength }) => byteLength >= bytes);
  if (blocks.some(({ pointer }) => ledger.isContent(pointer, bytes, doubles[Double.tag]!))) return;
  throw new Fault(
    "content",
    `neither the old nor the new block of the realloc of ${hex(doubles[Double.address]!)} is there`,
  );
}

/** Frees the dead Worker's blocks, and the block of somebody else's that it was about to free or reallocate. */
function reclaimAll(arena: Arena, { words, doubles }: TrialMemory): void {
  for (const owner of new Set(ownersOf(words))) arena.reclaim(owner);
  if (doubles[Double.doing] === Doing.nothing) return;
  const address = doubles[Double.address]!;
  for (const { pointer } of arena.blocks()) if (pointer === address) arena.free(pointer);
}
