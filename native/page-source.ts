/** Pages of the operating system, through libc. */
import { type Pointer, toArrayBuffer } from "bun:ffi";
import type { Address } from "../src/core/types.ts";
import type { PageSource, SystemResult } from "../src/platform/platform.ts";
import { describeErrno, errnoOf } from "./errno.ts";
import { isLinux, type Libc, type LinuxLibc } from "./libc.ts";
import { ProcFile } from "./proc-file.ts";

export class NativePageSource implements PageSource {
  readonly pageSize: number;
  readonly #libc: Libc;
  readonly #readWrite: number;
  readonly #anonymous: number;
  #mappingsMost: number | undefined;

  constructor(libc: Libc) {
    const { memory } = libc.system;
    this.#libc = libc;
    this.#readWrite = memory.PROT_READ | memory.PROT_WRITE;
    this.#anonymous = memory.MAP_PRIVATE | memory.MAP_ANONYMOUS;
    this.pageSize = libc.getpagesize();
  }

  reserve(byteLength: number, hint: Address | 0): SystemResult {
    const { PROT_NONE, MAP_NORESERVE } = this.#libc.system.memory;
    return this.#mapAt(hint, byteLength, PROT_NONE, this.#anonymous | MAP_NORESERVE);
  }

  map(byteLength: number, hint: Address | 0): SystemResult {
    return this.#mapAt(hint, byteLength, this.#readWrite, this.#anonymous);
  }

  commit(address: Address, byteLength: number): SystemResult {
    return this.#checked(this.#libc.mprotect(address, byteLength, this.#readWrite));
  }

  mappingsMost(): number {
    this.#mappingsMost ??= isLinux(this.#libc) ? readMappingsMost(this.#libc) : Infinity;
    return this.#mappingsMost;
  }

  adviseHuge(address: Address, byteLength: number, wanted: boolean): SystemResult {
    const libc = this.#libc;
    if (!isLinux(libc)) return 0;
    const { MADV_HUGEPAGE, MADV_NOHUGEPAGE } = libc.system.memory;
    return this.#checked(libc.madvise(address, byteLength, wanted ? MADV_HUGEPAGE! : MADV_NOHUGEPAGE!));
  }

  release(address: Address, byteLength: number): SystemResult {
    const libc = this.#libc;
    if (isLinux(libc)) {
      return this.#checked(libc.madvise(address, byteLength, libc.system.memory.MADV_DONTNEED!));
    }
    // The advices of macOS do not promise zeros. Fresh pages in the same place do.
    const flags = this.#anonymous | libc.system.memory.MAP_FIXED;
    const result = this.#checked(libc.mmap(address, byteLength, this.#readWrite, flags, -1, 0));
    return Math.min(result, 0);
  }

  remap(address: Address, oldByteLength: number, newByteLength: number, target: Address | 0): SystemResult {
    const libc = this.#libc;
    if (!isLinux(libc)) return -errnoOf(this.#libc.system.errno, "ENOSYS");
    const { MREMAP_MAYMOVE, MREMAP_FIXED } = libc.system.memory;
    const flags = target === 0 ? 0 : MREMAP_MAYMOVE! | MREMAP_FIXED!;
    return this.#checked(libc.mremap(address, oldByteLength, newByteLength, flags, target));
  }

  unmap(address: Address, byteLength: number): SystemResult {
    return this.#checked(this.#libc.munmap(address, byteLength));
  }

  isMapping(address: Address, byteLength: number): boolean {
    const libc = this.#libc;
    if (!isLinux(libc)) return true;
    const range = `${address.toString(16)}-${(address + byteLength).toString(16)} rw-p 00000000 00:00 0`;
    return new ProcFile(libc).hasLine("/proc/self/maps", range) ?? true;
  }

  words(address: Address, byteLength: number): Int32Array {
    return new Int32Array(toArrayBuffer(address as number as Pointer, 0, byteLength));
  }

  buffer(address: Address, byteLength: number): ArrayBuffer {
    // A length of 0 would mean to toArrayBuffer: up to the first zero byte.
    if (byteLength === 0) return new ArrayBuffer(0);
    return toArrayBuffer(address as number as Pointer, 0, byteLength);
  }

  copy(target: Address, source: Address, byteLength: number): void {
    this.#libc.memmove(target, source, byteLength);
  }

  fill(target: Address, byte: number, byteLength: number): void {
    this.#libc.memset(target, byte, byteLength);
  }

  compare(one: Address, other: Address, byteLength: number): number {
    return this.#libc.memcmp(one, other, byteLength);
  }

  describeError(errno: number): string {
    return describeErrno(this.#libc.system.errno, errno);
  }

  /**
   * A hint is passed as an address that must be free. Linux before 4.17 ignores MAP_FIXED_NOREPLACE and macOS has
   * none: there the address is a wish, and a mapping that came out elsewhere is undone and refused.
   */
  #mapAt(hint: Address | 0, byteLength: number, protection: number, flags: number): SystemResult {
    const exact = hint === 0 ? 0 : (this.#libc.system.memory.MAP_FIXED_NOREPLACE ?? 0);
    const result = this.#checked(this.#libc.mmap(hint, byteLength, protection, flags | exact, -1, 0));
    if (hint === 0 || result < 0 || result === hint) return result;
    this.#libc.munmap(result, byteLength);
    return -errnoOf(this.#libc.system.errno, "EEXIST");
  }

  /** The result of a call, with -errno in place of its -1. */
  #checked(result: number): SystemResult {
    return result === -1 ? -this.#libc.errno() : result;
  }
}

function readMappingsMost(libc: LinuxLibc): number {
  const file = new ProcFile(libc);
  const length = file.read("/proc/sys/vm/max_map_count");
  if (length <= 0) return Infinity;
  return Number.parseInt(String.fromCharCode(...file.text.subarray(0, length)), 10);
}
