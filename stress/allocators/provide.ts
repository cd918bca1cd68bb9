/** What the main thread does about the allocator: checks the choice, creates the private arena, ends it. */

import type { StressOptions } from "../command/options.ts";
import { oneOf } from "../command/suggest.ts";
import { UsageError } from "../command/usage-error.ts";
import type { AllocatorChoice } from "./allocator.ts";
import { openForeign } from "./foreign.ts";

export interface ProvidedAllocator {
  readonly choice: AllocatorChoice;
  /** To be called after the last Worker has detached. */
  dispose(): void;
}

/** Refuses a policy, or an option of one, that there is not. */
export async function checkPolicy({ policy }: StressOptions): Promise<void> {
  if (policy === undefined) return;
  const { Arena, policyNames } = await import("../../src/index.ts");
  oneOf("policy", policy.split(":")[0]!, policyNames);
  try {
    new Arena({ policy }).dispose();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(error.message);
  }
}

/** Refuses an allocator whose library is not there. */
export function checkAllocator({ allocator }: StressOptions): void {
  if (allocator === "husky") return;
  try {
    openForeign(allocator);
  } catch (error) {
    const reason = (error as Error).message.split("\n").at(-1);
    throw new UsageError(`--allocator ${allocator} is not installed (${reason})`);
  }
}

/** The allocator for one run. A limit can be set for Husky only. */
export async function provideAllocator(
  options: Pick<StressOptions, "allocator" | "policy" | "checks">,
  limit: number | undefined,
): Promise<ProvidedAllocator> {
  const { allocator, checks } = options;
  if (allocator !== "husky") return { choice: { kind: "foreign", name: allocator }, dispose() {} };
  if (options.policy === undefined && limit === undefined) {
    return { choice: { kind: "heap" }, dispose() {} };
  }
  const { Arena, policyNames } = await import("../../src/index.ts");
  const policy = options.policy ?? policyNames[0]!;
  const arena = new Arena({ name: "stress", policy, checks, ...(limit === undefined ? {} : { limit }) });
  return { choice: { kind: "arena", handle: arena.handle }, dispose: () => arena.dispose() };
}
