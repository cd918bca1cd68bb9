/** The lecture's five counters, and its report of them. */
import type { Arena } from "../src/index.ts";

export interface HuskyStats {
  readonly pagesMapped: number;
  readonly pagesUnmapped: number;
  readonly chunksAllocated: number;
  readonly chunksFreed: number;
  readonly freeLength: number;
}

const PAGE_BYTES = 4096;

/**
 * The counters of an arena with the policy `husky` (the lecture's `hgetstats`): what the policy counts, and the blocks
 * with a mapping of their own. Throws RangeError for another policy. With caches, blocks count when they go to a cache.
 */
export function huskyStats(arena: Arena): HuskyStats {
  const { policy, policyFigures, mappings, unmappings, mappedBytes, unmappedBytes } = arena.stats();
  if (policy !== "husky") throw new RangeError(`\`arena\` must have the policy husky, it has ${policy}`);
  const {
    pagesMapped = 0,
    pagesUnmapped = 0,
    blocksAllocated = 0,
    blocksFreed = 0,
    freeLength = 0,
  } = policyFigures;
  return {
    pagesMapped: pagesMapped + mappedBytes / PAGE_BYTES,
    pagesUnmapped: pagesUnmapped + unmappedBytes / PAGE_BYTES,
    chunksAllocated: blocksAllocated + mappings,
    chunksFreed: blocksFreed + unmappings,
    freeLength,
  };
}

/** The report (the lecture's `hprintstats`). */
export function huskyReport(arena: Arena): string {
  const stats = huskyStats(arena);
  return [
    "",
    "== husky malloc stats ==",
    `Mapped:   ${stats.pagesMapped}`,
    `Unmapped: ${stats.pagesUnmapped}`,
    `Allocs:   ${stats.chunksAllocated}`,
    `Frees:    ${stats.chunksFreed}`,
    `Freelen:  ${stats.freeLength}`,
  ].join("\n");
}
