/** Husky as a subject: the process-wide heap, or an arena. */
import { Arena, ArenaError, heap } from "../../../src/index.ts";
import type { Allocator } from "../../allocators/allocator.ts";
import { allocatorOver, openHeap } from "../../allocators/husky.ts";
import { Fault } from "../../oracle/fault.ts";
import type { Subject } from "./subject.ts";

const WINDOW_BYTES = 2 ** 32;

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
    owner: arena.owner,
    freeAll: () => freeAll(arena),
  };
}

/** An owner that has gone and is not known any more. */
const FORGOTTEN = 0;

/** By owner, as a program would that cleans up after its dead: each owner's list must be freed whole. */
function freeAll(arena: Arena): void {
  for (const { pointer } of arena.blocks({ owner: FORGOTTEN })) arena.free(pointer);
  for (const owner of new Set([...arena.blocks()].map((block) => block.owner))) {
    const listed = [...arena.blocks({ owner })].length;
    const freed = arena.reclaim(owner);
    if (freed !== listed)
      throw new Fault("lost", `owner ${owner} left ${listed} blocks, ${freed} were reclaimed`);
  }
  if (!refusesLiving(arena)) throw new Fault("lost", "reclaim of a living Worker's blocks was not refused");
}

function refusesLiving(arena: Arena): boolean {
  try {
    arena.reclaim(arena.owner);
    return false;
  } catch (error) {
    if (error instanceof ArenaError && error.code === "busy") return true;
    throw error;
  }
}
