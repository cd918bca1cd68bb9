import type { ForeignName } from "./foreign.ts";
import type { StandInChoice } from "./stand-in.ts";
import type { WastefulPlant } from "./wasteful.ts";

/** An allocator under test, as one Worker sees it. Addresses are numbers; C rules. */
export interface Allocator {
  /** Returns 0, or throws, when it refuses. So do the next three. */
  malloc(size: number): number;
  calloc(count: number, size: number): number;
  alignedAlloc(alignment: number, size: number): number;
  /** `address` 0 stands for null. A new size of 0 gives an empty block, as `malloc(0)` does, and frees nothing. */
  realloc(address: number, size: number): number;
  /** `address` 0 stands for null. */
  free(address: number): void;
  usableSize(address: number): number;
  /** The calling Worker ends: what it had cached for itself goes back. */
  detach(): void;
  /**
   * Gives free memory back to the system, checks the whole heap and tells what is left. Called while no workload
   * runs. Returns null where the allocator cannot tell.
   */
  audit(): Audit | null;
}

export interface Audit {
  readonly liveBlocks: number;
  readonly liveBytes: number;
  readonly committedBytes: number;
  readonly peakCommittedBytes: number;
  /** What the kernel counts of the memory that blocks come from; null = it does not tell. */
  readonly residentBytes: number | null;
}

/** How a Worker gets at the allocator; structured-cloneable. */
export type AllocatorChoice =
  /** A C allocator through FFI, by its name in foreign.ts. */
  | { readonly kind: "foreign"; readonly name: ForeignName }
  /** The public functions, on the process-wide heap. */
  | { readonly kind: "heap" }
  /** A private arena, by its handle. */
  | { readonly kind: "arena"; readonly handle: unknown }
  /** The process-wide heap, and something beside it that keeps memory. */
  | { readonly kind: "wasteful"; readonly plant: WastefulPlant }
  | StandInChoice
  /** libc with a planted fault; `memory` is shared by all Workers of a run. */
  | { readonly kind: "faulty"; readonly plant: string; readonly memory: SharedArrayBuffer };
