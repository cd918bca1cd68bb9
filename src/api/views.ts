/**
 * The buffers over single blocks that this Worker has given out: those of `view`, one a block, detached when the block is freed; and
 * those of Blocks, which detach them themselves. All are detached before the Worker leaves, since the memory may end then.
 */
import { checkSize } from "../core/arguments.ts";
import { hex } from "../core/errors.ts";
import { checkViewType, type ViewType } from "./block.ts";

export class Views {
  private readonly buffers = new Map<number, ArrayBuffer>();
  private readonly owned = new Set<ArrayBuffer>();

  /** A view of the block at `address`, of `usable` bytes. Throws TypeError or RangeError for what is no type or length. */
  over<View>(
    address: number,
    usable: number,
    type: ViewType<View>,
    length: number | undefined,
    wrap: () => ArrayBuffer,
  ): View {
    checkViewType(type);
    const size = type.BYTES_PER_ELEMENT ?? 1;
    const most = Math.floor(usable / size);
    if (length !== undefined) checkSize("length", length);
    if (length !== undefined && length > most)
      throw new RangeError(`\`length\` must be from 0 to ${most} at ${hex(address)}, got ${length}`);
    let buffer = this.buffers.get(address);
    // The program may have transferred it, or the block may be longer than it was.
    if (buffer === undefined || buffer.detached || buffer.byteLength !== usable) {
      buffer = wrap();
      this.drop(address);
      this.buffers.set(address, buffer);
    }
    return new type(buffer, 0, length ?? most);
  }

  /** The block is freed, or moves: its views are empty. */
  drop(address: number): void {
    const buffer = this.buffers.get(address);
    if (buffer === undefined) return;
    this.buffers.delete(address);
    detach(buffer);
  }

  /** A Block has a buffer. */
  own(buffer: ArrayBuffer): ArrayBuffer {
    this.owned.add(buffer);
    return buffer;
  }

  /** It needs it no longer. */
  disown(buffer: ArrayBuffer): void {
    this.owned.delete(buffer);
    detach(buffer);
  }

  /** Bytes that views of the block reach; 0 = there is none. */
  reach(address: number): number {
    return this.buffers.get(address)?.byteLength ?? 0;
  }

  dropAll(): void {
    for (const address of [...this.buffers.keys()]) this.drop(address);
    for (const buffer of [...this.owned]) this.disown(buffer);
  }
}

function detach(buffer: ArrayBuffer): void {
  // Without a copy: the new object has the bytes, and nobody has the object.
  if (!buffer.detached) buffer.transfer();
}
