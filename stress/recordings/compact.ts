/**
 * The project's own file format: the columns one after another, each in the form that packs best, with a
 * checksum at the end. docs/recordings.md has the byte table.
 */
import { ByteReader, ByteWriter } from "./bytes.ts";
import { BrokenRule, measure } from "./measure.ts";
import { type Columns, createColumns, Operation, type Recording } from "./recording.ts";
import { RecordingError } from "./recording-error.ts";

export const COMPACT_MAGIC = new TextEncoder().encode("HUSKYREC");
const VERSION = 1;
const CHECKSUM_BYTES = 4;
/** Magic, version, three counts, one operation with its thread run, checksum. */
const SMALLEST_FILE_BYTES = COMPACT_MAGIC.length + 1 + 3 + 3 + CHECKSUM_BYTES;

/** True if the operation names a block by its distance; the others take the next new number, or none. */
function hasReference(operation: number): boolean {
  return operation === Operation.realloc || operation === Operation.free;
}

/**
 * The bytes of a recording, not yet gzipped. The name is not in them.
 * @throws BrokenRule if `recording` does not keep the rules of `Columns`
 */
export function encodeRecording(recording: Recording): Uint8Array {
  const { operation, block, size, alignment, length } = recording;
  const { threads, blocks } = measure(recording);
  const out = new ByteWriter();
  out.bytes(COMPACT_MAGIC);
  out.byte(VERSION);
  for (const count of [length, threads, blocks]) out.varint(count);
  out.bytes(operation);
  writeThreadRuns(out, recording.thread);
  for (let i = 0, nextBlock = 0; i < length; i++) {
    // 0 stands for "no block yet": free(null), or a realloc that starts the next one.
    const distance = block[i] === -1 ? 0 : nextBlock - block[i]!;
    if (hasReference(operation[i]!)) out.varint(distance);
    if (block[i] === nextBlock) nextBlock++;
  }
  for (let i = 0; i < length; i++) if (operation[i]! < Operation.free) out.varint(size[i]!);
  for (let i = 0; i < length; i++) {
    if (operation[i] === Operation.alignedAlloc) out.byte(Math.log2(alignment[i]!));
  }
  out.u32(Bun.hash.crc32(out.written()));
  return out.written();
}

/** Most operations are by the same thread as the one before: a run is its thread and its length. */
function writeThreadRuns(out: ByteWriter, thread: Uint16Array): void {
  for (let start = 0, end = 0; start < thread.length; start = end) {
    while (end < thread.length && thread[end] === thread[start]) end++;
    out.varint(thread[start]!);
    out.varint(end - start);
  }
}

/**
 * The recording in `bytes`, which are not gzipped any more.
 * @throws RecordingError naming `file` and the byte for anything that `encodeRecording` did not write
 */
export function decodeRecording(bytes: Uint8Array, file: string, name: string): Recording {
  const fail = (byte: number, what: string): never => {
    throw new RecordingError(file, `byte ${byte}`, what);
  };
  if (bytes.length < SMALLEST_FILE_BYTES) {
    fail(bytes.length, `ends before the smallest recording does (${SMALLEST_FILE_BYTES} bytes)`);
  }
  const version = bytes[COMPACT_MAGIC.length]!;
  if (version !== VERSION) fail(COMPACT_MAGIC.length, `version is ${version}, this program reads ${VERSION}`);
  const end = bytes.length - CHECKSUM_BYTES;
  const announced = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end, true);
  const actual = Bun.hash.crc32(bytes.subarray(0, end));
  if (announced !== actual) {
    fail(end, `checksum is ${announced}, the bytes before give ${actual}: truncated or damaged`);
  }

  const input = new ByteReader(bytes.subarray(0, end), fail);
  input.skip(COMPACT_MAGIC.length + 1);
  const length = input.varint("number of operations");
  const threads = input.varint("number of threads");
  const blocks = input.varint("number of blocks");
  // Each operation takes a byte: an absurd length fails here instead of allocating.
  const operation = input.take(length, "operations");
  const columns = createColumns(length);
  columns.operation.set(operation);
  readThreadRuns(input, columns.thread);
  readBlocks(input, columns);
  for (let i = 0; i < length; i++) if (operation[i]! < Operation.free) columns.size[i] = input.varint("size");
  for (let i = 0; i < length; i++) {
    if (operation[i] === Operation.alignedAlloc) columns.alignment[i] = 2 ** input.byte("alignment");
  }
  input.end();
  try {
    const figures = measure(columns);
    if (figures.threads !== threads)
      fail(input.position, `${threads} threads announced, ${figures.threads} found`);
    if (figures.blocks !== blocks)
      fail(input.position, `${blocks} blocks announced, ${figures.blocks} found`);
    return { name, length, ...columns, ...figures };
  } catch (error) {
    if (!(error instanceof BrokenRule)) throw error;
    throw new RecordingError(file, `operation ${error.index}`, error.message);
  }
}

function readThreadRuns(input: ByteReader, thread: Uint16Array): void {
  for (let at = 0; at < thread.length; ) {
    const who = input.varint("thread", 65535);
    const count = input.varint("length of a thread's run", thread.length - at);
    if (count === 0) input.fail("length of a thread's run is 0, expected at least 1");
    thread.fill(who, at, at + count);
    at += count;
  }
}

function readBlocks(input: ByteReader, { operation, block }: Columns): void {
  for (let i = 0, nextBlock = 0; i < operation.length; i++) {
    const kind = operation[i]!;
    const distance = hasReference(kind) ? input.varint("block distance", nextBlock) : 0;
    if (kind === Operation.threadDone || (kind === Operation.free && distance === 0)) block[i] = -1;
    else block[i] = distance === 0 ? nextBlock++ : nextBlock - distance;
  }
}
