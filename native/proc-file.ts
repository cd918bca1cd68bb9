/**
 * Small files of /proc, read by raw system calls into one buffer. Importing `node:fs`, or the first use of the string
 * functions, would cost a Worker's start more than the reading.
 */
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from "./constants.ts";
import type { LinuxLibc } from "./libc.ts";
import { stableAddress } from "./stable-address.ts";

/** The kernel gives at most a page at a time, whole lines of it. */
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
    let found = false;
    for (let length = this.#next(file); length > 0 && !found; length = this.#next(file)) {
      found = beginsLine(this.text, length, start);
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

function beginsLine(text: Uint8Array, length: number, start: string): boolean {
  for (let line = 0; line < length; line = text.indexOf(NEWLINE, line) + 1 || length) {
    let same = 0;
    while (same < start.length && text[line + same] === start.charCodeAt(same)) same++;
    if (same === start.length) return true;
  }
  return false;
}
