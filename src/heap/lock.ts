/**
 * The arena's lock: one word in the control block that names its owner, so that a waiter can ask whether the
 * owner is still alive and take the lock over if not.
 *
 *   0                    free
 *   token                held (heap/slots.ts)
 *   token | CONTENDED    held, and somebody may be parked: the release wakes one
 *
 * A waiter spins, yields, then parks for a short time at a time; nobody ever waits without looking. The word is
 * changed by Atomics only. Whoever gets it from a dead owner, or finds it held by itself (an earlier call of this
 * Worker was thrown out of the allocator, for instance by a stack overflow), must repair before it goes on.
 */
import { LOCK_PARK_MS, LOCK_SPINS, LOCK_YIELDS } from "../core/tunables.ts";
import type { Address } from "../core/types.ts";
import { CONTROL_AREA, ControlWord } from "../memory/layout.ts";
import type { ThreadSource } from "../memory/platform.ts";
import type { Control } from "./control.ts";
import type { Slots } from "./slots.ts";

const CONTENDED = 1 << 30;
const WORD = (CONTROL_AREA + ControlWord.lock) | 0;

export class Lock {
  private readonly address: Address;

  constructor(
    private readonly control: Control,
    private readonly slots: Slots,
    private readonly threads: ThreadSource,
  ) {
    this.address = (control.base + WORD * 4) as Address;
  }

  /** Takes the lock. Not 0: it was taken over from this owner, which did not release it; repair first. */
  acquire(token: number): number {
    const words = this.control.words;
    if (Atomics.compareExchange(words, WORD, 0, token) === 0) return 0;
    for (let turn = 0; turn < LOCK_SPINS + LOCK_YIELDS; turn++) {
      if (turn >= LOCK_SPINS) this.threads.yield();
      if (Atomics.load(words, WORD) === 0 && Atomics.compareExchange(words, WORD, 0, token) === 0) return 0;
    }
    return this.wait(token);
  }

  release(): void {
    const words = this.control.words;
    if ((Atomics.exchange(words, WORD, 0) & CONTENDED) !== 0) this.threads.unpark(this.address, 1);
  }

  /** The token of the present owner, 0 = free. */
  holder(): number {
    return Atomics.load(this.control.words, WORD) & ~CONTENDED;
  }

  private wait(token: number): number {
    const words = this.control.words;
    for (;;) {
      const seen = Atomics.load(words, WORD);
      if (seen === 0) {
        // Others may be parked too: keep the mark, the release then wakes the next.
        if (Atomics.compareExchange(words, WORD, 0, token | CONTENDED) === 0) return 0;
        continue;
      }
      const owner = seen & ~CONTENDED;
      if (owner === token || !this.slots.tokenLives(owner)) {
        if (Atomics.compareExchange(words, WORD, seen, token | CONTENDED) === seen) return owner;
        continue;
      }
      const marked = seen | CONTENDED;
      if (seen !== marked && Atomics.compareExchange(words, WORD, seen, marked) !== seen) continue;
      this.threads.park(this.address, marked, LOCK_PARK_MS);
    }
  }
}
