/** A policy on one window of simulated pages, driven as the heap drives it. */

import type { Address, WordIndex } from "../../src/core/types.ts";
import { PREVIOUS_FREE } from "../../src/memory/header.ts";
import { WindowWord } from "../../src/memory/layout.ts";
import { BlockSpace } from "../../src/memory/space.ts";
import { TouchedPages } from "../../src/memory/touched.ts";
import { Window } from "../../src/memory/window.ts";
import { policies } from "../../src/policies/catalogue.ts";
import type { Policy } from "../../src/policies/policy.ts";
import { parsePolicy } from "../../src/policies/policy-options.ts";
import { simulatedPlatform } from "../support/simulated-platform.ts";

const IN_USE = 1;

export interface Bench {
  readonly space: BlockSpace;
  readonly policy: Policy;
  /** Largest request in bytes that is the policy's. */
  readonly largestBytes: number;
  /** A block in use, or 0. `alignment` in bytes, 0 = any. */
  take(granules: number, alignment?: number): WordIndex | 0;
  give(block: WordIndex): void;
}

export function bench(text: string, byteLength = 2 ** 24): Bench {
  const { pages } = simulatedPlatform();
  const base = pages.reserve(byteLength, (2 ** 36) as Address) as Address;
  const window = Window.create(pages, base, byteLength, 0) as Window;
  const touched = new TouchedPages(window, pages.pageSize, () => {});
  const space = new BlockSpace(window, 0x1234567, touched, (_from, end) => {
    if (end > window.wordLimit || window.makeAccessible(end) < 0) return false;
    window.words[WindowWord.high] = Math.max(window.words[WindowWord.high]!, end);
    return true;
  });
  const { policy: number, choice } = parsePolicy(policies, text);
  const maker = policies[number]!;
  const policy = maker.create(space, choice);
  return {
    space,
    policy,
    largestBytes: maker.largestBytes(byteLength),
    take(granules, alignment = 0) {
      const block =
        alignment === 0 ? policy.allocate(granules, granules) : policy.allocateAligned(granules, alignment);
      if (block !== 0) space.words[block - 1]! |= IN_USE;
      return block;
    },
    give: (block) => policy.free(block),
  };
}

/** Files all free memory anew from the header chain, as recovery does. */
export function rebuild({ space, policy }: Bench): void {
  const { words } = space;
  policy.reset();
  words[WindowWord.lastFree] = 0;
  const top = space.top;
  let run = 0 as WordIndex | 0;
  for (let block = space.first; block < top; ) {
    const behind = space.next(block);
    words[block - 2] = words[block - 2]! & ~PREVIOUS_FREE;
    if (!space.isFree(block)) {
      if (run !== 0) policy.free(run);
      run = 0;
    } else if (run === 0) run = block;
    else space.absorb(run, block);
    block = behind;
  }
  if (run !== 0) policy.free(run);
}

export interface Chain {
  readonly free: number;
  readonly used: number;
  readonly freeGranules: number;
}

/** Walks the chain and the index. Throws at the first thing that is wrong with either. */
export function inspect({ space, policy }: Bench): Chain {
  const { words } = space;
  const free = new Set<number>();
  let freeGranules = 0;
  let used = 0;
  let previousFree = false;
  let block = space.first;
  for (; block < space.top; block = space.next(block)) {
    if (!space.isIntact(block)) throw new Error(`damaged header at ${block}`);
    if (((words[block - 2]! & PREVIOUS_FREE) !== 0) !== previousFree)
      throw new Error(`wrong bit at ${block}`);
    previousFree = space.isFree(block);
    if (previousFree) {
      free.add(block);
      freeGranules += space.granules(block);
      if (words[space.next(block) - 3] !== space.granules(block)) throw new Error(`wrong footer at ${block}`);
    } else used++;
  }
  if (block !== space.top) throw new Error(`the chain ends at ${block}, not at ${space.top}`);
  if ((words[WindowWord.lastFree] !== 0) !== previousFree) throw new Error("wrong bit at the end");
  const filed: number[] = [];
  policy.forEachFree(0, (found) => filed.push(found));
  if (filed.length !== free.size || !filed.every((found) => free.has(found))) {
    throw new Error(`free: ${[...free]}; filed: ${filed}`);
  }
  return { free: free.size, used, freeGranules };
}
