/**
 * An arena on the real system with trouble in between: a page source that refuses calls, or stops for seconds in one.
 * Most calls are made under the arena's lock, so a Worker that stops in one of them stops with the lock held.
 *
 * The only file of the stress runner that builds an arena from its parts: where its pages come from is no option of the
 * public class.
 */
import { nativePlatform } from "../../../native/index.ts";
import { Arena } from "../../../src/api/arena.ts";
import { type ArenaOptions, resolveOptions } from "../../../src/api/options.ts";
import type { Address } from "../../../src/core/types.ts";
import type { Platform } from "../../../src/platform/platform.ts";
import { makeHeap, openHeap } from "../../../src/registry/source.ts";
import { arenaSubject } from "./husky.ts";
import type { Subject } from "./subject.ts";
import { type Trouble, TroubledPages, TroubledThreads } from "./trouble.ts";
import { UnlistedSource } from "./unlisted-source.ts";

export interface TroubledChoice {
  readonly kind: "troubled";
  /** Of the arena's first window. */
  readonly address: number;
  readonly trouble: Trouble;
}

/** Makes the arena; this Worker is not attached to it yet. Throws OutOfMemoryError if that is refused. */
export function createTroubled(options: ArenaOptions, trouble: Trouble): Arena {
  const platform = platformWith(trouble);
  const { name: _, ...shape } = resolveOptions(options, platform.pages.pageSize);
  return new Arena(new UnlistedSource(makeHeap(platform, shape), "troubled", "creator"));
}

export function attachTroubled({ address, trouble }: TroubledChoice): Arena {
  const heap = openHeap(platformWith(trouble), address as Address);
  return new Arena(new UnlistedSource(heap, "troubled", "creator"));
}

export const openTroubled = (choice: TroubledChoice): Subject => arenaSubject(attachTroubled(choice));

function platformWith(trouble: Trouble): Platform {
  const { pages, threads } = nativePlatform();
  return { pages: new TroubledPages(pages, trouble), threads: new TroubledThreads(threads, trouble) };
}
