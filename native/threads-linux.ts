/**
 * Threads of Linux, by raw system calls: glibc has no `futex`, musl no `tgkill`, and one `syscall` symbol costs less
 * start-up time than seven.
 */
import type { Address, ThreadId } from "../src/core/types.ts";
import type { ThreadSource } from "../src/platform/platform.ts";
import { MonotonicClock, Timespec } from "./clock.ts";
import { FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE } from "./constants.ts";
import { errnoOf } from "./errno.ts";
import type { LinuxLibc } from "./libc.ts";
import { ProcFile } from "./proc-file.ts";

/** The start time is field 22 of /proc/PID/stat; field 2 ends with the closing parenthesis. */
const SPACES_BEFORE_START_TIME = 22 - 2;
const SPACE = 0x20;
const CLOSING_PARENTHESIS = 0x29;
const DIGIT_ZERO = 0x30;

export class LinuxThreadSource implements ThreadSource {
  readonly cores: number = navigator.hardwareConcurrency;
  readonly #libc: LinuxLibc;
  readonly #process: number;
  readonly #clock: MonotonicClock;
  readonly #timeout = new Timespec();
  readonly #file: ProcFile;

  constructor(libc: LinuxLibc) {
    this.#libc = libc;
    this.#file = new ProcFile(libc);
    this.#process = libc.getpid();
    this.#clock = new MonotonicClock(libc);
  }

  current(): ThreadId {
    return this.#syscall("gettid", 0, 0, 0, 0) as ThreadId;
  }

  processId(): number {
    return this.#process;
  }

  /** In clock ticks (1/100 s) since the system's start, kept to 31 bits; it repeats after 248 days. */
  startTime(thread: ThreadId): number {
    const length = this.#file.read(`/proc/self/task/${thread}/stat`);
    return length > 0 ? startTicks(this.#file.text, length) % 2 ** 31 || 1 : 0;
  }

  /** Only ESRCH means dead: a sandbox that forbids `tgkill` must not make living threads look dead. */
  isAlive(thread: ThreadId): boolean {
    if (thread <= 0) return false;
    if (this.#syscall("tgkill", this.#process, thread, 0, 0) === 0) return true;
    return this.#libc.errno() !== errnoOf(this.#libc.system.errno, "ESRCH");
  }

  park(address: Address, expected: number, timeoutMs: number): void {
    this.#timeout.ms = timeoutMs;
    this.#syscall("futex", address, FUTEX_WAIT_PRIVATE, expected, this.#timeout.address);
  }

  unpark(address: Address, count: number): void {
    this.#syscall("futex", address, FUTEX_WAKE_PRIVATE, count, 0);
  }

  yield(): void {
    this.#libc.sched_yield();
  }

  now(): number {
    return this.#clock.now();
  }

  #syscall(name: keyof LinuxLibc["system"]["syscalls"], a: number, b: number, c: number, d: number): number {
    return this.#libc.syscall(this.#libc.system.syscalls[name], a, b, c, d, 0, 0);
  }
}

/**
 * Field 22 of a line of /proc/PID/stat. Field 2 is the thread's name in parentheses and may itself contain spaces and
 * parentheses, so that counting starts at the last one. By hand, because the first use of the string functions
 * would cost half a millisecond of a Worker's start.
 */
export function startTicks(line: Uint8Array, length: number): number {
  let at = length - 1;
  while (at > 0 && line[at] !== CLOSING_PARENTHESIS) at--;
  for (let spaces = 0; spaces < SPACES_BEFORE_START_TIME && at < length; at++) {
    if (line[at] === SPACE) spaces++;
  }
  let ticks = 0;
  for (; at < length && line[at] !== SPACE; at++) ticks = ticks * 10 + line[at]! - DIGIT_ZERO;
  return ticks;
}
