/** Which operating system this is, and everything that differs by system, as data. */
import {
  LINUX_ARM64_SYSCALLS,
  LINUX_MEMORY,
  LINUX_X64_SYSCALLS,
  MACOS_MEMORY,
  type MemoryConstants,
  type SyscallNumbers,
} from "./constants.ts";
import { type ErrnoTable, LINUX_ERRNO, MACOS_ERRNO } from "./errno.ts";

interface CommonSystem {
  /** Names under which the dynamic loader may know libc, the likeliest first. */
  readonly libraries: readonly string[];
  /** The function that returns the address of the calling thread's errno. */
  readonly errnoLocation: "__errno_location" | "__error";
  readonly memory: MemoryConstants;
  readonly errno: ErrnoTable;
}

export interface LinuxSystem extends CommonSystem {
  readonly kind: "linux";
  readonly syscalls: SyscallNumbers;
}

export interface MacosSystem extends CommonSystem {
  readonly kind: "macos";
}

export type System = LinuxSystem | MacosSystem;

function linux(syscalls: SyscallNumbers, muslName: string): LinuxSystem {
  return {
    kind: "linux",
    // musl's loader answers to the first name as well: it takes every libc.so for itself.
    libraries: ["libc.so.6", `libc.musl-${muslName}.so.1`],
    errnoLocation: "__errno_location",
    memory: LINUX_MEMORY,
    errno: LINUX_ERRNO,
    syscalls,
  };
}

const MACOS: MacosSystem = {
  kind: "macos",
  libraries: ["libSystem.B.dylib"],
  errnoLocation: "__error",
  memory: MACOS_MEMORY,
  errno: MACOS_ERRNO,
};

/** The system for the names that `process.platform` and `process.arch` use. Throws for one that is not supported. */
export function systemFor(platform: string, arch: string): System {
  switch (`${platform}-${arch}`) {
    case "linux-x64":
      return linux(LINUX_X64_SYSCALLS, "x86_64");
    case "linux-arm64":
      return linux(LINUX_ARM64_SYSCALLS, "aarch64");
    case "darwin-x64":
    case "darwin-arm64":
      return MACOS;
    default:
      throw new Error(
        `Husky does not run on ${platform} ${arch}. Supported are Linux (glibc and musl) and macOS, on x64 and arm64.`,
      );
  }
}
