/** Bytes and varints, written and read in sequence. A varint is LEB128: 7 bits a byte, low bits first. */

/** Bits 0 to 6 carry the value, bit 7 says that another byte follows. */
const MORE = 0x80;

export class ByteWriter {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  bytes(values: Uint8Array): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** A whole number from 0 to the largest safe integer; shifts would cut it to 32 bits. */
  varint(value: number): void {
    let rest = value;
    while (rest >= MORE) {
      this.byte((rest % MORE) | MORE);
      rest = Math.floor(rest / MORE);
    }
    this.byte(rest);
  }

  /** Little endian. */
  u32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte(value >>> shift);
  }

  /** What was written so far; valid until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Never reads past the end: each method fails with the byte where the value started. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #failAt: (byte: number, what: string) => never;
  #position = 0;

  constructor(bytes: Uint8Array, failAt: (byte: number, what: string) => never) {
    this.#bytes = bytes;
    this.#failAt = failAt;
  }

  get position(): number {
    return this.#position;
  }

  skip(count: number): void {
    this.#position += count;
  }

  byte(what: string): number {
    const value = this.#bytes[this.#position];
    if (value === undefined) return this.fail(`${what} is missing`);
    this.#position++;
    return value;
  }

  take(count: number, what: string): Uint8Array {
    const left = this.#bytes.length - this.#position;
    if (count > left) this.fail(`${count} ${what} announced, ${left} bytes left`);
    this.#position += count;
    return this.#bytes.subarray(this.#position - count, this.#position);
  }

  /** A whole number from 0 to `largest`. */
  varint(what: string, largest = Number.MAX_SAFE_INTEGER): number {
    const start = this.#position;
    let value = 0;
    let scale = 1;
    let byte = MORE;
    while (byte >= MORE) {
      byte = this.byte(what);
      value += (byte & (MORE - 1)) * scale;
      scale *= MORE;
      if (value > largest) this.#failAt(start, `${what} is over ${largest}`);
      // Zero bytes at the end would otherwise make a number without end.
      if (scale > 2 ** 63) this.#failAt(start, `${what} takes more than 9 bytes`);
    }
    return value;
  }

  /** Nothing may be left. */
  end(): void {
    const left = this.#bytes.length - this.#position;
    if (left > 0) this.fail(`${left} bytes follow the last column`);
  }

  fail(what: string): never {
    return this.#failAt(this.#position, what);
  }
}
