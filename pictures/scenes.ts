/**
 * The lecture's two examples, played on an arena without caches: each is a row of moments at which the heap is looked at.
 * The tests hold every policy to what must come out, and the pictures of docs/examples.md show it.
 */

import { HEADER_BYTES } from "../src/core/size-classes.ts";
import { policyNames } from "../src/index.ts";
import { State, stateOf } from "../src/memory/header.ts";
import { simulatedArena } from "../test/support/simulated-arena.ts";

/** Policies and options that the examples tell apart. */
export const shownPolicies: readonly string[] = [
  ...policyNames,
  "unordered:merge=deferred",
  "unordered:merge=never",
];

export interface ShownBlock {
  /** Bytes from the first block's header on. */
  readonly offset: number;
  readonly byteLength: number;
  /** The last request is in use too. */
  readonly kind: "free" | "in use" | "last request";
}

export interface Moment {
  readonly title: string;
  readonly blocks: readonly ShownBlock[];
}

export interface Outcome {
  readonly moments: readonly Moment[];
  /** Free blocks within the memory that was freed, before the last request. */
  readonly freedBlocks: number;
  /** Where the last request's block lies. */
  readonly answer: "the freed memory" | "other memory" | "a mapping of its own";
}

export interface Example {
  readonly name: string;
  readonly summary: string;
  play(policy: string): Outcome;
}

class Stage {
  private readonly simulated;
  private readonly moments: Moment[] = [];
  private readonly ends = new Map<number, number>();

  constructor(policy: string) {
    this.simulated = simulatedArena({ policy, workerCache: false });
  }

  malloc(count: number, byteLength: number): number[] {
    const { arena } = this.simulated;
    return Array.from({ length: count }, () => {
      const pointer = arena.malloc(byteLength);
      this.ends.set(pointer, pointer + arena.usableSize(pointer) + HEADER_BYTES);
      return pointer;
    });
  }

  free(...pointers: readonly number[]): void {
    for (const pointer of pointers) this.simulated.arena.free(pointer);
  }

  look(title: string, answer = 0): readonly ShownBlock[] {
    const { space, window } = this.simulated.heap.windows[0]!;
    const blocks: ShownBlock[] = [];
    for (let block = space.first; block < space.top; block = space.next(block)) {
      const isFree = stateOf(space.words[block - 1]!) === State.free;
      blocks.push({
        offset: (block - space.first) * 4,
        byteLength: space.granules(block) * 16,
        kind: isFree ? "free" : window.pointerTo(block) === answer ? "last request" : "in use",
      });
    }
    this.moments.push({ title, blocks });
    return blocks;
  }

  /** The last request, after `freed` were freed, which lie side by side. */
  ask(byteLength: number, freed: readonly number[], before: readonly ShownBlock[]): Outcome {
    const { arena, heap } = this.simulated;
    const { space, window } = heap.windows[0]!;
    const start = Math.min(...freed);
    const end = Math.max(...freed.map((pointer) => this.ends.get(pointer)!));
    const isWithin = (pointer: number) => pointer >= start && pointer < end;
    const pointer = arena.malloc(byteLength);
    this.look(`then malloc(${byteLength})`, pointer);
    arena.check();
    const first = window.pointerTo(space.first);
    return {
      moments: this.moments,
      freedBlocks: before.filter(({ kind, offset }) => kind === "free" && isWithin(first + offset)).length,
      answer:
        arena.stats().largeBlocks > 0
          ? "a mapping of its own"
          : isWithin(pointer)
            ? "the freed memory"
            : "other memory",
    };
  }
}

const fragmentation: Example = {
  name: "fragmentation",
  summary: "200 blocks of 800 bytes, the first ten are freed, then 5000 bytes are asked for.",
  play(policy) {
    const stage = new Stage(policy);
    const blocks = stage.malloc(200, 800);
    const freed = blocks.slice(0, 10);
    stage.free(...freed);
    return stage.ask(5000, freed, stage.look("the first ten are free"));
  },
};

const merging: Example = {
  name: "merging",
  summary:
    "Four blocks A, B, C, D of 1000 bytes; A and C are freed, then B, then as much is asked for as A, B and C held.",
  play(policy) {
    const stage = new Stage(policy);
    const [a, b, c] = stage.malloc(4, 1000) as [number, number, number, number];
    stage.look("A, B, C, D in use");
    stage.free(a, c);
    stage.look("A and C free");
    stage.free(b);
    return stage.ask(3000, [a, b, c], stage.look("B free too"));
  },
};

export const examples: readonly Example[] = [fragmentation, merging];
