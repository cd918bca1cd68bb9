/** The messages between the main thread and its Workers. */
import type { AllocatorChoice, Audit } from "../allocators/allocator.ts";
import type { FaultKind } from "../oracle/fault.ts";
import type { PatternMemory } from "../oracle/pattern.ts";
import type { ShadowMemory } from "../oracle/shadow.ts";

/** Memory of the oracle, the same for all workloads of a command; null = no oracle, the bench build. */
export interface OracleMemory {
  readonly shadow: ShadowMemory;
  readonly pattern: PatternMemory;
}

export interface Assignment {
  readonly workload: string;
  readonly worker: number;
  readonly workers: number;
  readonly seats: number;
  /** 0 for the first Worker of a seat; a successor starts at once. */
  readonly generation: number;
  readonly seed: number;
  readonly control: SharedArrayBuffer;
  readonly oracle: OracleMemory | null;
  readonly allocator: AllocatorChoice;
  /** What the workload's `prepare` returned. */
  readonly shared: unknown;
}

export interface FaultReport {
  readonly kind: FaultKind;
  readonly message: string;
}

export type WorkerReport =
  | { readonly type: "finished" }
  | { readonly type: "succeed" }
  | { readonly type: "audit"; readonly audit: Audit | null }
  | { readonly type: "fault"; readonly fault: FaultReport };
