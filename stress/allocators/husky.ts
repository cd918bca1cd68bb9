/** Husky behind the interface of the workloads: the process-wide heap, or a private arena. */
import { residentBytesIn } from "../../native/mappings.ts";
import {
  Arena,
  alignedAlloc,
  calloc,
  free,
  heap,
  malloc,
  type Pointer,
  realloc,
  usableSize,
} from "../../src/index.ts";
import type { Allocator, Audit } from "./allocator.ts";

/** 0 stands for null in the workloads' tables of addresses. */
const orNull = (address: number): Pointer | null => (address === 0 ? null : (address as Pointer));

/** The public functions, as a program would call them. */
export function openHeap(): Allocator {
  return {
    malloc,
    calloc,
    alignedAlloc,
    realloc: (address, size) => realloc(orNull(address), size),
    free: (address) => free(orNull(address)),
    usableSize: (address) => usableSize(address as Pointer),
    detach: () => heap.detach(),
    audit: () => auditOf(heap),
  };
}

export const openArena = (handle: unknown): Allocator =>
  allocatorOver(Arena.attach(handle as Arena["handle"]));

export function allocatorOver(arena: Arena): Allocator {
  return {
    malloc: (size) => arena.malloc(size),
    calloc: (count, size) => arena.calloc(count, size),
    alignedAlloc: (alignment, size) => arena.alignedAlloc(alignment, size),
    realloc: (address, size) => arena.realloc(orNull(address), size),
    free: (address) => arena.free(orNull(address)),
    usableSize: (address) => arena.usableSize(address as Pointer),
    detach: () => arena.detach(),
    audit: () => auditOf(arena),
  };
}

function auditOf(arena: Arena): Audit {
  arena.trim();
  arena.check();
  const { liveBlocks, liveBytes, committedBytes, peakCommittedBytes, reservedBytes, windows } = arena.stats();
  const residentBytes = windowResidentBytes(arena, reservedBytes / windows);
  return { liveBlocks, liveBytes, committedBytes, peakCommittedBytes, residentBytes };
}

/** Of the first window, the one whose address is public; no other is opened as long as it has room. */
const windowResidentBytes = (arena: Arena, windowBytes: number): number | null =>
  process.platform === "linux" ? residentBytesIn(arena.handle.address, windowBytes) : null;
