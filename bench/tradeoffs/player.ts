/** Plays the operations of a load on an arena. */
import type { Arena } from "../../src/index.ts";
import { Operation } from "../../stress/recordings/index.ts";
import type { Load } from "./loads.ts";

const PAGE = 4096;

export class Player {
  /** Bytes asked for and not freed. */
  live = 0;
  private readonly pointers: Float64Array;
  private readonly asked: Float64Array;

  constructor(
    readonly arena: Arena,
    private readonly load: Load,
    /** Writes a byte: to each page of a block that is allocated. */
    private readonly touch: ((address: number) => void) | undefined,
    /** Operations after which the arena is trimmed. */
    private readonly trimEvery: number = Infinity,
  ) {
    this.pointers = new Float64Array(load.blocks);
    this.asked = new Float64Array(load.blocks);
  }

  /** Plays operation `i`. */
  step(i: number): void {
    const { arena, load, pointers, asked, touch } = this;
    const block = load.block[i]!;
    if (block < 0) return;
    const isFree = load.operation[i] === Operation.free;
    const size = isFree ? 0 : load.size[i]!;
    this.live += size - asked[block]!;
    asked[block] = size;
    if (isFree) {
      arena.free(pointers[block]!);
      pointers[block] = 0;
    } else {
      pointers[block] = this.allocate(load.operation[i]!, pointers[block]!, size, load.alignment[i]!);
      if (touch !== undefined) for (let at = 0; at < size; at += PAGE) touch(pointers[block]! + at);
    }
    if (i % this.trimEvery === this.trimEvery - 1) arena.trim();
  }

  end(): void {
    for (const pointer of this.pointers) this.arena.free(pointer);
    this.arena.dispose();
  }

  private allocate(operation: number, pointer: number, size: number, alignment: number): number {
    const { arena } = this;
    if (operation === Operation.malloc) return arena.malloc(size);
    if (operation === Operation.realloc) return arena.realloc(pointer, size);
    if (operation === Operation.calloc) return arena.calloc(1, size);
    return arena.alignedAlloc(alignment, size);
  }
}
