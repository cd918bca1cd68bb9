/**
 * The C library, opened once per Worker at the first use and never closed: a `close` would pull the functions from
 * under the calls of other objects that share the handle.
 *
 * Addresses and lengths go in as `ptr`, which takes any number up to 2^53 and is the quickest type of bun:ffi (a pair
 * of malloc and free costs 14 ns, with integer types 21). They come out as `FFIType.i64_fast`, so that MAP_FAILED is
 * -1 and a null pointer 0; as `ptr` they would be the BigInt 2^64 - 1 and `null`.
 */
import { dlopen, type FFIFunction, FFIType, type Pointer, read } from "bun:ffi";
import { type LinuxSystem, type MacosSystem, type System, systemFor } from "./system.ts";

/** Every call returns -1 on failure and leaves the reason in errno, unless said otherwise. Lengths are bytes. */
interface CommonLibc {
  mmap(address: number, length: number, protection: number, flags: number, fd: number, at: number): number;
  munmap(address: number, length: number): number;
  mprotect(address: number, length: number, protection: number): number;
  memmove(target: number, source: number, length: number): void;
  memset(target: number, byte: number, length: number): void;
  memcmp(one: number, other: number, length: number): number;
  getpagesize(): number;
  getpid(): number;
  sched_yield(): number;
  clock_gettime(clock: number, timespecAddress: number): number;
  /** errno of the calling thread. Only valid directly after the call that failed. Never 0. */
  errno(): number;
}

export interface LinuxLibc extends CommonLibc {
  readonly system: LinuxSystem;
  madvise(address: number, length: number, advice: number): number;
  /** `target` counts with MREMAP_FIXED only. */
  mremap(address: number, oldLength: number, newLength: number, flags: number, target: number): number;
  syscall(number: number, a: number, b: number, c: number, d: number, e: number, f: number): number;
}

export interface MacosLibc extends CommonLibc {
  readonly system: MacosSystem;
  pthread_threadid_np(pthread: number, idAddress: number): number;
  proc_pidinfo(pid: number, flavor: number, argument: number, buffer: number, size: number): number;
  __ulock_wait(operation: number, address: number, value: number, timeoutUs: number): number;
  __ulock_wake(operation: number, address: number, wakeValue: number): number;
}

export type Libc = LinuxLibc | MacosLibc;

/** Tells the two apart for the compiler, which cannot do it by a member of a member. */
export function isLinux(library: Libc): library is LinuxLibc {
  return library.system.kind === "linux";
}

type Symbols = Record<string, FFIFunction>;

/** The type of results that are addresses and of arguments that may be negative; see the head of this file. */
export const i64 = FFIType.i64_fast;

const COMMON: Symbols = {
  mmap: { args: ["ptr", "ptr", "i32", "i32", "i32", i64], returns: i64 },
  munmap: { args: ["ptr", "ptr"], returns: "i32" },
  mprotect: { args: ["ptr", "ptr", "i32"], returns: "i32" },
  memmove: { args: ["ptr", "ptr", "ptr"], returns: "void" },
  memset: { args: ["ptr", "i32", "ptr"], returns: "void" },
  memcmp: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  getpagesize: { args: [], returns: "i32" },
  getpid: { args: [], returns: "i32" },
  sched_yield: { args: [], returns: "i32" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
};

const LINUX: Symbols = {
  madvise: { args: ["ptr", "ptr", "i32"], returns: "i32" },
  mremap: { args: ["ptr", "ptr", "ptr", "i32", "ptr"], returns: i64 },
  syscall: { args: [i64, i64, i64, i64, i64, i64, i64], returns: i64 },
};

const MACOS: Symbols = {
  pthread_threadid_np: { args: ["ptr", "ptr"], returns: "i32" },
  proc_pidinfo: { args: ["i32", "i32", i64, "ptr", "i32"], returns: "i32" },
  __ulock_wait: { args: ["u32", "ptr", i64, "u32"], returns: "i32" },
  __ulock_wake: { args: ["u32", "ptr", i64], returns: "i32" },
};

let opened: Libc | undefined;

/** libc of this process. Throws on a system that is not supported or where libc cannot be found. */
export function libc(): Libc {
  opened ??= open(systemFor(process.platform, process.arch));
  return opened;
}

function open(system: System): Libc {
  const functions = openLibrary(system.libraries, {
    ...COMMON,
    ...(system.kind === "linux" ? LINUX : MACOS),
    [system.errnoLocation]: { args: [], returns: "ptr" },
  });
  const errnoLocation = functions[system.errnoLocation] as () => Pointer;
  const EIO = 5; // stands in for an errno that something cleared, so that a failure never looks like success
  const errno = () => read.i32(errnoLocation(), 0) || EIO;
  return { ...functions, system, errno } as unknown as Libc;
}

/** The given functions of the first library that can be opened. Throws an error that lists every attempt. */
export function openLibrary<Name extends string>(
  libraries: readonly string[],
  symbols: Record<Name, FFIFunction>,
): Record<Name, unknown> {
  const failures: string[] = [];
  for (const library of libraries) {
    try {
      return dlopen(library, symbols).symbols;
    } catch (error) {
      failures.push(`${library}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`could not open the C library.\n${failures.join("\n")}`);
}
