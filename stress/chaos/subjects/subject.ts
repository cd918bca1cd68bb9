/** What a chaos mode torments: an allocator that can also be looked into. */
import type { Allocator, AllocatorChoice } from "../../allocators/allocator.ts";
import type { ReferenceChoice } from "./reference.ts";
import type { TroubledChoice } from "./troubled.ts";

/** How a Worker gets at it; structured-cloneable. */
export type SubjectChoice = AllocatorChoice | TroubledChoice | ReferenceChoice;

export interface Subject {
  readonly allocator: Allocator;
  readonly heap: InspectedHeap;
  /** The calling Worker's owner id, which no other Worker ever has; 0 = the heap does not tell. */
  readonly owner: number;
  /** Frees every block, whoever left it. Nobody works any more. */
  freeAll(): void;
}

export interface InspectedHeap {
  /** Throws at the first broken invariant. */
  check(): void;
  trim(): number;
  /** In use now. */
  blocks(): Iterable<InspectedBlock>;
  stats(): HeapFigures;
  /** Where the heap's memory lies, 0 = not in a range of its own. */
  readonly windowAddress: number;
  readonly windowBytes: number;
}

export interface InspectedBlock {
  readonly pointer: number;
  readonly byteLength: number;
  readonly owner: number;
}

export interface HeapFigures {
  readonly liveBlocks: number;
  readonly cachedBlocks: number;
  /** Attached and alive; null = the heap does not tell. */
  readonly workers: number | null;
  readonly committedBytes: number;
  /** Of blocks with a mapping of their own. */
  readonly largeBytes: number;
  readonly takeovers: number;
  readonly rebuilds: number;
  readonly adoptions: number;
  /** Blocks that were found damaged. */
  readonly damaged: number;
}
