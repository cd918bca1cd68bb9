/** What a contender offers to the rows, as one thread sees it. */

/**
 * `Block` is how the contender names a block: a number, or an object. The functions are taken out of the object
 * before a loop begins, so that a row calls just what a program would call.
 */
export interface Calls<Block> {
  malloc(size: number): Block;
  free(block: Block): void;
  calloc(count: number, size: number): Block;
  realloc(block: Block, size: number): Block;
  alignedAlloc(alignment: number, size: number): Block;
  /** Writes every byte of the first `size`. */
  fill(block: Block, size: number): void;
  /** Room for so many blocks. */
  table(length: number): Table<Block>;
}

export interface Table<Block> {
  [index: number]: Block;
}

/** What not every contender can do. */
export type Ability = "calloc" | "realloc" | "alignedAlloc" | "free" | "Workers" | "sharing";

/** What a contender cannot do, and why. */
export type Lacks = Partial<Record<Ability, string>>;

/** In the place of a function that the contender lacks: no row comes here. */
export function absent(): never {
  throw new Error("the contender has no such function");
}
