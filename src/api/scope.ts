/** A scope: all that was allocated through it and is still there is freed at its end, the last first. */
import type { Pointer } from "../core/types.ts";
import type { AllocateOptions, Block } from "./block.ts";
import type { RawAllocator } from "./raw-allocator.ts";

/** What a scope asks of its arena. */
export interface ScopeOwner extends RawAllocator {
  allocate(byteLength: number, options?: AllocateOptions): Block;
}

/**
 * `using scope = arena.scope()`. Scopes may be nested, and end in any order. It belongs to the Worker that made it. A pointer must
 * be freed by the scope that it was allocated through, or by nobody; a Block may be disposed or handed over at any time.
 */
export class Scope implements Disposable {
  private declare readonly owner: ScopeOwner;
  private declare readonly pointers: Set<number>;
  private declare readonly blocks: Set<Block>;
  private declare readonly resets: { readonly generation: number };
  private declare generation: number;

  /** @internal */
  constructor(owner: ScopeOwner, resets: { readonly generation: number }) {
    this.owner = owner;
    this.resets = resets;
    this.generation = resets.generation;
    this.pointers = new Set();
    this.blocks = new Set();
  }

  /** As the arena's. */
  malloc(size: number): Pointer {
    return this.keep(this.owner.malloc(size));
  }

  /** As the arena's. */
  calloc(count: number, size: number): Pointer {
    return this.keep(this.owner.calloc(count, size));
  }

  /** As the arena's, of a pointer of this scope or null. */
  realloc(pointer: Pointer | number | null, size: number): Pointer {
    const moved = this.owner.realloc(pointer, size);
    if (pointer !== null && moved !== pointer) this.pointers.delete(pointer);
    return this.keep(moved);
  }

  /** As the arena's. */
  alignedAlloc(alignment: number, size: number): Pointer {
    return this.keep(this.owner.alignedAlloc(alignment, size));
  }

  /** As the arena's. */
  cstring(text: string): Pointer {
    return this.keep(this.owner.cstring(text));
  }

  /** As the arena's: a Block that is disposed at the end of the scope, unless it was before. */
  allocate(byteLength: number, options?: AllocateOptions): Block {
    const block = this.owner.allocate(byteLength, options);
    this.blocks.add(block);
    return block;
  }

  /** As the arena's: earlier than at the end of the scope. */
  free(pointer: Pointer | number | null): void {
    this.owner.free(pointer);
    if (pointer !== null) this.pointers.delete(pointer);
  }

  /** Frees all. Goes on if one cannot be freed, and throws the first error in the end. The second time nothing happens. */
  dispose(): void {
    const errors: unknown[] = [];
    const attempt = (act: () => void) => {
      try {
        act();
      } catch (error) {
        errors.push(error);
      }
    };
    this.forgetIfReset();
    for (const block of [...this.blocks].reverse()) attempt(() => block.dispose());
    for (const pointer of [...this.pointers].reverse()) attempt(() => this.owner.free(pointer));
    this.blocks.clear();
    this.pointers.clear();
    if (errors.length > 0) throw errors[0];
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What was allocated before the arena's `reset` is gone. */
  private forgetIfReset(): void {
    if (this.generation === this.resets.generation) return;
    this.generation = this.resets.generation;
    this.pointers.clear();
  }

  private keep(pointer: Pointer): Pointer {
    this.forgetIfReset();
    this.pointers.add(pointer);
    return pointer;
  }
}
