/** Every policy there is, by name. The order is part of the control block: append only. */
import { bins } from "./bins.ts";
import { buddy } from "./buddy.ts";
import { husky } from "./husky.ts";
import type { PolicyMaker } from "./policy.ts";
import { slabs } from "./slabs.ts";
import { tree } from "./tree.ts";
import { unordered } from "./unordered.ts";

export const policies: readonly PolicyMaker[] = [bins, husky, unordered, tree, buddy, slabs];

/** What `ArenaOptions.policy` may name. */
export const policyNames: readonly string[] = policies.map((policy) => policy.name);

export const DEFAULT_POLICY = "bins";
