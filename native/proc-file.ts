/**
 * Small files of /proc, read by raw system calls into one buffer. Importing `node:fs`, or the first use of the string
 * functions, would cost a Worker's start more than the reading.
 */
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from "./constants.ts";
import type { LinuxLibc } from "./libc.ts";
import { stableAddress } from "./stable-address.ts";

/** What is read at a time. Where the kernel's pages are larger, or this runs under an emulator, that may end in the middle of a line. */
const BYTES = 4096;

export class ProcFile {
  /** What was read last. */
  readonly text = new Uint8Array(BYTES);
  readonly #libc: LinuxLibc;
  readonly #address: number = stableAddress(this.text);

  constructor(libc: LinuxLibc) {
    this.#libc = libc;
  }

  /** Reads the start of a file into `text`. Returns its length, negative if it cannot be read. */
  read(path: string): number {
    const file = this.#open(path);
    if (file < 0) return file;
    const length = this.#next(file);
    this.#close(file);
    return length;
  }

  /** Whether a line of a file begins with `start`; `undefined` if the file cannot be read. */
  hasLine(path: string, start: string): boolean | undefined {
    const file = this.#open(path);
    if (file < 0) return undefined;
    const search = new LineSearch(start);
    let found = false;
    for (let length = this.#next(file); length > 0 && !found; length = this.#next(file)) {
      found = search.goesOn(this.text, length);
    }
    this.#close(file);
    return found;
  }

  #open(path: string): number {
    for (let i = 0; i < path.length; i++) this.text[i] = path.charCodeAt(i);
    this.text[path.length] = 0;
    const { openat } = this.#libc.system.syscalls;
    return this.#libc.syscall(openat, AT_FDCWD, this.#address, O_RDONLY | O_CLOEXEC, 0, 0, 0);
  }

  #next(file: number): number {
    return this.#libc.syscall(this.#libc.system.syscalls.read, file, this.#address, BYTES, 0, 0, 0);
  }

  #close(file: number): void {
    this.#libc.syscall(this.#libc.system.syscalls.close, file, 0, 0, 0, 0, 0);
  }
}

const NEWLINE = 0x0a;

/** Looks for a line by its beginning, in a text that comes in pieces. */
export class LineSearch {
  /** How many characters the present line has in common with the beginning, as far as it has come; -1: it has others. */
  private same = 0;

  constructor(private readonly start: string) {}

  /** Whether the line is found in the next `length` bytes of the text. */
  goesOn(text: Uint8Array, length: number): boolean {
    const { start } = this;
    for (let at = 0; at < length; ) {
      let { same } = this;
      while (same >= 0 && same < start.length && at < length && text[at] === start.charCodeAt(same)) {
        same++;
        at++;
      }
      if (same === start.length) return true;
      this.same = same;
      if (at === length) return false;
      const end = text.indexOf(NEWLINE, at);
      // What an earlier, longer piece has left behind this one does not count.
      if (end < 0 || end >= length) {
        this.same = -1;
        return false;
      }
      this.same = 0;
      at = end + 1;
    }
    return false;
  }
}
