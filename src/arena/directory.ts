/**
 * The directory: a small mapping at an address every Worker knows, in which the process's arenas are listed. So
 * every Worker that imports the package finds the process-wide heap without a handshake, and a handle can be
 * compared with what exists before anything is read through it.
 *
 * Word 0 is a magic number; all else starts as zeros, so whoever comes first has nothing to prepare. From word 16
 * on one entry an arena, eight words:
 *
 *   0  state: 31..3 thread id, 2..0 phase. Changed by compare-and-exchange.
 *        vacant          nobody's
 *        building, tid   the thread makes the arena; if it dies, another one starts over
 *        listed, 0       to be found
 *        listed, tid     the thread is about to attach; others wait for it, and take over if it dies
 *        closing, tid    the thread unmaps the arena; becomes vacant
 *   2  address of the first window (Float64), 4 the arena's id (Float64): written while building
 *
 * Entry 0 is the process-wide heap's.
 */
import { ArenaError } from "../core/errors.ts";
import type { Address, ThreadId } from "../core/types.ts";
import { MAGIC } from "../memory/layout.ts";
import { EEXIST, type Platform } from "../memory/platform.ts";

/** The second place is for systems with 39 bits of addresses. */
const PLACES = [0x1fff_0000_0000, 0x30_0000_0000] as const;
const BYTES = 2 ** 16;

const FIRST_ENTRY = 16;
const ENTRY_WORDS = 8;
const ENTRIES = (BYTES / 4 - FIRST_ENTRY) / ENTRY_WORDS;

const Phase = { vacant: 0, building: 1, listed: 2, closing: 3 } as const;
const PHASE_MASK = 0x7;
const THREAD_SHIFT = 3;

export class Directory {
  private readonly doubles: Float64Array;

  private constructor(
    private readonly words: Int32Array,
    private readonly platform: Platform,
  ) {
    this.doubles = new Float64Array(words.buffer, words.byteOffset, words.length >>> 1);
  }

  /** Finds or makes the process's directory. Throws if the system has no room for it. */
  static open(platform: Platform): Directory {
    const { pages } = platform;
    let refusal = 0;
    for (const place of PLACES) {
      refusal = pages.map(BYTES, place as Address);
      if (refusal < 0 && refusal !== -EEXIST) continue;
      const words = pages.words(place as Address, BYTES);
      const found = Atomics.compareExchange(words, 0, 0, MAGIC);
      if (found === 0 || found === MAGIC) return new Directory(words, platform);
    }
    throw new Error(`the directory of arenas could not be mapped: ${pages.describeError(refusal)}`);
  }

  /**
   * The process-wide heap's first window. `build` makes the heap if this Worker is the first to ask; it returns
   * the window's address and the arena's id, or throws.
   */
  processHeap(build: () => { address: number; id: number }): Address {
    const { threads } = this.platform;
    const mine = this.myState(Phase.building);
    for (;;) {
      const state = Atomics.load(this.words, FIRST_ENTRY);
      const phase = state & PHASE_MASK;
      if (phase === Phase.listed) return this.addressOf(0);
      // The caller's own thread id: a dead thread had it before.
      const abandoned = phase === Phase.building && (state === mine || this.isDead(state));
      if (phase !== Phase.vacant && !abandoned) {
        threads.yield();
        continue;
      }
      if (Atomics.compareExchange(this.words, FIRST_ENTRY, state, mine) !== state) continue;
      return this.publish(0, build);
    }
  }

  /** Lists a private arena. Throws ArenaError "too-many-arenas". */
  add(build: () => { address: number; id: number }): Address {
    const mine = this.myState(Phase.building);
    for (let entry = 1; entry < ENTRIES; entry++) {
      const at = FIRST_ENTRY + entry * ENTRY_WORDS;
      const state = Atomics.load(this.words, at);
      const abandoned = (state & PHASE_MASK) === Phase.building && this.isDead(state);
      if (state !== Phase.vacant && !abandoned) continue;
      if (Atomics.compareExchange(this.words, at, state, mine) === state) return this.publish(entry, build);
    }
    throw new ArenaError(
      "too-many-arenas",
      `the process has ${ENTRIES - 1} arenas already; dispose one first`,
    );
  }

  /** Keeps the arena from being unmapped until `left`. False if there is none with this address and id. */
  visit(address: number, id: number): boolean {
    return this.claim(address, id, this.myState(Phase.listed), true);
  }

  /** Ends a `visit`. */
  left(address: number, id: number): void {
    const entry = this.find(address, id);
    if (entry >= 0) Atomics.store(this.words, FIRST_ENTRY + entry * ENTRY_WORDS, Phase.listed);
  }

  /** Starts to close an arena: nobody can attach any more. False if somebody is just attaching. */
  close(address: number, id: number): boolean {
    return this.claim(address, id, this.myState(Phase.closing), false);
  }

  /** Ends what `close` started: the arena is gone, or listed again. */
  closed(address: number, id: number, gone: boolean): void {
    const entry = this.find(address, id);
    if (entry < 0) return;
    const at = FIRST_ENTRY + entry * ENTRY_WORDS;
    Atomics.store(this.words, at, gone ? Phase.vacant : Phase.listed);
  }

  /** Whether this is the process-wide heap. */
  isProcessHeap(address: number, id: number): boolean {
    return this.find(address, id) === 0;
  }

  /** Whether there was such an arena, as far as its entry has not been used again. */
  remembers(address: number, id: number): boolean {
    for (let entry = 0; entry < ENTRIES; entry++) {
      if (this.addressOf(entry) === address && this.idAt(entry) === id) return true;
    }
    return false;
  }

  /** Changes a listed entry to `wanted`. Who finds another thread there waits for it, if told to, unless it is dead. */
  private claim(address: number, id: number, wanted: number, mayWait: boolean): boolean {
    for (;;) {
      const entry = this.find(address, id);
      if (entry < 0) return false;
      const at = FIRST_ENTRY + entry * ENTRY_WORDS;
      const state = Atomics.load(this.words, at);
      if ((state & PHASE_MASK) !== Phase.listed) return false;
      const visited = state !== Phase.listed && state !== this.myState(Phase.listed) && !this.isDead(state);
      if (visited && !mayWait) return false;
      if (visited) this.platform.threads.yield();
      else if (Atomics.compareExchange(this.words, at, state, wanted) === state) {
        // The entry may have changed hands between the search and the exchange.
        if (this.find(address, id) === entry) return true;
        Atomics.store(this.words, at, Phase.listed);
      }
    }
  }

  private myState(phase: number): number {
    return (this.platform.threads.current() << THREAD_SHIFT) | phase;
  }

  private isDead(state: number): boolean {
    return !this.platform.threads.isAlive((state >>> THREAD_SHIFT) as ThreadId);
  }

  private publish(entry: number, build: () => { address: number; id: number }): Address {
    const at = FIRST_ENTRY + entry * ENTRY_WORDS;
    try {
      const { address, id } = build();
      this.doubles[at / 2 + 1] = address;
      this.doubles[at / 2 + 2] = id;
      Atomics.store(this.words, at, Phase.listed);
      return address as Address;
    } catch (error) {
      Atomics.store(this.words, at, Phase.vacant);
      throw error;
    }
  }

  private find(address: number, id: number): number {
    for (let entry = 0; entry < ENTRIES; entry++) {
      if (this.isListed(entry) && this.addressOf(entry) === address && this.idAt(entry) === id) return entry;
    }
    return -1;
  }

  /** Listed or closing: the address and the id are valid. */
  private isListed(entry: number): boolean {
    return (Atomics.load(this.words, FIRST_ENTRY + entry * ENTRY_WORDS) & PHASE_MASK) >= Phase.listed;
  }

  private addressOf(entry: number): Address {
    return this.doubles[(FIRST_ENTRY + entry * ENTRY_WORDS) / 2 + 1]! as Address;
  }

  private idAt(entry: number): number {
    return this.doubles[(FIRST_ENTRY + entry * ENTRY_WORDS) / 2 + 2]!;
  }
}
