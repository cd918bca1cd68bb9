/** Messages between the main thread and the Workers of a trial. */
import type { FaultReport } from "../crew/assignment.ts";
import type { ArenaHandle } from "./insides.ts";
import type { TrialMemory } from "./trial-memory.ts";

/** The first message to each Worker. */
export interface Load {
  readonly do: "load";
  /** The test build. */
  readonly library: string;
  readonly memory: TrialMemory;
  readonly seat: number;
  /** The point at which a survivor holds the lock for a while, when it is asked to. */
  readonly holdPoint: number;
}

export type Order =
  | Load
  /** Makes the arena, or attaches to it, and allocates. Answer: its handle. */
  | Prepare
  /** Works from the moment the victim has stopped until the crew is to rest. */
  | { readonly do: "work" }
  /** Attaches to an arena that a Worker has died in, works, leaves. */
  | { readonly do: "visit"; readonly handle: ArenaHandle; readonly seed: number }
  /** Looks whether all blocks are listed. */
  | { readonly do: "list" }
  /** Verifies and frees every n-th block of the table; then leaves, except the first. */
  | { readonly do: "clear"; readonly survivors: number }
  /** Looks for what was lost; ends the arena. Answer: what the arena counted. */
  | { readonly do: "audit" }
  | Tour;

export interface Prepare {
  readonly do: "prepare";
  readonly handle: ArenaHandle | undefined;
  readonly policy: string;
  readonly seed: number;
  readonly survivors: number;
}

/** For the victim. */
export interface Tour {
  readonly do: "tour";
  readonly handle: ArenaHandle;
  readonly stage: number;
  /** 0: it goes the whole way. */
  readonly point: number;
  readonly visit: number;
  /** All visits are counted there. */
  readonly visits: Int32Array | undefined;
}

export interface Counted {
  readonly takeovers: number;
  readonly rebuilds: number;
  readonly adoptions: number;
}

export type Answer =
  | { readonly type: "done" }
  | { readonly type: "arena"; readonly handle: ArenaHandle }
  | { readonly type: "audit"; readonly counted: Counted }
  | { readonly type: "fault"; readonly fault: FaultReport };
