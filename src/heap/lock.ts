/**
 * The arena's lock: one word in the control block that names its owner, so that a waiter can ask whether the
 * owner is still alive and take the lock over if not.
 *
 *   0      free
 *   else   30 CONTENDED | 29..14 turn | 13..0 token of the owner (heap/slots.ts)
 *
 * CONTENDED: somebody may be parked, the release wakes one. The turn counts the owner's acquisitions: a waiter that
 * found the owner dead and was held up before it could take over does not mistake a later acquisition for that one.
 *
 * A waiter spins, yields, then parks for a short time at a time; nobody ever waits without looking. The word is
 * changed by Atomics only. Whoever gets it from a dead owner, or finds it held by itself (an earlier call of this
 * Worker was thrown out of the allocator, for instance by a stack overflow), must repair before it goes on.
 */
import { LOCK_PARK_MS, LOCK_SPINS, LOCK_SPINS_BESIDE, LOCK_YIELDS } from "../core/tunables.ts";
import type { Address } from "../core/types.ts";
import type { Control } from "../memory/control.ts";
import { CONTROL_AREA, ControlWord } from "../memory/layout.ts";
import type { ThreadSource } from "../platform/platform.ts";
import { type Slots, TOKEN_BITS, TOKEN_MASK } from "./slots.ts";

const CONTENDED = 1 << 30;
const TURN_MASK = CONTENDED - 1 - TOKEN_MASK;
const TURN = 1 << TOKEN_BITS;
/** Index of the lock word in the control block's words. */
export const LOCK_WORD: number = (CONTROL_AREA + ControlWord.lock) | 0;

export class Lock {
  private readonly address: Address;
  private turn = 0;

  constructor(
    private readonly control: Control,
    private readonly slots: Slots,
    private readonly threads: ThreadSource,
  ) {
    this.address = (control.base + LOCK_WORD * 4) as Address;
  }

  /** Takes the lock. Not 0: it was taken over from the owner with this token, who did not release it; repair first. */
  acquire(token: number): number {
    const words = this.control.words;
    this.turn = (this.turn + TURN) & TURN_MASK;
    const mine = this.turn | token;
    if (Atomics.compareExchange(words, LOCK_WORD, 0, mine) === 0) return 0;
    const spins = this.spins();
    for (let turn = 0; turn < spins + LOCK_YIELDS; turn++) {
      if (turn >= spins) this.threads.yield();
      if (Atomics.load(words, LOCK_WORD) === 0 && Atomics.compareExchange(words, LOCK_WORD, 0, mine) === 0)
        return 0;
    }
    return this.wait(token, mine);
  }

  release(): void {
    const words = this.control.words;
    if ((Atomics.exchange(words, LOCK_WORD, 0) & CONTENDED) !== 0) this.threads.unpark(this.address, 1);
  }

  /** Whether another Worker, which is alive, has the lock at this moment: who can come again later does not wait for it. */
  isWithOther(token: number): boolean {
    const owner = Atomics.load(this.control.words, LOCK_WORD) & TOKEN_MASK;
    return owner !== 0 && owner !== token && this.slots.tokenLives(owner);
  }

  /** Busy turns: many only if the owner is likely to be on a core of its own meanwhile. */
  private spins(): number {
    const { cores } = this.threads;
    if (cores === 1) return 0;
    return this.slots.used <= cores ? LOCK_SPINS_BESIDE : LOCK_SPINS;
  }

  private wait(token: number, mine: number): number {
    const words = this.control.words;
    for (;;) {
      const seen = Atomics.load(words, LOCK_WORD);
      if (seen === 0) {
        // Others may be parked too: keep the mark, the release then wakes the next.
        if (Atomics.compareExchange(words, LOCK_WORD, 0, mine | CONTENDED) === 0) return 0;
        continue;
      }
      const owner = seen & TOKEN_MASK;
      if (owner === token || !this.slots.tokenLives(owner)) {
        if (Atomics.compareExchange(words, LOCK_WORD, seen, mine | CONTENDED) === seen) return owner;
        continue;
      }
      const marked = seen | CONTENDED;
      if (seen !== marked && Atomics.compareExchange(words, LOCK_WORD, seen, marked) !== seen) continue;
      this.threads.park(this.address, marked, LOCK_PARK_MS);
    }
  }
}
