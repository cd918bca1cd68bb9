/**
 * Several Workers on one arena over simulated pages, all in the test's own thread: each has a thread id, a slot and
 * caches of its own. What one does in the middle of another's operation is forced by a hook: `asked` runs whenever
 * somebody asks whether a thread is alive, the methods of `pages` can be wrapped. Who would wait for the lock throws
 * `Waiting` instead.
 */
import { Arena } from "../../src/api/arena.ts";
import { type ArenaOptions, resolveOptions } from "../../src/api/options.ts";
import type { Address, ThreadId } from "../../src/core/types.ts";
import type { Heap } from "../../src/heap/heap.ts";
import type { Platform, ThreadSource } from "../../src/platform/platform.ts";
import { makeHeap, openHeap } from "../../src/registry/source.ts";
import { UnlistedSource } from "../../stress/chaos/subjects/unlisted-source.ts";
import { SimulatedPages } from "../support/simulated-platform.ts";

export class Waiting extends Error {}

export interface Member {
  readonly arena: Arena;
  readonly heap: Heap;
}

export class Crew {
  readonly pages = new SimulatedPages();
  /** Ids of the threads that exist. */
  readonly alive = new Set<number>();
  /** Start times of threads that have an id which another thread had before. */
  readonly reborn = new Map<number, number>();
  /** Called before the question whether a thread is alive is answered. */
  asked: (thread: number) => void = () => {};
  private base = 0;

  constructor(private readonly options: ArenaOptions = {}) {}

  /** A Worker with this thread id. The first one makes the arena; nobody attaches before its first request. */
  join(thread: number): Member {
    this.alive.add(thread);
    const platform = this.platform(thread);
    const heap = this.base === 0 ? this.create(platform) : openHeap(platform, this.base as Address);
    heap.spanAfterRequests = 0;
    return { heap, arena: new Arena(new UnlistedSource(heap, "simulated", "guest")) };
  }

  platform(thread: number): Platform {
    return { pages: this.pages, threads: new CrewThreads(this, thread) };
  }

  private create(platform: Platform): Heap {
    const { name: _, ...shape } = resolveOptions(
      { reserve: 2 ** 26, purgeDelay: Infinity, ...this.options },
      this.pages.pageSize,
    );
    const heap = makeHeap(platform, shape);
    this.base = heap.control.base;
    return heap;
  }
}

/** More than any finite wait takes. */
const MOST_YIELDS = 10_000;

class CrewThreads implements ThreadSource {
  readonly cores: number = 2;
  private yields = 0;

  constructor(
    private readonly crew: Crew,
    private readonly thread: number,
  ) {}

  current(): ThreadId {
    return this.thread as ThreadId;
  }
  processId(): number {
    return 1;
  }
  startTime(thread: ThreadId): number {
    return this.crew.alive.has(thread) ? (this.crew.reborn.get(thread) ?? thread * 7) : 0;
  }
  isAlive(thread: ThreadId): boolean {
    this.crew.asked(thread);
    return this.crew.alive.has(thread);
  }
  park(): void {
    throw new Waiting(`thread ${this.thread} would wait for the lock`);
  }
  unpark(): void {}
  yield(): void {
    if (++this.yields > MOST_YIELDS) throw new Waiting(`thread ${this.thread} waits in a loop`);
  }
  now(): number {
    return 0;
  }
}
