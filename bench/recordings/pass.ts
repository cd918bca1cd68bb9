/**
 * A pass: a recording made ready to be played again and again by one thread. Blocks have slots of a table, which are used
 * again after a free, so that the table is no larger than it must be; threads and their ends are left out; what is live
 * at the end is freed, in the order in which the blocks first appeared.
 */
import { deserialize, serialize } from "node:v8";
import { UsageError } from "../../stress/command/usage-error.ts";
import { Operation, type Recording } from "../../stress/recordings/index.ts";

/** Entry i of all columns together is call i. */
export interface Pass {
  /** Calls, the frees at the end among them. */
  readonly length: number;
  /** Slots of the table. Slot 0 always holds the address 0: `free(null)` is a free of it. */
  readonly slots: number;
  /** An `Operation`, never threadDone. */
  readonly kind: Uint8Array;
  readonly slot: Int32Array;
  /** Bytes asked for; 0 for free. 32 bits, as most sizes in a program are. */
  readonly size: Int32Array;
  /** Bytes, alignedAlloc only. */
  readonly alignment: Int32Array;
  /** Bytes that the block had before and keeps; 0 for all but realloc. */
  readonly kept: Int32Array;
}

/** Bytes. */
const LARGEST = 2 ** 31 - 1;

/** The first `most` operations of the recording, and the frees. Throws a UsageError for a request of 2 GiB or more. */
export function compile(recording: Recording, most = recording.length): Pass {
  const operations = Math.min(most, recording.length);
  const writer = new Writer(recording.blocks, operations);
  for (let i = 0; i < operations; i++) {
    const kind = recording.operation[i]!;
    if (kind === Operation.threadDone) continue;
    const [size, alignment] = [recording.size[i]!, recording.alignment[i]!];
    if (size > LARGEST || alignment > LARGEST) {
      throw new UsageError(
        `${recording.name}: operation ${i} asks for ${Math.max(size, alignment)} bytes, at most ${LARGEST} are replayed`,
      );
    }
    writer.add(kind, recording.block[i]!, size, alignment);
  }
  return writer.finish();
}

export const packPasses = (passes: Readonly<Record<string, Pass>>): Uint8Array => serialize(passes);
export const unpackPasses = (bytes: Uint8Array): Readonly<Record<string, Pass>> => deserialize(bytes);

class Writer {
  private length = 0;
  private slots = 1;
  private readonly free: number[] = [];
  /** By block number; 0 = not live. */
  private readonly slotOf: Int32Array;
  private readonly sizeOf: Int32Array;
  private readonly columns: Omit<Pass, "length" | "slots">;

  constructor(blocks: number, operations: number) {
    this.slotOf = new Int32Array(blocks);
    this.sizeOf = new Int32Array(blocks);
    // At worst each operation leaves a block to be freed.
    const most = 2 * operations;
    this.columns = {
      kind: new Uint8Array(most),
      slot: new Int32Array(most),
      size: new Int32Array(most),
      alignment: new Int32Array(most),
      kept: new Int32Array(most),
    };
  }

  /** `block` -1: free(null). */
  add(kind: number, block: number, size: number, alignment: number): void {
    const { columns, slotOf, sizeOf } = this;
    const at = this.length++;
    columns.kind[at] = kind;
    if (block < 0) return;
    if (slotOf[block] === 0) slotOf[block] = this.free.pop() ?? this.slots++;
    columns.slot[at] = slotOf[block]!;
    columns.size[at] = size;
    columns.alignment[at] = alignment;
    columns.kept[at] = kind === Operation.realloc ? Math.min(size, sizeOf[block]!) : 0;
    sizeOf[block] = size;
    if (kind !== Operation.free) return;
    this.free.push(slotOf[block]!);
    slotOf[block] = 0;
  }

  finish(): Pass {
    for (const [block, slot] of this.slotOf.entries()) if (slot > 0) this.add(Operation.free, block, 0, 0);
    const { length, slots, columns } = this;
    return {
      length,
      slots,
      kind: columns.kind.slice(0, length),
      slot: columns.slot.slice(0, length),
      size: columns.size.slice(0, length),
      alignment: columns.alignment.slice(0, length),
      kept: columns.kept.slice(0, length),
    };
  }
}
