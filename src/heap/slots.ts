/**
 * Slots: the Workers attached to an arena. A slot belongs to a thread, not to an object, so that a module that is
 * loaded twice in one Worker finds the same slot.
 *
 * Entry of the slot table, four words:
 *
 *   0  owner: 31..26 generation, 25..0 thread id; thread id 0 = vacant. Changed by compare-and-exchange only:
 *      vacant -> thread (attach), thread -> vacant (detach, or a dead thread's slot cleaned under the lock),
 *      dead thread -> thread (attach). The generation counts the owners, so that a lock token or a comparison
 *      made for an earlier owner never matches a later one.
 *   1  start time of the thread, written by the owner right after the exchange.
 *   2  the generation that word 1 belongs to, written after it. While it differs from word 0's, the start time is
 *      unknown and the thread id alone decides.
 *   3  how many times the thread is attached (a module may be loaded twice). Written by the owner alone.
 *
 * A token names an owner in the lock word: 30..14 unused, 13..8 generation, 7..0 slot number.
 */
import { SLOTS } from "../core/tunables.ts";
import type { SlotNumber, ThreadId } from "../core/types.ts";
import { CONTROL_AREA, ControlWord, SLOT_TABLE, SLOT_WORDS } from "../memory/layout.ts";
import type { ThreadSource } from "../memory/platform.ts";
import type { Control } from "./control.ts";

/** Linux gives ids below 2^22; macOS counts threads since the start of the system. */
const THREAD_BITS = 26;
const THREAD_MASK = (1 << THREAD_BITS) - 1;
const GENERATION_MASK = 0x3f;
const SLOT_BITS = 8;

function entry(slot: number): number {
  return CONTROL_AREA + SLOT_TABLE + slot * SLOT_WORDS;
}

export function tokenSlot(token: number): SlotNumber {
  return (token & ((1 << SLOT_BITS) - 1)) as SlotNumber;
}

export class Slots {
  constructor(
    private readonly control: Control,
    private readonly threads: ThreadSource,
  ) {}

  /**
   * Finds or takes a slot for the calling thread. `adopted` tells that a dead Worker had it before: its cache is
   * still in place and becomes the caller's. 0 if all slots belong to living Workers. Takes no lock.
   */
  claim(): { slot: SlotNumber | 0; adopted: boolean } {
    const thread = this.threads.current();
    const start = this.threads.startTime(thread);
    for (let slot = 1; slot <= this.used; slot++) {
      if (this.threadOf(slot) === thread && this.startOf(slot) === start) {
        this.countAttachment(slot, 1);
        return { slot: slot as SlotNumber, adopted: false };
      }
    }
    for (let slot = 1; slot <= SLOTS; slot++) {
      const owner = this.ownerOf(slot);
      const vacant = (owner & THREAD_MASK) === 0;
      if (!vacant && this.lives(slot)) continue;
      this.noteUse(slot);
      if (this.exchange(slot, owner, thread)) {
        const words = this.control.words;
        words[entry(slot) + 1] = start;
        Atomics.store(words, entry(slot) + 2, this.generationOf(slot));
        words[entry(slot) + 3] = 1;
        return { slot: slot as SlotNumber, adopted: !vacant };
      }
    }
    return { slot: 0, adopted: false };
  }

  /** Adds to the number of attachments of the caller's own slot and returns it. */
  countAttachment(slot: number, change: number): number {
    const count = this.control.words[entry(slot) + 3]! + change;
    this.control.words[entry(slot) + 3] = count;
    return count;
  }

  /** The slot's owner word: names this owner and no later one. */
  ownerOf(slot: number): number {
    return Atomics.load(this.control.words, entry(slot));
  }

  /** Vacates a slot that `owner` had. False if somebody else took it meanwhile. Its cache must be empty. */
  vacate(slot: number, owner: number): boolean {
    return this.exchange(slot, owner, 0 as ThreadId);
  }

  /** Whether the slot belongs to a thread that exists. */
  lives(slot: number): boolean {
    const thread = this.threadOf(slot);
    if (thread === 0 || !this.threads.isAlive(thread)) return false;
    const recorded = this.startOf(slot);
    if (recorded === 0) return true;
    // 0 also means that the system does not tell, for instance when file descriptors are used up.
    const present = this.threads.startTime(thread);
    return present === 0 || present === recorded;
  }

  /** Slots that belong to nobody alive but were not vacated, with their owner words. */
  dead(): { slot: number; owner: number }[] {
    const found: { slot: number; owner: number }[] = [];
    for (let slot = 1; slot <= this.used; slot++) {
      const owner = this.ownerOf(slot);
      if ((owner & THREAD_MASK) !== 0 && !this.lives(slot)) found.push({ slot, owner });
    }
    return found;
  }

  /** Number of slots whose Workers are alive. */
  living(): number {
    let count = 0;
    for (let slot = 1; slot <= this.used; slot++) if (this.threadOf(slot) !== 0 && this.lives(slot)) count++;
    return count;
  }

  threadOf(slot: number): ThreadId {
    return (this.ownerOf(slot) & THREAD_MASK) as ThreadId;
  }

  /** What the lock word holds while the slot's present owner has the lock. */
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
    const known = Atomics.load(this.control.words, entry(slot) + 2) === this.generationOf(slot);
    return known ? this.control.words[entry(slot) + 1]! : 0;
  }

  private exchange(slot: number, owner: number, thread: ThreadId): boolean {
    const generation = ((owner >>> THREAD_BITS) + 1) & GENERATION_MASK;
    const words = this.control.words;
    return Atomics.compareExchange(words, entry(slot), owner, (generation << THREAD_BITS) | thread) === owner;
  }
}
