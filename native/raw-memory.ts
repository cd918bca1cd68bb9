/** Access to memory at any address, for the tests and the stress runner. A wrong address ends the process. */

import { read as ffiRead, type Pointer, toArrayBuffer } from "bun:ffi";
import { readFileSync } from "node:fs";
import { libc, openLibrary } from "./libc.ts";
import { stableAddress } from "./stable-address.ts";

/** bun:ffi's own `read`, to measure against. */
export { ffiRead };

/** memmove of `byteLength` bytes; the ranges may overlap. */
export function copyMemory(target: number, source: number, byteLength: number): void {
  libc().memmove(target, source, byteLength);
}

/** memset of `byteLength` bytes to `byte` (0 to 255). */
export function fillMemory(target: number, byte: number, byteLength: number): void {
  libc().memset(target, byte, byteLength);
}

/** memcmp: 0 if `byteLength` bytes are equal, otherwise negative or positive like the first that differs. */
export function compareMemory(a: number, b: number, byteLength: number): number {
  return libc().memcmp(a, b, byteLength);
}

/** Address of the first byte of a view. The caller keeps the view alive while using it. */
export function addressOf(view: NodeJS.TypedArray | DataView): number {
  return stableAddress(view);
}

/** A new view of `byteLength` bytes, with an ArrayBuffer of its own. The memory must outlive it. */
export function bytesAt(address: number, byteLength: number): Uint8Array {
  // A length of 0 would mean to toArrayBuffer: up to the first zero byte.
  if (byteLength === 0) return new Uint8Array(0);
  return new Uint8Array(toArrayBuffer(address as Pointer, 0, byteLength));
}

/**
 * Bytes of this process in physical memory, from /proc/self/statm. Exact, except on Linux 6.2 to 6.15, where the
 * kernel leaves up to 64 pages per processor out of the sum.
 */
export function residentBytes(): number {
  const pages = statm();
  return pages === null ? process.memoryUsage.rss() : pages.resident * libc().getpagesize();
}

/**
 * The same without the pages of files, which are the runtime's program: they come and go as the system likes. On macOS
 * nobody tells them apart.
 */
export function anonymousBytes(): number {
  const pages = statm();
  return pages === null ? residentBytes() : (pages.resident - pages.ofFiles) * libc().getpagesize();
}

/** In pages; null = not on this system. */
function statm(): { resident: number; ofFiles: number } | null {
  if (libc().system.kind !== "linux") return null;
  const [, resident, ofFiles] = readFileSync("/proc/self/statm", "latin1").split(" ");
  return { resident: Number(resident), ofFiles: Number(ofFiles) };
}

let trim: ((keepBytes: number) => number) | null | undefined;

/** malloc_trim: libc gives its free memory back to the system. Returns false where there is no such function. */
export function trimLibc(): boolean {
  if (trim === undefined) trim = findTrim();
  trim?.(0);
  return trim !== null;
}

function findTrim(): ((keepBytes: number) => number) | null {
  try {
    const symbols = openLibrary(libc().system.libraries, {
      malloc_trim: { args: ["ptr"], returns: "i32" },
    });
    return symbols.malloc_trim as (keepBytes: number) => number;
  } catch {
    return null; // only glibc has it
  }
}
