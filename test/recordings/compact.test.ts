/** The project's own format: what is written comes back, and nothing else comes back. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeRecording, encodeRecording } from "../../stress/recordings/compact.ts";
import { BrokenRule, measure } from "../../stress/recordings/measure.ts";
import { parseRecording } from "../../stress/recordings/read.ts";
import { createColumns, Operation, type Recording } from "../../stress/recordings/recording.ts";
import { RecordingError } from "../../stress/recordings/recording-error.ts";
import { randomRecording } from "./random-recording.ts";

const { HUSKY_SEED } = Bun.env;
const seed = Number(HUSKY_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`compact.test.ts: HUSKY_SEED=${seed}`);

const decode = (bytes: Uint8Array) => decodeRecording(bytes, "file", "random");

/** Makes the checksum right again, so that the damage before it reaches the checks behind it. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 4;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(end, Bun.hash.crc32(bytes.subarray(0, end)), true);
  return bytes;
}

/** The recording in `bytes`, checked, or undefined if they were refused with a RecordingError. */
function decodeOrRefuse(bytes: Uint8Array): Recording | undefined {
  try {
    const recording = decode(bytes);
    expect(recording).toMatchObject(measure(recording));
    expect(recording.length).toBe(recording.operation.length);
    return recording;
  } catch (error) {
    if (error instanceof RecordingError) return undefined;
    throw error;
  }
}

describe("compact format", () => {
  test("decode(encode(x)) is x, and its columns are shared", () => {
    fc.assert(
      fc.property(randomRecording, (recording) => {
        const decoded = decode(encodeRecording(recording));
        expect(decoded).toEqual(recording);
        expect(decoded.size.buffer).toBeInstanceOf(SharedArrayBuffer);
      }),
      { seed, numRuns: 500 },
    );
  });

  test("the bytes of a small recording", () => {
    const text =
      "8: malloc 0x10 300\n9: memalign 0x20 64 5\n9: realloc 0x30 0x10 6\n9: free 0x20\n9: thread_done 0x0\n";
    const bytes = encodeRecording(parseRecording(new TextEncoder().encode(text), "x"));
    expect(new TextDecoder().decode(bytes.subarray(0, 8))).toBe("HUSKYREC");
    expect([...bytes.subarray(8, -4)]).toEqual(
      // version; operations, threads, blocks; operations; thread runs; distances; sizes; alignments (log2)
      [[1], [5, 2, 2], [0, 3, 2, 4, 5], [0, 1, 1, 4], [2, 1], [0xac, 2, 5, 6], [6]].flat(),
    );
    expect([...bytes]).toEqual([...withChecksum(bytes.slice())]);
  });

  test("every truncation and every changed byte is refused", () => {
    fc.assert(
      fc.property(randomRecording, fc.integer({ min: 1, max: 255 }), (recording, change) => {
        const bytes = encodeRecording(recording);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => decode(bytes.slice(0, length))).toThrow(RecordingError);
        }
        for (let at = 0; at < bytes.length; at++) {
          const damaged = bytes.slice();
          damaged[at]! ^= change;
          expect(() => decode(damaged)).toThrow(RecordingError);
        }
      }),
      { seed, numRuns: 30 },
    );
  });

  test("damage under a right checksum gives a valid recording or a RecordingError", () => {
    let refused = 0;
    fc.assert(
      fc.property(randomRecording, fc.nat(), fc.nat(255), (recording, place, value) => {
        const bytes = encodeRecording(recording);
        const changed = bytes.slice();
        changed[place % (bytes.length - 4)] = value;
        if (decodeOrRefuse(withChecksum(changed)) === undefined) refused++;
        const cut = bytes.slice(0, 16 + (place % (bytes.length - 16)));
        if (decodeOrRefuse(withChecksum(cut)) === undefined) refused++;
      }),
      { seed, numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });

  const small = encodeRecording(
    parseRecording(new TextEncoder().encode("1: malloc 0x10 5\n1: free 0x10"), "x"),
  );
  // 8 version, 9 length, 10 threads, 11 blocks, 12-13 operations, 14-15 thread run, 16 distance, 17 size
  const changed = (...changes: [at: number, value: number][]) => {
    const bytes = small.slice();
    for (const [at, value] of changes) bytes[at] = value;
    return withChecksum(bytes);
  };
  test.each([
    ["version", changed([8, 2]), "byte 8: version is 2, this program reads 1"],
    ["too long", changed([9, 90]), "byte 12: 90 operations announced, 6 bytes left"],
    ["no operation", changed([9, 0]), /announced|follow|holds no/],
    ["wrong thread count", changed([10, 2]), "2 threads announced, 1 found"],
    ["wrong block count", changed([11, 2]), "2 blocks announced, 1 found"],
    ["unknown operation", changed([12, 6], [13, 6]), /unknown|follow/],
    ["run of no length", changed([15, 0]), "length of a thread's run is 0"],
    ["run too long", changed([15, 3]), "byte 15: length of a thread's run is over 2"],
    ["thread out of order", changed([14, 1]), "operation 0: thread 1 appears before thread 0"],
    ["distance to nowhere", changed([16, 2]), "byte 16: block distance is over 1"],
    ["number without end", changed([17, 0x80]), "byte 18: size is missing"],
    [
      "number of endless zeroes",
      withChecksum(new Uint8Array([...small.slice(0, 17), ...Array(20).fill(0x80), 0, 0, 0, 0])),
      "byte 17: size takes more than 9 bytes",
    ],
    ["checksum", small.with(17, 6), "byte 18: checksum is"],
    ["bytes too many", withChecksum(new Uint8Array([...small, 0])), "bytes follow the last column"],
  ])("%s", (_, bytes, message) => {
    expect(() => decode(bytes)).toThrow(RecordingError);
    expect(() => decode(bytes)).toThrow(message);
  });
});

describe("measure", () => {
  const { malloc, calloc, realloc, alignedAlloc, free, threadDone } = Operation;
  /** Rows of [operation, thread, block, size, alignment]. */
  function columns(rows: [Operation, number, number, number, number][]) {
    const result = createColumns(rows.length);
    for (const [i, [operation, thread, block, size, alignment]] of rows.entries()) {
      result.operation[i] = operation;
      result.thread[i] = thread;
      result.block[i] = block;
      result.size[i] = size;
      result.alignment[i] = alignment;
    }
    return result;
  }

  test("peaks and frees by another thread", () => {
    const figures = measure(
      columns([
        [malloc, 0, 0, 100, 0],
        [calloc, 1, 1, 50, 0],
        [realloc, 1, 0, 10, 0],
        [free, 1, 0, 0, 0],
        [free, 0, 1, 0, 0],
        [alignedAlloc, 0, 2, 120, 8],
      ]),
    );
    expect(figures).toEqual({
      threads: 2,
      blocks: 3,
      peakLiveBytes: 150,
      peakLiveBlocks: 2,
      crossThreadFrees: 1,
    });
  });

  test.each<[string, [Operation, number, number, number, number][], string]>([
    ["no operation", [], "holds no operation"],
    ["thread-out-of-order", [[free, 1, -1, 0, 0]], "thread 1 appears before thread 0"],
    [
      "thread-after-done",
      [
        [threadDone, 0, -1, 0, 0],
        [free, 0, -1, 0, 0],
      ],
      "goes on after it is done",
    ],
    ["thread-done-with-block", [[threadDone, 0, 0, 0, 0]], "block 0 does not fit operation 5"],
    ["malloc-without-block", [[malloc, 0, -1, 5, 0]], "block -1 does not fit operation 0"],
    ["block-out-of-order", [[malloc, 0, 1, 5, 0]], "block 1 appears before block 0"],
    [
      "block-twice",
      [
        [malloc, 0, 0, 5, 0],
        [malloc, 0, 0, 5, 0],
      ],
      "block 0 is allocated twice",
    ],
    ["free-unknown", [[free, 0, 0, 0, 0]], "block 0 is freed but not live"],
    [
      "free-twice",
      [
        [malloc, 0, 0, 5, 0],
        [free, 0, 0, 0, 0],
        [free, 0, 0, 0, 0],
      ],
      "block 0 is freed but not live",
    ],
    [
      "realloc-freed",
      [
        [malloc, 0, 0, 5, 0],
        [free, 0, 0, 0, 0],
        [realloc, 0, 0, 5, 0],
      ],
      "reallocated after its free",
    ],
    ["size-fraction", [[malloc, 0, 0, 5.5, 0]], "size 5.5 is not a whole number"],
    ["size-absurd", [[malloc, 0, 0, 2 ** 40 + 1, 0]], "size 1099511627777 is not a whole number"],
    ["free-with-size", [[free, 0, -1, 5, 0]], "size 5 is not 0"],
    ["alignment-missing", [[alignedAlloc, 0, 0, 5, 0]], "alignment 0 is not a power of two"],
    ["alignment-odd", [[alignedAlloc, 0, 0, 5, 48]], "alignment 48 is not a power of two"],
    ["malloc-with-alignment", [[malloc, 0, 0, 5, 16]], "alignment 16 is not 0"],
    ["operation-unknown", [[6 as Operation, 0, -1, 0, 0]], "operation 6 is unknown"],
  ])("%s", (_, rows, message) => {
    expect(() => measure(columns(rows))).toThrow(BrokenRule);
    expect(() => measure(columns(rows))).toThrow(message);
  });
});
