/**
 * The directory: a small mapping at an address every Worker knows, in which the process's arenas are listed. So
 * every Worker that imports the package finds the process-wide heap without a handshake, and a handle can be
 * compared with what exists before anything is read through it.
 *
 * Versions of the package that lay memory out in different ways have directories of their own, and so heaps of their
 * own: the address and the magic number are made of the layout's version and number.
 *
 * Word 0 is the magic number; all else starts as zeros, so whoever comes first has nothing to prepare. From word 16
 * on one entry an arena, eight words:
 *
 *   0  state: 31..3 thread id, 2..0 phase. Changed by compare-and-exchange.
 *        vacant          nobody's
 *        building, tid   the thread makes the arena; if it dies, another one starts over
 *        listed, 0       to be found
 *        listed, tid     the thread is about to attach; others wait for it, and take over if it dies
 *        alone, tid      the thread wants the arena for itself; others wait for it, and take over if it dies
 *        ending, tid     the thread ends the arena; becomes vacant. If it dies, whoever makes an arena goes on with it
 *   2  address of the first window (Float64), 4 the arena's id (Float64): written while building
 *   6  start time of the thread in word 0, 7 the state that it belongs to, written after it. While word 7 differs from
 *      word 0, the thread id alone tells who is alive.
 *
 * Entry 0 is the process-wide heap's.
 */
import { ArenaError, OutOfMemoryError } from "../core/errors.ts";
import type { Address, ThreadId } from "../core/types.ts";
import { LAYOUT, MAGIC, VERSION } from "../memory/layout.ts";
import { EEXIST, type Platform } from "../platform/platform.ts";

const BYTES = 2 ** 16;
const LAYOUT_MIX = Math.imul(VERSION, 0x9e3779b1) ^ Math.imul(LAYOUT, 0x85ebca6b);
const DIRECTORY_MAGIC = MAGIC ^ LAYOUT_MIX;
/**
 * The third and fourth are for systems with 39 bits of addresses. From each on, 4095 layouts have room; two that meet in
 * one place go to different ones next.
 */
export const PLACES: readonly number[] = [0x1fff_0000_0000, 0x30_0000_0000].flatMap((first) =>
  [LAYOUT_MIX >>> 8, LAYOUT_MIX >>> 16].map((number) => first + (1 + (number % 4095)) * BYTES),
);

const FIRST_ENTRY = 16;
const ENTRY_WORDS = 8;
const ENTRIES = (BYTES / 4 - FIRST_ENTRY) / ENTRY_WORDS;

const Word = { state: 0, start: 6, startState: 7 } as const;
const Phase = { vacant: 0, building: 1, listed: 2, alone: 3, ending: 4 } as const;
const PHASE_MASK = 0x7;
const THREAD_SHIFT = 3;

/** How an arena is found: the address of its first window, and its id. */
export interface Place {
  readonly address: number;
  readonly id: number;
}

export class Directory {
  private readonly doubles: Float64Array;

  private constructor(
    private readonly words: Int32Array,
    private readonly platform: Platform,
  ) {
    this.doubles = new Float64Array(words.buffer, words.byteOffset, words.length >>> 1);
  }

  /** Finds or makes the process's directory. Throws OutOfMemoryError if the system has no room for it. */
  static open(platform: Platform): Directory {
    const { pages } = platform;
    let refusal = 0;
    for (const place of PLACES) {
      refusal = pages.map(BYTES, place as Address);
      const isThere = refusal === -EEXIST && pages.isMapping(place as Address, BYTES);
      if (refusal < 0 && !isThere) continue;
      const words = pages.words(place as Address, BYTES);
      const found = Atomics.compareExchange(words, 0, 0, DIRECTORY_MAGIC);
      if (found === 0 || found === DIRECTORY_MAGIC) return new Directory(words, platform);
    }
    const detail = `the directory of arenas could not be mapped: ${pages.describeError(refusal)}`;
    throw new OutOfMemoryError("system", BYTES, 0, detail);
  }

  /**
   * The process-wide heap's first window. `build` makes the heap if this Worker is the first to ask; it returns
   * the window's address and the arena's id, or throws.
   */
  processHeap(build: () => Place): Address {
    for (;;) {
      const state = this.stateOf(0);
      const phase = state & PHASE_MASK;
      if (phase === Phase.listed) return this.addressOf(0);
      if (phase !== Phase.vacant && !this.isAbandoned(0, state)) this.platform.threads.yield();
      else if (this.enter(0, state, Phase.building)) return this.publish(0, build);
    }
  }

  /** Lists a private arena. Throws ArenaError "too-many-arenas", and what `build` throws. */
  add(build: () => Place): Address {
    for (let entry = 1; entry < ENTRIES; entry++) {
      const state = this.stateOf(entry);
      const abandoned = (state & PHASE_MASK) === Phase.building && this.isAbandoned(entry, state);
      if (state !== Phase.vacant && !abandoned) continue;
      if (this.enter(entry, state, Phase.building)) return this.publish(entry, build);
    }
    throw new ArenaError(
      "too-many-arenas",
      `the process has ${ENTRIES - 1} arenas already; dispose one first`,
    );
  }

  /** The next arena that a dead thread was ending; it is the caller's to end now. */
  inheritEnding(): Place | undefined {
    for (let entry = 1; entry < ENTRIES; entry++) {
      const state = this.stateOf(entry);
      if ((state & PHASE_MASK) !== Phase.ending || !this.isAbandoned(entry, state)) continue;
      if (this.enter(entry, state, Phase.ending))
        return { address: this.addressOf(entry), id: this.idAt(entry) };
    }
    return undefined;
  }

  /** Keeps the arena from being unmapped until `left`. False if there is none with this address and id. */
  visit({ address, id }: Place): boolean {
    return this.claim(address, id, Phase.listed, true);
  }

  /** Makes whoever wants to attach wait, until `left`. False if somebody is just attaching. */
  occupy({ address, id }: Place): boolean {
    return this.claim(address, id, Phase.alone, false);
  }

  /** Ends `visit` or `occupy`. */
  left(place: Place): void {
    this.settle(place, Phase.listed);
  }

  /** Nobody can attach any more to an arena that the caller occupies. */
  startEnding({ address, id }: Place): void {
    const entry = this.find(address, id);
    this.enter(entry, this.stateOf(entry), Phase.ending);
  }

  /** The arena is gone, all but its first window. */
  ended(place: Place): void {
    this.settle(place, Phase.vacant);
  }

  /** Whether this is the process-wide heap. */
  isProcessHeap({ address, id }: Place): boolean {
    return this.find(address, id) === 0;
  }

  /** Whether there was such an arena, as far as its entry has not been used again. */
  remembers({ address, id }: Place): boolean {
    for (let entry = 0; entry < ENTRIES; entry++) {
      if (this.addressOf(entry) === address && this.idAt(entry) === id) return true;
    }
    return false;
  }

  /** Takes a listed entry into `phase`. Who finds another thread there waits for it, if told to, unless it is dead. */
  private claim(address: number, id: number, phase: number, mayWait: boolean): boolean {
    for (;;) {
      const entry = this.find(address, id);
      if (entry < 0) return false;
      const state = this.stateOf(entry);
      const present = state & PHASE_MASK;
      if (present === Phase.ending) return false;
      // Ended since the search: a vacant entry keeps its address and id, and nobody may list it again.
      if (present < Phase.listed) continue;
      const taken = state !== Phase.listed && !this.isAbandoned(entry, state);
      if (taken && !mayWait) return false;
      if (taken) this.platform.threads.yield();
      else if (this.enter(entry, state, phase)) {
        // The entry may have changed hands between the search and the exchange.
        if (this.find(address, id) === entry) return true;
        this.release(entry, Phase.listed);
      }
    }
  }

  private settle({ address, id }: Place, phase: number): void {
    const entry = this.find(address, id);
    if (entry >= 0) this.release(entry, phase);
  }

  /** Puts this thread into an entry. False if it changed since `state` was read. */
  private enter(entry: number, state: number, phase: number): boolean {
    const { threads } = this.platform;
    const thread = threads.current();
    const mine = (thread << THREAD_SHIFT) | phase;
    const at = wordOf(entry);
    // A dead thread with the same id may have left its start time under the same state.
    if (this.words[at + Word.startState] === mine) Atomics.store(this.words, at + Word.startState, 0);
    if (Atomics.compareExchange(this.words, at, state, mine) !== state) return false;
    this.words[at + Word.start] = threads.startTime(thread);
    Atomics.store(this.words, at + Word.startState, mine);
    return true;
  }

  /** Takes this thread out of an entry. */
  private release(entry: number, phase: number): void {
    Atomics.store(this.words, wordOf(entry) + Word.startState, 0);
    Atomics.store(this.words, wordOf(entry), phase);
  }

  /** Whether the thread in `state` is gone. The caller's own thread id means that a dead thread had it before. */
  private isAbandoned(entry: number, state: number): boolean {
    const { threads } = this.platform;
    const thread = (state >>> THREAD_SHIFT) as ThreadId;
    if (thread === threads.current() || !threads.isAlive(thread)) return true;
    const at = wordOf(entry);
    const known = Atomics.load(this.words, at + Word.startState) === state;
    const recorded = known ? this.words[at + Word.start]! : 0;
    if (recorded === 0) return false;
    const present = threads.startTime(thread);
    return present !== 0 && present !== recorded;
  }

  private publish(entry: number, build: () => Place): Address {
    const at = wordOf(entry);
    try {
      const { address, id } = build();
      this.doubles[at / 2 + 1] = address;
      this.doubles[at / 2 + 2] = id;
      this.release(entry, Phase.listed);
      return address as Address;
    } catch (error) {
      this.release(entry, Phase.vacant);
      throw error;
    }
  }

  private find(address: number, id: number): number {
    for (let entry = 0; entry < ENTRIES; entry++) {
      if (this.isListed(entry) && this.addressOf(entry) === address && this.idAt(entry) === id) return entry;
    }
    return -1;
  }

  /** The address and the id are valid. */
  private isListed(entry: number): boolean {
    return (this.stateOf(entry) & PHASE_MASK) >= Phase.listed;
  }

  private stateOf(entry: number): number {
    return Atomics.load(this.words, wordOf(entry));
  }

  private addressOf(entry: number): Address {
    return this.doubles[wordOf(entry) / 2 + 1]! as Address;
  }

  private idAt(entry: number): number {
    return this.doubles[wordOf(entry) / 2 + 2]!;
  }
}

function wordOf(entry: number): number {
  return FIRST_ENTRY + entry * ENTRY_WORDS;
}
