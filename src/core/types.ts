/**
 * Branded numbers. They cost nothing at run time and keep units apart at compile time; the only conversions
 * between them are in `memory/header.ts` and `memory/window.ts`.
 */

declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

/** A machine address: a safe integer, 0 = none. */
export type Address = Branded<"Address">;

/** An address handed to the user: the first payload byte. Assignable to the `Pointer` of `bun:ffi`. */
export type Pointer = number & { __pointer__: null };

/** Index of a 32-bit word in the window's view. A block is named by the word index of its payload. */
export type WordIndex = Branded<"WordIndex">;

/** A count of 16-byte granules. */
export type Granules = Branded<"Granules">;

/** Number of a Worker's slot in the control block, 1 to `SLOTS`; 0 = nobody. */
export type SlotNumber = Branded<"SlotNumber">;

/** Number of the kernel thread that runs a Worker. */
export type ThreadId = Branded<"ThreadId">;
