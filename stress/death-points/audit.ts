/**
 * After a death, when nobody works any more: every block is listed as whose it is; then what the dead Worker left is given
 * back, and nothing may be left.
 */
import { Fault, hex } from "../oracle/fault.ts";
import type { Counted } from "./crew-orders.ts";
import { type Arena, forgetHeap, type TestBuild } from "./insides.ts";
import type { Ledger } from "./ledger.ts";
import { Doing, Double, ownersOf, TOUR, type TrialMemory, Word } from "./trial-memory.ts";

/**
 * The table's blocks are in use, the dead Worker's as its own. Whose blocks are in use and not in the table is the dead one's,
 * which may have been about to say so.
 */
export function auditList(arena: Arena, { memory }: Ledger): void {
  const { doubles, words } = memory;
  const { address } = memory.blocks;
  const dead = new Set(ownersOf(words));
  const listed = new Map<number, number>();
  for (const { pointer, owner } of arena.blocks()) listed.set(pointer, owner);
  for (let number = 0; number < address.length; number++) {
    const pointer = address[number]!;
    if (pointer === 0) continue;
    const owner = listed.get(pointer);
    if (owner === undefined) throw new Fault("lost", `block ${hex(pointer)} is not listed by blocks()`);
    const isDeads = number >= TOUR.first && number < TOUR.first + TOUR.count;
    if (isDeads && !dead.has(owner))
      throw new Fault("lost", `block ${hex(pointer)} of the dead Worker is listed as owner ${owner}'s`);
    listed.delete(pointer);
  }
  for (const [pointer, owner] of listed) {
    if (dead.has(owner) || pointer === doubles[Double.address]) continue;
    throw new Fault("leak", `block ${hex(pointer)}, which nobody has, is listed as owner ${owner}'s`);
  }
}

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
