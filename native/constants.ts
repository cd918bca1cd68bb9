/**
 * Numbers of the C headers, one table per system. glibc and musl share the Linux ones: they belong to the kernel.
 * Each name stands with the header that defines it; `test/native/constants.test.ts` has the C compiler print those of
 * the machine it runs on and compares.
 */

/** Arguments of the memory calls. `undefined` = the system has no such thing. */
export interface MemoryConstants {
  readonly PROT_NONE: number;
  readonly PROT_READ: number;
  readonly PROT_WRITE: number;
  readonly MAP_PRIVATE: number;
  readonly MAP_FIXED: number;
  readonly MAP_ANONYMOUS: number;
  readonly MAP_NORESERVE: number;
  readonly MAP_FIXED_NOREPLACE: number | undefined;
  readonly MADV_DONTNEED: number | undefined;
  readonly MADV_HUGEPAGE: number | undefined;
  readonly MADV_NOHUGEPAGE: number | undefined;
  readonly MREMAP_MAYMOVE: number | undefined;
  readonly MREMAP_FIXED: number | undefined;
  readonly CLOCK_MONOTONIC: number;
}

/** The same on x64 and arm64. */
export const LINUX_MEMORY: MemoryConstants = {
  // <bits/mman-linux.h> of glibc, <sys/mman.h> of musl, <asm-generic/mman-common.h> of the kernel
  PROT_NONE: 0x0,
  PROT_READ: 0x1,
  PROT_WRITE: 0x2,
  MAP_PRIVATE: 0x02,
  MAP_FIXED: 0x10,
  MAP_ANONYMOUS: 0x20,
  // <bits/mman-map-flags-generic.h> of glibc, <asm-generic/mman-common.h> of the kernel
  MAP_NORESERVE: 0x4000,
  MAP_FIXED_NOREPLACE: 0x100000,
  // <bits/mman-linux.h>
  MADV_DONTNEED: 4,
  MADV_HUGEPAGE: 14,
  MADV_NOHUGEPAGE: 15,
  // <bits/mman-shared.h> of glibc, <linux/mman.h> of the kernel
  MREMAP_MAYMOVE: 1,
  MREMAP_FIXED: 2,
  // <bits/time.h>, <linux/time.h>
  CLOCK_MONOTONIC: 1,
};

/** The same on x64 and arm64. */
export const MACOS_MEMORY: MemoryConstants = {
  // <sys/mman.h> of the macOS SDK
  PROT_NONE: 0x00,
  PROT_READ: 0x01,
  PROT_WRITE: 0x02,
  MAP_PRIVATE: 0x0002,
  MAP_FIXED: 0x0010,
  MAP_ANONYMOUS: 0x1000,
  MAP_NORESERVE: 0x0040,
  MAP_FIXED_NOREPLACE: undefined,
  // Advice only on macOS: the pages need not read as zero afterwards.
  MADV_DONTNEED: undefined,
  MADV_HUGEPAGE: undefined,
  MADV_NOHUGEPAGE: undefined,
  MREMAP_MAYMOVE: undefined,
  MREMAP_FIXED: undefined,
  // <time.h> of the macOS SDK, _CLOCK_MONOTONIC
  CLOCK_MONOTONIC: 6,
};

/** Numbers of Linux system calls made through `syscall()`. */
export interface SyscallNumbers {
  readonly read: number;
  readonly openat: number;
  readonly close: number;
  readonly gettid: number;
  readonly tgkill: number;
  readonly futex: number;
}

/** <asm/unistd_64.h> of x86. */
export const LINUX_X64_SYSCALLS: SyscallNumbers = {
  read: 0,
  openat: 257,
  close: 3,
  gettid: 186,
  tgkill: 234,
  futex: 202,
};

/** <asm-generic/unistd.h>, which arm64 uses unchanged. */
export const LINUX_ARM64_SYSCALLS: SyscallNumbers = {
  read: 63,
  openat: 56,
  close: 57,
  gettid: 178,
  tgkill: 131,
  futex: 98,
};

/** <linux/futex.h>: FUTEX_WAIT and FUTEX_WAKE with FUTEX_PRIVATE_FLAG (128), which keeps them within the process. */
export const FUTEX_WAIT_PRIVATE = 0 | 128;
export const FUTEX_WAKE_PRIVATE = 1 | 128;

/** <bits/fcntl-linux.h>, <linux/fcntl.h>; equal on x64 and arm64. */
export const O_RDONLY = 0;
export const O_CLOEXEC = 0o2000000;
export const AT_FDCWD = -100;

/** <sys/ulock.h> of xnu (not part of the SDK; libc++ waits by it). */
export const UL_COMPARE_AND_WAIT = 1;
export const ULF_NO_ERRNO = 0x01000000;

/** <sys/proc_info.h> of the macOS SDK: flavour of `proc_pidinfo` and the size of its `struct proc_threadinfo`. */
export const PROC_PIDTHREADID64INFO = 15;
export const PROC_THREADINFO_BYTES = 112;
