/** Who takes part: an allocator, and the way to it. */
import type { Floor } from "../../native/floor.ts";
import type { ArenaHandle } from "../../src/index.ts";
import type { Calls, Lacks } from "./calls.ts";

/** `ffi`: one call of C each. `native`: the loop itself in C. `empty`: allocates nothing. */
export type Kind = "husky" | "ffi" | "javascript" | "native" | "empty";

export interface Contender {
  readonly name: string;
  readonly kind: Kind;
  readonly lacks: Lacks;
  /** For LD_PRELOAD. */
  readonly preload?: string;
  /** Its version; throws if it cannot be used here. In a process with `preload`. */
  version(): string;
  open(files: Files, handle?: ArenaHandle): Promise<Opened>;
}

/** A contender in one thread. */
export type Opened =
  | { readonly calls: Calls<unknown> /** For the other Workers. */; readonly handle?: ArenaHandle }
  | { readonly floor: Floor };

/** What the parent process made for its children. */
export interface Files {
  /** The compiled native/floor.c, or why there is none. */
  readonly floor: { readonly path: string } | { readonly missing: string };
  /** Husky of another revision. */
  readonly against?: { readonly revision: string; readonly index: string };
}
