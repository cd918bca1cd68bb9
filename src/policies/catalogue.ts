/** Every policy there is, by name. The order is part of the control block: append only. */
import { bins } from "./bins.ts";
import type { PolicyMaker } from "./policy.ts";

export const policies: readonly PolicyMaker[] = [bins];

export const policyNames: readonly string[] = policies.map((policy) => policy.name);

export const DEFAULT_POLICY = "bins";
