/** How much a Worker's cache in one window may hold. Nobody else can use or return that while the Worker lives. */
import { classGranules, GRANULE_BYTES, granulesFor } from "../core/size-classes.ts";
import { CACHE_CLASS_MOST, KEPT_SHARE, STASH_LISTS, STASH_SHARE_BYTES } from "../core/tunables.ts";
import type { Geometry } from "../heap/control.ts";

type Shape = Pick<Geometry, "workerCache" | "purgeDelayMs" | "limitBytes" | "largeThresholdBytes">;

/** Blocks of a class that fit into so many bytes, but at least one and no more than a list may ever hold. */
export function blocksIn(cls: number, byteLength: number): number {
  const count = Math.floor(byteLength / (classGranules[cls]! * GRANULE_BYTES));
  return Math.max(Math.min(count, CACHE_CLASS_MOST), 1);
}

/** Full lists of a class that a Worker puts aside: none where nothing may lie idle. */
export function stashLists({ purgeDelayMs, limitBytes }: Shape): number {
  return purgeDelayMs === 0 ? 0 : Math.min(STASH_LISTS, Math.floor(limitBytes / STASH_SHARE_BYTES));
}

/** Granules of the largest block that a Worker keeps: none where every request takes the lock, or nothing may lie idle. */
export function keptGranules({ workerCache, purgeDelayMs, largeThresholdBytes, limitBytes }: Shape): number {
  if (!workerCache || purgeDelayMs === 0) return 0;
  return granulesFor(Math.min(largeThresholdBytes, Math.floor(limitBytes / KEPT_SHARE)));
}
