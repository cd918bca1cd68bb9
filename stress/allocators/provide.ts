/** What the main thread does about the allocator: checks the choice, creates the private arena, ends it. */

import type { StressOptions } from "../command/options.ts";
import { oneOf } from "../command/suggest.ts";
import { UsageError } from "../command/usage-error.ts";
import type { AllocatorChoice } from "./allocator.ts";

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

/** The heap of the options, or, for the warm-up, one that leaves nothing behind. */
export type HeapKind = "chosen" | "private";

/** The allocator for one run. */
export async function provideAllocator(options: StressOptions, heap: HeapKind): Promise<ProvidedAllocator> {
  if (options.allocator === "libc") return { choice: { kind: "libc" }, dispose() {} };
  if (options.policy === undefined && heap === "chosen") return { choice: { kind: "heap" }, dispose() {} };
  const { Arena, policyNames } = await import("../../src/index.ts");
  const policy = options.policy ?? policyNames[0]!;
  const arena = new Arena({ name: "stress", policy, checks: options.checks });
  return { choice: { kind: "arena", handle: arena.handle }, dispose: () => arena.dispose() };
}
