/** What the kernel says about the process's mappings, from /proc/self/smaps. Linux only; for tests. */
import { readFileSync } from "node:fs";

export interface Mapping {
  readonly start: number;
  /** First address after the mapping. */
  readonly end: number;
  /** As in the file, for instance `rw-p`. */
  readonly permissions: string;
  /** Bytes of the whole mapping in physical memory, without the shared zero page. */
  readonly residentBytes: number;
  /** The kernel's two-letter flags, for instance `hg` and `nh`: huge pages are wanted, or not wanted. */
  readonly flags: readonly string[];
}

/** `7f00-7f10 rw-p 00000000 00:00 0`, the first line of an entry; the lines after it have a name and a colon. */
const FIRST_LINE = /^([0-9a-f]+)-([0-9a-f]+) ([rwxsp-]{4}) /;
const RESIDENT_LINE = /^Rss: +(\d+) kB$/;
/** The last line of an entry. */
const FLAGS_LINE = /^VmFlags: (.*)$/;

/**
 * The mappings that overlap a range of addresses, whole, in the order of their addresses. The kernel merges
 * neighbours of equal permissions whoever mapped them: one mapping may hold more than was asked about.
 */
export function mappingsIn(address: number, byteLength: number): Mapping[] {
  return parseMappings(readFileSync("/proc/self/smaps", "latin1")).filter(
    (mapping) => mapping.start < address + byteLength && mapping.end > address,
  );
}

/** Resident bytes of the mappings that overlap a range of addresses. */
export function residentBytesIn(address: number, byteLength: number): number {
  return mappingsIn(address, byteLength).reduce((sum, mapping) => sum + mapping.residentBytes, 0);
}

export function parseMappings(smaps: string): Mapping[] {
  const mappings: Mapping[] = [];
  let first: RegExpExecArray | null = null;
  let residentKiB = "0";
  for (const line of smaps.split("\n")) {
    first = FIRST_LINE.exec(line) ?? first;
    residentKiB = RESIDENT_LINE.exec(line)?.[1] ?? residentKiB;
    const flags = FLAGS_LINE.exec(line)?.[1];
    if (first === null || flags === undefined) continue;
    mappings.push({
      start: Number.parseInt(first[1]!, 16),
      end: Number.parseInt(first[2]!, 16),
      permissions: first[3]!,
      residentBytes: Number(residentKiB) * 1024,
      flags: flags.trim().split(" "),
    });
  }
  return mappings;
}
