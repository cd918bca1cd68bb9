/** Every policy, and every option of each away from its default at least once. */
import { policyNames } from "../../src/index.ts";

const WITH_OPTIONS = [
  "unordered:fit=next",
  "unordered:fit=best,merge=deferred",
  "unordered:fit=next,merge=deferred,every=20",
  "unordered:merge=never",
  "unordered:order=address",
  "unordered:fit=next,merge=deferred,order=address",
  "unordered:fit=best,merge=never",
];

export const policyVariants: readonly string[] = [...policyNames, ...WITH_OPTIONS];
