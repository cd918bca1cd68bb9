/** A private arena that is going to be damaged. */
import { type Arena, attachmentOf, type Cache, partsOf } from "../insides.ts";
import type { Guide } from "./guide.ts";
import { privateArena } from "./private.ts";

/** Bytes that a Worker keeps here, and bytes of the largest block of them. */
const KEPT_MOST = 2 ** 16;
const LIMIT = KEPT_MOST * 64;

/** An arena with blocks side by side, and hands to damage it. */
export class Scene {
  readonly arena: Arena;

  constructor(private readonly guide: Guide) {
    this.arena = privateArena(guide, { limit: LIMIT });
  }

  /** Blocks in a row. */
  row(...sizes: number[]): number[] {
    return sizes.map((size) => this.arena.malloc(size));
  }

  /** This Worker may keep no more: when it frees the next block, a part of them goes back. */
  fillKept(spare: readonly number[]): void {
    const kept = attachmentOf(this.arena).caches[0]!.entries + this.guide.build.CacheWord.kept;
    for (const block of spare) if (this.words[kept]! * 16 < KEPT_MOST) this.arena.free(block);
    if (this.words[kept]! * 16 < KEPT_MOST) throw new Error("more may be kept");
  }

  /** Frees a block into the index, where it is not kept. */
  file(pointer: number): void {
    this.arena.free(pointer);
    attachmentOf(this.arena).purgeTimer.look(0);
  }

  overwrite(pointer: number, offset: number, value: number): void {
    this.words[this.indexOf(pointer) + offset] = value;
  }

  indexOf(pointer: number): number {
    return (pointer - attachmentOf(this.arena).caches[0]!.base) / 4;
  }

  get words(): Int32Array {
    return attachmentOf(this.arena).caches[0]!.words;
  }

  /** Ends this Worker's view of the window at a word. */
  shorten(end: number): Cache {
    const { caches, magazines } = attachmentOf(this.arena);
    const cache = caches[0]!;
    cache.words = cache.words.subarray(0, end);
    partsOf(this.arena).fastPath!.pointTo(cache, magazines[0]!, 0);
    return cache;
  }

  /** Also when the damage is still there. */
  end(): void {
    for (let tries = 0; tries < 2; tries++) {
      try {
        this.arena.detach();
      } catch {}
    }
    this.arena.dispose();
  }

  fails(act: () => unknown): void {
    this.guide.fails("InvalidPointerError", act);
  }
}
