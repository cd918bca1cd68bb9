/** Threads of macOS. Written from knowledge of the system's headers, which were not at hand; never run by the authors on a Mac. */
import type { Address, ThreadId } from "../src/core/types.ts";
import type { ThreadSource } from "../src/platform/platform.ts";
import { MonotonicClock } from "./clock.ts";
import {
  PROC_PIDTHREADID64INFO,
  PROC_THREADINFO_BYTES,
  UL_COMPARE_AND_WAIT,
  ULF_NO_ERRNO,
} from "./constants.ts";
import { errnoOf } from "./errno.ts";
import type { MacosLibc } from "./libc.ts";
import { stableAddress } from "./stable-address.ts";

export class MacosThreadSource implements ThreadSource {
  readonly cores: number = navigator.hardwareConcurrency;
  readonly #libc: MacosLibc;
  readonly #process: number;
  readonly #clock: MonotonicClock;
  readonly #id = new Uint32Array(2);
  readonly #idAddress: number = stableAddress(this.#id);
  readonly #info = new Uint8Array(PROC_THREADINFO_BYTES);
  readonly #infoAddress: number = stableAddress(this.#info);

  constructor(libc: MacosLibc) {
    this.#libc = libc;
    this.#process = libc.getpid();
    this.#clock = new MonotonicClock(libc);
  }

  /** The kernel counts threads up from its start and never uses a number twice; the low half is enough. */
  current(): ThreadId {
    this.#libc.pthread_threadid_np(0, this.#idAddress);
    return (this.#id[0]! | 0) as ThreadId;
  }

  processId(): number {
    return this.#process;
  }

  /** Ids are not reused here, so that one value serves for all threads. */
  startTime(thread: ThreadId): number {
    return this.isAlive(thread) ? 1 : 0;
  }

  isAlive(thread: ThreadId): boolean {
    const size = this.#libc.proc_pidinfo(
      this.#process,
      PROC_PIDTHREADID64INFO,
      thread,
      this.#infoAddress,
      PROC_THREADINFO_BYTES,
    );
    return size > 0 || this.#libc.errno() !== errnoOf(this.#libc.system.errno, "ESRCH");
  }

  park(address: Address, expected: number, timeoutMs: number): void {
    // To __ulock_wait a timeout of 0 means for ever.
    const timeoutUs = Math.min(Math.max(Math.round(timeoutMs * 1000), 1), 2 ** 31);
    this.#libc.__ulock_wait(UL_COMPARE_AND_WAIT | ULF_NO_ERRNO, address, expected >>> 0, timeoutUs);
  }

  unpark(address: Address, count: number): void {
    for (let woken = 0; woken < count; woken++) {
      if (this.#libc.__ulock_wake(UL_COMPARE_AND_WAIT | ULF_NO_ERRNO, address, 0) < 0) return;
    }
  }

  yield(): void {
    this.#libc.sched_yield();
  }

  now(): number {
    return this.#clock.now();
  }
}
