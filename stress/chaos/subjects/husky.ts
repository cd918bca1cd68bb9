/** Husky as a subject: the process-wide heap, or an arena. */
import { Arena, ArenaError, heap } from "../../../src/index.ts";
import type { Allocator } from "../../allocators/allocator.ts";
import { allocatorOver, openHeap } from "../../allocators/husky.ts";
import { Fault } from "../../oracle/fault.ts";
import type { InspectedBlock, Subject } from "./subject.ts";

const WINDOW_BYTES = 2 ** 32;

/** What an arena that knows owners has besides. */
interface Owners {
  readonly owner: number;
  blocks(filter: { owner: number }): Iterable<InspectedBlock>;
  reclaim(owner: number): number;
}

const ownersOf = (arena: Arena): Owners | null => ("reclaim" in arena ? (arena as unknown as Owners) : null);

export const openHeapSubject = (): Subject => subjectOver(heap, openHeap());

export const openArenaSubject = (handle: unknown): Subject =>
  arenaSubject(Arena.attach(handle as Arena["handle"]));

export const arenaSubject = (arena: Arena): Subject => subjectOver(arena, allocatorOver(arena));

function subjectOver(arena: Arena, allocator: Allocator): Subject {
  const windowAddress = arena.handle.address;
  return {
    allocator,
    heap: {
      check: () => arena.check(),
      trim: () => arena.trim(),
      blocks: () => arena.blocks(),
      stats: () => arena.stats(),
      windowAddress,
      windowBytes: WINDOW_BYTES,
    },
    owner: ownersOf(arena)?.owner ?? 0,
    freeAll: () => freeAll(arena),
  };
}

/** By owner, as a program would that cleans up after its dead: each owner's list must be freed whole. */
function freeAll(arena: Arena): void {
  const owned = ownersOf(arena);
  const left = [...arena.blocks()];
  if (owned === null) {
    for (const { pointer } of left) arena.free(pointer);
    return;
  }
  for (const owner of new Set(left.map((block) => block.owner))) {
    const listed = [...owned.blocks({ owner })].length;
    const freed = owned.reclaim(owner);
    if (freed !== listed)
      throw new Fault("lost", `owner ${owner} left ${listed} blocks, ${freed} were reclaimed`);
  }
  if (!refuses(owned)) throw new Fault("lost", "reclaim of a living Worker's blocks was not refused");
}

function refuses(owned: Owners): boolean {
  try {
    owned.reclaim(owned.owner);
    return false;
  } catch (error) {
    if (error instanceof ArenaError && error.code === "busy") return true;
    throw error;
  }
}
