/**
 * Slots: the Workers attached to an arena. A slot belongs to a thread, not to an object, so that a module that is
 * loaded twice in one Worker finds the same slot.
 *
 * Entry of the slot table, eight words (two are unused):
 *
 *   0  owner: 31..26 generation, 25..0 a thread id, or 0 = vacant, or RETIRED. Changed by compare-and-exchange only:
 *        vacant -> thread            attach
 *        thread -> retired           detach; or the thread is dead and its cache was drained, under the lock
 *        retired -> vacant           no block in use carries the slot's number (death/owners.ts), under the lock
 *        retired, dead thread -> thread   attach, when no slot is vacant
 *      The generation counts the changes, so that a lock token or a comparison made for an earlier owner never
 *      matches a later one.
 *   1  start time of the thread, written by the owner right after the exchange.
 *   2  the generation that word 1 belongs to, written after it. While it differs from word 0's, the start time is
 *      unknown and the thread id alone decides.
 *   3  how many times the thread is attached (a module may be loaded twice). Written by the owner alone.
 *   4  term: how many owners the slot has had. Raised under the lock by a new owner, before it allocates.
 *   5  the generation that began the term, written with it. While it differs from word 0's, the owner has not had the
 *      lock yet: what the slot's cache holds is a former owner's.
 *
 * A token names an owner in the lock word: 13..8 generation, 7..0 slot number.
 */
import { SLOTS } from "../core/tunables.ts";
import type { SlotNumber, ThreadId } from "../core/types.ts";
import type { Control } from "../memory/control.ts";
import type { Held } from "../memory/held.ts";
import { CONTROL_AREA, ControlWord, SLOT_TABLE, SLOT_WORDS } from "../memory/layout.ts";
import type { ThreadSource } from "../platform/platform.ts";

/** Linux gives ids below 2^22; macOS counts threads since the start of the system. */
const THREAD_BITS = 26;
const THREAD_MASK = (1 << THREAD_BITS) - 1;
const GENERATION_MASK = 0x3f;
const SLOT_BITS = 8;
/** Bits of a token. */
export const TOKEN_BITS = 14;
export const TOKEN_MASK: number = (1 << TOKEN_BITS) - 1;

const VACANT = 0 as ThreadId;
/** In place of a thread id: nobody's, with an empty cache, but blocks in use may carry its number. */
const RETIRED = THREAD_MASK as ThreadId;

const SlotWord = {
  owner: 0,
  start: 1,
  startGeneration: 2,
  attachments: 3,
  term: 4,
  termGeneration: 5,
} as const;

function at(slot: number, word: number): number {
  return CONTROL_AREA + SLOT_TABLE + slot * SLOT_WORDS + word;
}

export function tokenSlot(token: number): SlotNumber {
  return (token & ((1 << SLOT_BITS) - 1)) as SlotNumber;
}

/** A slot's owner at one moment: `owner` names it and no later one. */
export interface SlotOwner {
  readonly slot: number;
  readonly owner: number;
}

export class Slots {
  constructor(
    private readonly control: Control,
    private readonly threads: ThreadSource,
  ) {}

  /**
   * Finds or takes a slot for the calling thread, a vacant one if there is. `inherited` tells that somebody had it
   * before: a dead Worker's cache may be in place, blocks in use may carry its number. 0 if all slots belong to
   * living Workers. Takes no lock.
   */
  claim(): { slot: SlotNumber | 0; inherited: boolean } {
    const thread = this.threads.current();
    const start = this.threads.startTime(thread);
    for (let slot = 1; slot <= this.used; slot++) {
      if (this.threadOf(slot) === thread && this.startOf(slot) === start) {
        this.countAttachment(slot, 1);
        return { slot: slot as SlotNumber, inherited: false };
      }
    }
    const vacant = this.take(thread, start, (owner) => (owner & THREAD_MASK) === VACANT);
    if (vacant !== 0) return { slot: vacant, inherited: false };
    const left = this.take(thread, start, (_, slot) => !this.lives(slot));
    return { slot: left, inherited: left !== 0 };
  }

  /** Adds to the number of attachments of the caller's own slot and returns it. */
  countAttachment(slot: number, change: number): number {
    const count = this.control.words[at(slot, SlotWord.attachments)]! + change;
    this.control.words[at(slot, SlotWord.attachments)] = count;
    return count;
  }

  /** Starts the term of the slot's new owner. */
  beginTerm(this: Held<Slots>, slot: number): void {
    this.control.words[at(slot, SlotWord.term)] = this.termOf(slot) + 1;
    this.control.words[at(slot, SlotWord.termGeneration)] = this.generationOf(slot);
  }

  /** Whether the slot's present owner has begun its term: nobody caches or claims a block before. */
  hasBegun(this: Held<Slots>, slot: number): boolean {
    return this.control.words[at(slot, SlotWord.termGeneration)] === this.generationOf(slot);
  }

  /** How many owners the slot has had. Under the lock, or of the own slot. */
  termOf(slot: number): number {
    return this.control.words[at(slot, SlotWord.term)]!;
  }

  /** The slot's owner word: names this owner and no later one. */
  ownerOf(slot: number): number {
    return Atomics.load(this.control.words, at(slot, SlotWord.owner));
  }

  /** Ends the ownership of a slot that `owner` has. False if somebody else took it meanwhile. Its cache must be empty. */
  retire(slot: number, owner: number): boolean {
    return this.exchange(slot, owner, RETIRED);
  }

  /** Makes a slot free for the next Worker. False if somebody took it meanwhile. No block may carry its number. */
  vacate(slot: number, owner: number): boolean {
    return this.exchange(slot, owner, VACANT);
  }

  /** Whether the slot belongs to a thread that exists. */
  lives(slot: number): boolean {
    const thread = this.threadOf(slot);
    if (thread === VACANT || thread === RETIRED || !this.threads.isAlive(thread)) return false;
    const recorded = this.startOf(slot);
    if (recorded === 0) return true;
    // 0 also means that the system does not tell, for instance when file descriptors are used up.
    const present = this.threads.startTime(thread);
    return present === 0 || present === recorded;
  }

  /** Slots of Workers that ended without leaving. */
  dead(): SlotOwner[] {
    return this.select((thread, slot) => thread !== VACANT && thread !== RETIRED && !this.lives(slot));
  }

  /** Whether a slot's thread does not exist any more. An id that was given to another thread is seen by `dead` alone. */
  hasGone(): boolean {
    const used = this.used;
    for (let slot = 1; slot <= used; slot++) {
      const thread = this.threadOf(slot);
      if (thread !== VACANT && thread !== RETIRED && !this.threads.isAlive(thread)) return true;
    }
    return false;
  }

  retired(): SlotOwner[] {
    return this.select((thread) => thread === RETIRED);
  }

  /** Whether a Worker could attach without looking further. */
  hasVacant(): boolean {
    return this.used < SLOTS || this.select((thread) => thread === VACANT).length > 0;
  }

  /** Number of slots whose Workers are alive. */
  living(): number {
    return this.select((_, slot) => this.lives(slot)).length;
  }

  threadOf(slot: number): ThreadId {
    return (this.ownerOf(slot) & THREAD_MASK) as ThreadId;
  }

  /** What the lock word says while the slot's present owner has the lock. */
  tokenOf(slot: number): number {
    return (this.generationOf(slot) << SLOT_BITS) | slot;
  }

  /** Whether the owner that a token names is still there. */
  tokenLives(token: number): boolean {
    const slot = tokenSlot(token);
    return this.tokenOf(slot) === token && this.lives(slot);
  }

  /** Highest slot number in use so far. */
  get used(): number {
    return Atomics.load(this.control.words, CONTROL_AREA + ControlWord.slots);
  }

  private select(which: (thread: ThreadId, slot: number) => boolean): SlotOwner[] {
    const found: SlotOwner[] = [];
    for (let slot = 1; slot <= this.used; slot++) {
      const owner = this.ownerOf(slot);
      if (which((owner & THREAD_MASK) as ThreadId, slot)) found.push({ slot, owner });
    }
    return found;
  }

  /** Takes the first slot that may be taken, 0 if there is none. Who was outrun by another Worker looks again. */
  private take(
    thread: ThreadId,
    start: number,
    mayTake: (owner: number, slot: number) => boolean,
  ): SlotNumber | 0 {
    for (let slot = 1; slot <= SLOTS; ) {
      const owner = this.ownerOf(slot);
      if (!mayTake(owner, slot)) {
        slot++;
        continue;
      }
      this.noteUse(slot);
      if (!this.exchange(slot, owner, thread)) continue;
      const words = this.control.words;
      words[at(slot, SlotWord.start)] = start;
      Atomics.store(words, at(slot, SlotWord.startGeneration), this.generationOf(slot));
      words[at(slot, SlotWord.attachments)] = 1;
      return slot as SlotNumber;
    }
    return 0;
  }

  private noteUse(slot: number): void {
    const words = this.control.words;
    for (let used = this.used; used < slot; used = this.used) {
      Atomics.compareExchange(words, CONTROL_AREA + ControlWord.slots, used, slot);
    }
  }

  private generationOf(slot: number): number {
    return (this.ownerOf(slot) >>> THREAD_BITS) & GENERATION_MASK;
  }

  /** Start time of the slot's thread, 0 = unknown. */
  private startOf(slot: number): number {
    const known =
      Atomics.load(this.control.words, at(slot, SlotWord.startGeneration)) === this.generationOf(slot);
    return known ? this.control.words[at(slot, SlotWord.start)]! : 0;
  }

  private exchange(slot: number, owner: number, thread: ThreadId): boolean {
    const generation = ((owner >>> THREAD_BITS) + 1) & GENERATION_MASK;
    const word = (generation << THREAD_BITS) | thread;
    return Atomics.compareExchange(this.control.words, at(slot, SlotWord.owner), owner, word) === owner;
  }
}
