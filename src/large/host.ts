/** What large blocks need of the heap that they belong to: its lock, its limit, and where it notes a refusal. */
import type { MemoryBound } from "../core/errors.ts";
import type { SlotNumber } from "../core/types.ts";
import type { Control, Geometry } from "../memory/control.ts";
import type { Held } from "../memory/held.ts";
import type { Platform } from "../platform/platform.ts";
import type { Passage } from "./passage.ts";
import type { LargeTable } from "./table.ts";

/** Why the last allocation failed. */
export interface Refusal {
  bound: MemoryBound;
  /** -errno for "system", else 0. */
  errno: number;
}

export interface LargeHost {
  readonly platform: Platform;
  readonly control: Control;
  readonly geometry: Geometry;
  readonly large: LargeTable;
  readonly passage: Passage;
  readonly refusal: Refusal;
  /** The calling Worker's. */
  readonly slot: SlotNumber | 0;
  /** Whether the last large block came fresh from the system, which zeroes it. */
  servedFresh: boolean;
  enter(): asserts this is Held<LargeHost>;
  leave(this: Held<LargeHost>): void;
  refuse(this: Held<LargeHost>, bound: MemoryBound, errno: number): false;
  repaired(this: Held<LargeHost>, error: unknown, operation: string): unknown;
}
