/**
 * Reads lines of words and numbers from bytes. A recording has a million lines: no strings are made except for
 * error messages.
 */
import { RecordingError } from "./recording-error.ts";
import { hasMagic } from "./unpack.ts";

/** U+FEFF in UTF-8, which editors of Windows put in front of a text. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const NEWLINE = 10;
const ZERO = 48;
const NINE = 57;

/** Space, tab and the carriage return of files that went through Windows. */
function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13;
}

/** Value of a hexadecimal digit, -1 for any other byte. */
function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

export class TextScanner {
  readonly #bytes: Uint8Array;
  readonly #file: string;
  #line = 0;
  #position = 0;
  /** Where the current line ends; its newline, or the end of the bytes. Before the first line: the byte before it. */
  #end: number;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#file = file;
    this.#end = hasMagic(bytes, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length - 1 : -1;
  }

  /** Throws a RecordingError for the current line. An arrow, so that it can be handed on. */
  readonly fail = (what: string): never => {
    throw new RecordingError(this.#file, `line ${Math.max(this.#line, 1)}`, what);
  };

  /** Goes to the next line that holds something; false at the end of the text. */
  nextLine(): boolean {
    while (this.#end + 1 < this.#bytes.length) {
      this.#position = this.#end + 1;
      const newline = this.#bytes.indexOf(NEWLINE, this.#position);
      this.#end = newline === -1 ? this.#bytes.length : newline;
      this.#line++;
      if (!this.atEnd()) return true;
    }
    return false;
  }

  /** Nothing but blanks is left on the line. Skips them. */
  atEnd(): boolean {
    while (this.#position < this.#end && isBlank(this.#bytes[this.#position]!)) this.#position++;
    return this.#position === this.#end;
  }

  /** Takes the next word if it is `word` (ASCII). */
  takeWord(word: Uint8Array): boolean {
    if (this.atEnd() || this.#position + word.length > this.#end) return false;
    for (let i = 0; i < word.length; i++) if (this.#bytes[this.#position + i] !== word[i]) return false;
    const after = this.#position + word.length;
    if (after < this.#end && !isBlank(this.#bytes[after]!)) return false;
    this.#position = after;
    return true;
  }

  /** Takes a decimal number from 0 to the largest safe integer. `terminator`: a byte that must follow, and is taken. */
  number(what: string, terminator?: number): number {
    if (this.atEnd()) this.#missing(what);
    const start = this.#position;
    let value = 0;
    let at = start;
    for (; at < this.#end; at++) {
      const byte = this.#bytes[at]!;
      if (byte < ZERO || byte > NINE) break;
      value = value * 10 + (byte - ZERO);
    }
    if (at === start || value > Number.MAX_SAFE_INTEGER) {
      this.fail(`${what} is ${this.word()}, expected a number from 0 to ${Number.MAX_SAFE_INTEGER}`);
    }
    if (
      terminator === undefined ? at < this.#end && !isBlank(this.#bytes[at]!) : this.#bytes[at] !== terminator
    ) {
      this.fail(`${what} is ${this.word()}, expected a decimal number`);
    }
    this.#position = terminator === undefined ? at : at + 1;
    return value;
  }

  /** Takes a hexadecimal pointer, with or without 0x; a bigint where a number would lose digits. */
  pointer(what: string): number | bigint {
    if (this.atEnd()) this.#missing(what);
    const bytes = this.#bytes;
    let at = this.#position;
    if (bytes[at] === ZERO && at + 2 < this.#end && (bytes[at + 1]! | 32) === 120) at += 2;
    const start = at;
    let value = 0;
    for (; at < this.#end; at++) {
      const digit = hexDigit(bytes[at]!);
      if (digit === -1) break;
      value = value * 16 + digit;
    }
    if (at === start || value >= 2 ** 64 || (at < this.#end && !isBlank(bytes[at]!))) {
      this.fail(`${what} is ${this.word()}, expected a hexadecimal number below 2^64`);
    }
    this.#position = at;
    return value <= Number.MAX_SAFE_INTEGER
      ? value
      : BigInt(`0x${String.fromCharCode(...bytes.subarray(start, at))}`);
  }

  /** The next word as it stands, for messages: at most 40 characters. Does not take it. */
  word(): string {
    if (this.atEnd()) return "the end of the line";
    let end = this.#position;
    while (end < this.#end && end < this.#position + 40 && !isBlank(this.#bytes[end]!)) end++;
    return JSON.stringify(String.fromCharCode(...this.#bytes.subarray(this.#position, end)));
  }

  /** Takes a word of hexadecimal digits, of any length, without its value. */
  skipNumber(what: string): void {
    let at = this.atEnd() ? this.#missing(what) : this.#position;
    while (at < this.#end && hexDigit(this.#bytes[at]!) !== -1) at++;
    if (at === this.#position || (at < this.#end && !isBlank(this.#bytes[at]!))) {
      this.fail(`${what} is ${this.word()}, expected a number`);
    }
    this.#position = at;
  }

  /** Nothing may follow on the line. */
  endOfLine(): void {
    if (!this.atEnd()) this.fail(`${this.word()} follows where the line should end`);
  }

  #missing(what: string): never {
    return this.fail(`${what} is missing`);
  }
}

/** ASCII bytes of a word to be compared. */
export function ascii(word: string): Uint8Array {
  return new TextEncoder().encode(word);
}
