/** The processor time of the calling thread: nothing that other threads and programs do on the machine is in it. */
import { Timespec } from "../native/clock.ts";
import { libc } from "../native/libc.ts";

/** CLOCK_THREAD_CPUTIME_ID. */
const CLOCK = { linux: 3, macos: 16 };

const NS_IN_MS = 1e6;

/** A clock in nanoseconds. `process.threadCpuUsage()` goes on only with each tick of the system, every few milliseconds. */
export function threadClock(): () => number {
  const { clock_gettime, system } = libc();
  const time = new Timespec();
  const clock = CLOCK[system.kind];
  return () => {
    clock_gettime(clock, time.address);
    return time.ms * NS_IN_MS;
  };
}
