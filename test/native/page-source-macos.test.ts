/** What the page source does where the system has neither MAP_FIXED_NOREPLACE nor mremap, on a pretended libc. */
import { describe, expect, test } from "bun:test";
import type { MacosLibc } from "../../native/libc.ts";
import { NativePageSource } from "../../native/page-source.ts";
import { systemFor } from "../../native/system.ts";
import { MacosThreadSource } from "../../native/threads-macos.ts";
import type { Address, ThreadId } from "../../src/core/types.ts";

const HINT = 0x3e00_0000_0000 as Address;
const ELSEWHERE = 0x1_0000_0000;

function fakeLibc(overrides: Partial<MacosLibc>): MacosLibc {
  const system = systemFor("darwin", "arm64");
  return { system, getpagesize: () => 16384, getpid: () => 1, ...overrides } as MacosLibc;
}

describe("page source without the calls of Linux", () => {
  test("a mapping that comes out elsewhere is undone and refused with EEXIST", () => {
    const unmapped: number[][] = [];
    const pages = new NativePageSource(
      fakeLibc({
        mmap: () => ELSEWHERE,
        munmap: (...range) => unmapped.push(range) && 0,
      }),
    );
    expect(pages.reserve(65536, HINT)).toBe(-17);
    expect(unmapped).toEqual([[ELSEWHERE, 65536]]);
    expect(pages.reserve(65536, 0)).toBe(ELSEWHERE);
  });

  test("release maps fresh pages in place", () => {
    const calls: number[][] = [];
    const pages = new NativePageSource(
      fakeLibc({
        mmap: (...call) => {
          calls.push(call);
          return call[0];
        },
      }),
    );
    expect(pages.release(HINT, 65536)).toBe(0);
    const [PROT_READ_WRITE, MAP_PRIVATE_FIXED_ANON] = [3, 0x1012];
    expect(calls).toEqual([[HINT, 65536, PROT_READ_WRITE, MAP_PRIVATE_FIXED_ANON, -1, 0]]);
  });

  test("remap is refused with ENOSYS", () => {
    const pages = new NativePageSource(fakeLibc({}));
    expect(pages.describeError(pages.remap(HINT, 16384, 32768, 0))).toStartWith("ENOSYS");
  });
});

describe("threads of macOS", () => {
  test("a timeout of 0 is never passed on, because it would mean for ever", () => {
    const timeouts: number[] = [];
    const libc = fakeLibc({
      __ulock_wait: (_operation, _address, _value, timeoutUs) => timeouts.push(timeoutUs),
    });
    const threads = new MacosThreadSource(libc);
    for (const timeoutMs of [0, 0.0001, 1.5, 1e12, Number.POSITIVE_INFINITY])
      threads.park(HINT, -1, timeoutMs);
    expect(timeouts).toEqual([1, 1, 1500, 2 ** 31, 2 ** 31]);
  });

  test("waking stops when nobody waits any more", () => {
    const results = [0, 0, -2];
    const threads = new MacosThreadSource(fakeLibc({ __ulock_wake: () => results.shift()! }));
    threads.unpark(HINT, 10);
    expect(results).toEqual([]);
  });

  test("a thread is dead only if the system says ESRCH", () => {
    const thread = 5 as ThreadId;
    const [ESRCH, EPERM] = [3, 1];
    const withErrno = (errno: number) =>
      new MacosThreadSource(fakeLibc({ proc_pidinfo: () => 0, errno: () => errno }));
    expect(withErrno(ESRCH).isAlive(thread)).toBe(false);
    expect(withErrno(EPERM).isAlive(thread)).toBe(true);
  });
});
