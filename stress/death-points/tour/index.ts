/**
 * The tour: what victims do, so that they come past every death point that there is. A victim attaches and goes through
 * one stage, which is the same every time; the survivors hold still until it has stopped.
 */
import type { ArenaHandle, TestBuild } from "../insides.ts";
import type { Ledger } from "../ledger.ts";
import { access } from "./access.ts";
import {
  caches as damagedCaches,
  segments as damagedSegments,
  headers,
  index,
  kept as keptDamaged,
  links,
  lists,
  stale,
} from "./damage.ts";
import {
  adoption,
  contention,
  inheritance,
  leaving,
  reaping,
  rebuild,
  takeover,
  watching,
} from "./deaths.ts";
import { calls, claims, moves, unheld, views } from "./exceptions.ts";
import { Guide } from "./guide.ts";
import { mappings, parking, stock, table } from "./large.ts";
import { blocks, mappedTickets, scopes, viewed } from "./owned.ts";
import {
  claimed,
  creation,
  crowd,
  directory,
  fullWindow,
  growth,
  holes,
  neighbours,
  noCopy,
  shortRun,
  strangers,
  timers,
} from "./private.ts";
import { builders, processHeap } from "./process-heap.ts";
import { argumentsOf, limit, looking, narrow, pointers, system } from "./refusals.ts";
import { alignment, caches, churn, flushes, gifts, idle, kept, places, ready, windows } from "./small.ts";

import {
  collecting,
  copies,
  exactness,
  handover,
  idleSpans,
  orphans,
  recovery,
  refusedSpans,
  resetSpans,
  returning,
  secondWindow,
  segments,
  shared,
} from "./spans.ts";

type Act = (guide: Guide) => void | Promise<void>;

export interface Stage {
  readonly name: string;
  /** Of the survivors' arena, and of the victim's own. */
  readonly policy: string;
  readonly act: Act;
}

/** Once, with the policy that most arenas have. */
const acts: readonly Act[] = [
  caches,
  kept,
  flushes,
  // Before others with large blocks: here collisions in their table are certain.
  table,
  gifts,
  ready,
  places,
  alignment,
  mappings,
  stock,
  parking,
  looking,
  limit,
  narrow,
  windows,
  idle,
  pointers,
  argumentsOf,
  system,
  contention,
  adoption,
  takeover,
  reaping,
  watching,
  inheritance,
  leaving,
  creation,
  fullWindow,
  growth,
  holes,
  shortRun,
  noCopy,
  directory,
  crowd,
  strangers,
  claimed,
  timers,
  links,
  index,
  damagedCaches,
  keptDamaged,
  lists,
  stale,
  headers,
  moves,
  calls,
  claims,
  views,
  unheld,
  segments,
  idleSpans,
  collecting,
  handover,
  orphans,
  exactness,
  returning,
  recovery,
  secondWindow,
  resetSpans,
  refusedSpans,
  copies,
  shared,
  damagedSegments,
  access,
  blocks,
  mappedTickets,
  scopes,
  viewed,
  processHeap,
  builders,
];

/** With every other policy: what fills, empties, merges and rebuilds its index. */
const policyActs: readonly Act[] = [
  caches,
  flushes,
  gifts,
  places,
  alignment,
  windows,
  churn,
  idle,
  looking,
  takeover,
  rebuild,
  neighbours,
];
/** With each of them whose blocks are as large as segments: what comes, goes and is rebuilt beside blocks with headers. */
const spanActs: readonly Act[] = [segments, orphans, recovery];
const spanless: readonly string[] = ["husky", "slabs"];
const policies: readonly string[] = [
  "husky",
  "unordered",
  "unordered:fit=best,merge=never",
  "unordered:fit=next,merge=deferred,every=4,order=address",
  "tree",
  "buddy",
  "slabs",
];
/** Whose links stand where those of `bins` do. */
const linked: readonly string[] = ["unordered", "unordered:fit=best", "tree"];

const withPolicy =
  (policy: string) =>
  (act: Act): Stage => ({ name: `${act.name} with ${policy}`, policy, act });

export const stages: readonly Stage[] = [
  ...acts.map((act) => ({ name: act.name, policy: "bins", act })),
  ...policies.flatMap((policy) => policyActs.map(withPolicy(policy))),
  ...policies
    .filter((policy) => !spanless.includes(policy))
    .flatMap((policy) => spanActs.map(withPolicy(policy))),
  ...linked.map((policy) => withPolicy(policy)(links)),
];

export async function tour(
  build: TestBuild,
  handle: ArenaHandle,
  ledger: Ledger,
  stage: number,
): Promise<void> {
  const { act, policy } = stages[stage]!;
  const guide = new Guide(build, build.Arena.attach(handle), ledger, policy);
  guide.publishOwner();
  await act(guide);
}
