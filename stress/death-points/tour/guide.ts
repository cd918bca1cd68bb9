/** What every stage of the tour works with. */
import {
  type Arena,
  attachmentOf,
  type Pages,
  serveFromSpans,
  type TestBuild,
  type Threads,
} from "../insides.ts";
import type { Ledger } from "../ledger.ts";
import { addOwner, Double, LENT, TOUR, type TrialMemory } from "../trial-memory.ts";

type SystemCall = Exclude<keyof Pages, "words" | "isMapping" | "mappingsMost">;

/** What a refused system call returns. */
const ENOMEM = -12;

export class Guide {
  readonly memory: TrialMemory;
  private turn = 0;
  /** The victim's clock stands still, so that each tour comes past the same points. */
  private clock: number;

  constructor(
    readonly build: TestBuild,
    /** The arena that the survivors are in. */
    readonly arena: Arena,
    readonly ledger: Ledger,
    readonly policy: string,
  ) {
    this.memory = ledger.memory;
    this.clock = this.threads.now();
    this.threads.now = () => this.clock;
  }

  /** After every attachment: tells whose blocks the ones allocated from now on are. */
  publishOwner(): void {
    addOwner(this.memory.words, this.arena.owner);
    serveFromSpans(this.arena);
  }

  /** Lets survivors try to attach to a private arena of the victim's. */
  publishArena(arena: Arena, isSound: boolean): void {
    const { address, id, version } = arena.handle;
    const { doubles } = this.memory;
    doubles[Double.arenaId] = id;
    doubles[Double.arenaVersion] = version;
    doubles[Double.arenaIsSound] = isSound ? 1 : 0;
    doubles[Double.arenaAddress] = address;
  }

  /** A number for a block that the tour is going to allocate. */
  number(): number {
    let number: number;
    do number = TOUR.first + (this.turn++ % TOUR.count);
    while (this.ledger.holds(number));
    return number;
  }

  /** Allocates a block of its own number. */
  give(size: number): number {
    const number = this.number();
    this.ledger.malloc(this.arena, number, size);
    return number;
  }

  /** Allocates a block of each of the numbers for it, which survivors find, free and reallocate when they work. */
  lend(size: number): void {
    for (let i = 0; i < LENT.count; i++) {
      if (this.ledger.holds(LENT.first + i)) continue;
      this.ledger.malloc(this.arena, LENT.first + i, size);
      Atomics.exchange(this.memory.exchange, i, LENT.first + i);
    }
  }

  giveMany(count: number, size: number): number[] {
    return Array.from({ length: count }, () => this.give(size));
  }

  freeAll(numbers: readonly number[]): void {
    for (const number of numbers) this.ledger.free(this.arena, number);
  }

  /** Bytes of a block that is in a window and, if the policy has such, in no cache. */
  get placed(): number {
    return ["husky", "slabs"].includes(this.policy) ? 3000 : 60_000;
  }

  get pages(): Pages {
    return this.build.nativePlatform().pages;
  }

  get threads(): Threads {
    return this.build.nativePlatform().threads;
  }

  /** `act` while a system call is refused to this Worker, the first `times` times. */
  refusing(call: SystemCall, act: () => void, times: number = Infinity): void {
    const { pages } = this;
    const real = pages[call].bind(pages);
    let left = times;
    this.replacing(pages, call, (...values) => (left-- > 0 ? ENOMEM : real(...values)), act);
  }

  /** `act` when the purge delay is over. */
  afterDelay(act: () => void): void {
    this.clock += 1000;
    act();
  }

  /** What is idle in an arena goes back: as many looks as that needs. */
  purge(arena: Arena): void {
    for (let look = 0; look < 6; look++)
      this.afterDelay(() => attachmentOf(arena).purgeTimer.look(look === 0 ? 0 : Infinity));
  }

  /** `act` with a method of the platform replaced in this Worker. */
  replacing<Part, Name extends keyof Part>(
    part: Part,
    name: Name,
    replacement: Part[Name],
    act: () => void,
  ): void {
    const own = Object.getOwnPropertyDescriptor(part, name);
    part[name] = replacement;
    try {
      act();
    } finally {
      // What was there before, or what the class defines.
      if (own === undefined) delete part[name];
      else Object.defineProperty(part, name, own);
    }
  }

  /** Expects an error of the allocator's. */
  fails(
    kind: "OutOfMemoryError" | "InvalidPointerError" | "ArenaError" | "TypeError" | "RangeError",
    act: () => unknown,
  ): void {
    try {
      act();
    } catch (error) {
      if ((error as Error).name === kind) return;
      throw error;
    }
    throw new Error(`no ${kind} from ${act}`);
  }
}
