/** A Worker that outlives the victims: it prepares a trial, goes on while and after one dies, and looks for losses. */
import { reportOf } from "../crew/report-fault.ts";
import { Random } from "../random.ts";
import { auditArena, auditList } from "./audit.ts";
import type { Answer, Load, Order, Prepare } from "./crew-orders.ts";
import { elsewhere, endArena } from "./elsewhere.ts";
import { type Arena, type ArenaHandle, serveFromSpans, type TestBuild } from "./insides.ts";
import { Ledger } from "./ledger.ts";
import { Crew, EXCHANGE, GIFTS, Hold, OWN_BLOCKS, roundsWord, tell, Word } from "./trial-memory.ts";

declare const self: Worker;

/** One arena for a trial: small windows, so that the tour gets to the second; a low threshold for large blocks. */
const OPTIONS = { name: "trial", reserve: 2 ** 21, limit: 2 ** 26, largeThreshold: 2 ** 17 };

const SIZES = [0, 1, 24, 25, 100, 300, 512, 700, 1000, 1100, 2000, 5000];
const BIG_SIZES = [20_000, 60_000, 100_000, 200_000];
const GIFT_SIZES = [10, 200, 200, 3000, 40_000, 150_000];
const TURNS_A_ROUND = 8;
/** Rounds right after the victim has stopped, and the pause behind each; then what keeps things going. */
const BUSY_ROUNDS = 8;
const SHORT_PAUSE_MS = 0.2;
const LONG_PAUSE_MS = 2;
/** How long a hold lasts at the most, should nobody end it. */
const HOLD_MS = 300;

class Survivor {
  private ledger: Ledger;
  private random = new Random(1);
  private numbers: number[] = [];
  private arena: Arena | undefined;

  constructor(
    private readonly build: TestBuild,
    private readonly load: Load,
  ) {
    this.ledger = new Ledger(load.memory, load.seat);
  }

  obey(order: Order): Answer {
    switch (order.do) {
      case "prepare":
        return this.prepare(order);
      case "work":
        return this.work();
      case "visit":
        return this.visit(order.handle, order.seed);
      case "list":
        auditList(this.arena!, this.ledger);
        return { type: "done" };
      case "clear":
        return this.clear(order.survivors);
      case "audit": {
        const counted = auditArena(this.build, this.arena!, this.ledger);
        this.arena = undefined;
        endArena(this.build, this.load.memory);
        return { type: "audit", counted };
      }
      default:
        throw new Error(`no order for a survivor: ${order.do}`);
    }
  }

  private prepare({ handle, policy, seed, survivors }: Prepare): Answer {
    const { Arena } = this.build;
    const arena = handle === undefined ? new Arena({ ...OPTIONS, policy }) : Arena.attach(handle);
    const { seat } = this.load;
    this.begin(arena, seed);
    // The same for every seed, so that the tour finds the same arena every time.
    for (const [i, size] of SIZES.entries()) this.ledger.malloc(arena, this.numbers[i]!, size);
    for (let i = 0; i < GIFTS.count; i++) {
      if (i % survivors === seat)
        this.ledger.malloc(arena, GIFTS.first + i, GIFT_SIZES[i % GIFT_SIZES.length]!);
    }
    return { type: "arena", handle: arena.handle };
  }

  private work(): Answer {
    const { words } = this.load.memory;
    while (Atomics.load(words, Word.crew) === Crew.quiet) {
      if (this.load.seat === 0 && Atomics.load(words, Word.hold) === Hold.wanted) this.hold();
      Atomics.wait(words, Word.crew, Crew.quiet, 1);
    }
    for (let round = 0; Atomics.load(words, Word.crew) === Crew.works; round++) {
      this.round();
      // Leaves the processors to the others, of which one is to die.
      Atomics.wait(words, Word.never, 0, round < BUSY_ROUNDS ? SHORT_PAUSE_MS : LONG_PAUSE_MS);
    }
    return { type: "done" };
  }

  private visit(handle: ArenaHandle, seed: number): Answer {
    this.ledger.enter("attach");
    this.begin(this.build.Arena.attach(handle), seed);
    for (let i = 0; i < 4; i++) this.round();
    for (const number of this.numbers) if (this.ledger.holds(number)) this.ledger.free(this.arena!, number);
    this.leave();
    return { type: "done" };
  }

  private clear(survivors: number): Answer {
    const { seat, memory } = this.load;
    const count = memory.blocks.address.length;
    for (let number = seat; number < count; number += survivors) {
      if (this.ledger.holds(number)) this.ledger.free(this.arena!, number);
    }
    this.arena!.check();
    if (seat !== 0) this.leave();
    return { type: "done" };
  }

  private begin(arena: Arena, seed: number): void {
    this.arena = arena;
    serveFromSpans(arena);
    this.ledger = new Ledger(this.load.memory, this.load.seat);
    this.random = new Random(seed);
    this.numbers = Array.from({ length: OWN_BLOCKS }, (_, i) => this.load.seat * OWN_BLOCKS + i);
  }

  private leave(): void {
    this.ledger.enter("detach");
    this.arena!.dispose();
    this.arena = undefined;
  }

  /** Random operations, one that needs the lock among them. */
  private round(): void {
    const arena = this.arena!;
    const { ledger, random } = this;
    for (let turn = 0; turn < TURNS_A_ROUND; turn++) this.turn(arena, random.below(OWN_BLOCKS));
    ledger.enter("malloc");
    arena.free(arena.malloc(50_000));
    const extra = random.below(24);
    if (extra === 0) this.inspect(arena);
    elsewhere(this.build, this.load.memory, ledger);
    const { words } = this.load.memory;
    Atomics.add(words, roundsWord(this.load.seat), 1);
    ledger.enter("waiting");
  }

  private turn(arena: Arena, place: number): void {
    const { ledger, random } = this;
    const number = this.numbers[place]!;
    const draw = random.below(6);
    if (draw < 2) {
      const { exchange } = this.load.memory;
      this.numbers[place] = Atomics.exchange(exchange, random.below(EXCHANGE.count), number);
    } else if (!ledger.holds(number)) {
      if (random.below(8) === 0) ledger.alignedAlloc(arena, number, 2 ** random.between(5, 13), this.size());
      else ledger.malloc(arena, number, this.size());
    } else if (draw === 2) ledger.realloc(arena, number, this.size());
    else ledger.free(arena, number);
  }

  private inspect(arena: Arena): void {
    const { ledger, random } = this;
    const what = random.below(3);
    ledger.enter(what === 0 ? "trim" : what === 1 ? "check" : "blocks");
    if (what === 0) arena.trim();
    else if (what === 1) arena.check();
    else arena.blocks();
  }

  /** Has the lock until the victim, or whoever starts the crew, says that it is enough. */
  private hold(): void {
    const { words } = this.load.memory;
    this.build.arm(this.load.holdPoint, 1, () => {
      tell(words, Word.hold, Hold.held);
      Atomics.wait(words, Word.hold, Hold.held, HOLD_MS);
    });
    this.arena!.stats();
    Atomics.store(words, Word.hold, Hold.none);
  }

  private size(): number {
    return this.random.below(16) === 0 ? this.draw(BIG_SIZES) : this.draw(SIZES);
  }

  private draw(from: readonly number[]): number {
    return from[this.random.below(from.length)]!;
  }
}

let survivor: Survivor | undefined;

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  let answer: Answer;
  try {
    if (data.do === "load") {
      survivor = new Survivor(await import(data.library), data);
      answer = { type: "done" };
    } else answer = survivor!.obey(data);
  } catch (thrown) {
    answer = { type: "fault", fault: reportOf(thrown) };
  }
  self.postMessage(answer);
};
