/** Plain, gzip and zip; the content decides. Damage is always a RecordingError. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { encodeRecording } from "../../stress/recordings/compact.ts";
import { parseRecording, readRecording } from "../../stress/recordings/read.ts";
import { RecordingError } from "../../stress/recordings/recording-error.ts";
import { unpack } from "../../stress/recordings/unpack.ts";

const ANDROID = strToU8("1: malloc 0x10 5\n2: free 0x10\n");
const REP = strToU8("1\n1\n2\n1\na 0 5\nf 0\n");
const COMPACT = encodeRecording(parseRecording(ANDROID, "x"));

const gzip = (bytes: Uint8Array): Uint8Array => Bun.gzipSync(new Uint8Array(bytes));
const zip = (bytes: Uint8Array): Uint8Array => zipSync({ "inner.txt": bytes });

describe.each([
  ["android", ANDROID],
  ["rep", REP],
  ["compact", COMPACT],
])("%s", (_, bytes) => {
  test.each([
    ["plain", bytes],
    ["gzip", gzip(bytes)],
    ["zip", zip(bytes)],
    ["stored zip", zipSync({ "inner.txt": [bytes, { level: 0 }] })],
  ])("%s, under a misleading extension", (_, packed) => {
    const recording = parseRecording(packed, "name.of.file.pdf");
    expect(recording.name).toBe("name");
    expect([...recording.operation]).toEqual([0, 4]);
    expect([...recording.size]).toEqual([5, 0]);
  });

  test.each([
    ["gzip", gzip(bytes)],
    ["zip", zip(bytes)],
  ])("%s cut anywhere or with any byte changed: a valid recording or a RecordingError", (_, packed) => {
    const outcome = (damaged: Uint8Array) => {
      try {
        return parseRecording(damaged, "damaged").length === 2 ? "same" : "other";
      } catch (error) {
        return error instanceof RecordingError ? "refused" : `${error}`;
      }
    };
    for (let length = 0; length < packed.length; length++) {
      expect([length, outcome(packed.slice(0, length))]).toEqual([length, "refused"]);
    }
    for (let at = 0; at < packed.length; at++) {
      for (const bit of [1, 16, 128]) {
        const damaged = packed.slice();
        damaged[at]! ^= bit;
        // A changed time stamp or file name harms nothing.
        expect(["same", "refused"]).toContain(outcome(damaged));
      }
    }
  });
});

describe("refused", () => {
  test.each([
    ["empty file", new Uint8Array(), "f, byte 0: the file is empty"],
    ["blank lines only", strToU8("\n \n"), 'f, line 1: "" starts no recording'],
    ["another text", strToU8("hello world"), 'f, line 1: "hello world" starts no recording'],
    ["binary noise", new Uint8Array([7, 0, 255, 3]), "starts no recording"],
    ["empty gzip", gzip(new Uint8Array()), "starts no recording"],
    ["empty zip", zipSync({}), "f: zip holds 0 entries (), expected exactly 1"],
    [
      "zip of two",
      zipSync({ "a.txt": ANDROID, "b.txt": REP }),
      "f: zip holds 2 entries (a.txt, b.txt), expected exactly 1",
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => parseRecording(bytes, "f")).toThrow(RecordingError);
    expect(() => parseRecording(bytes, "f")).toThrow(message);
  });

  test("a zip whose content does not match its checksum", () => {
    const packed = zipSync({ "a.txt": [ANDROID, { level: 0 }] });
    const at = packed.indexOf("5".charCodeAt(0), 35);
    packed[at] = "6".charCodeAt(0);
    expect(() => parseRecording(packed, "f")).toThrow("f: zip data is damaged: its CRC-32 is");
  });
});

describe("content over the limit", () => {
  const zeroes = new Uint8Array(1001);
  test.each([
    ["gzip", gzip(zeroes)],
    ["zip", zip(zeroes)],
  ])("%s", (kind, packed) => {
    expect(unpack(packed, "f", 1001)).toEqual(zeroes);
    expect(() => unpack(packed, "f", 1000)).toThrow(RecordingError);
    expect(() => unpack(packed, "f", 1000)).toThrow(`f: ${kind} unpacks to more than 1000 bytes`);
  });
});

describe("readRecording", () => {
  test("reads a file, names it without folder and extensions", () => {
    const folder = mkdtempSync(join(tmpdir(), "recordings-"));
    try {
      const path = join(folder, "small.rep.gz");
      writeFileSync(path, gzip(REP));
      expect(readRecording(path)).toMatchObject({ name: "small", length: 2, blocks: 1, peakLiveBytes: 5 });
      expect(() => readRecording(folder)).toThrow(`${folder}: cannot be read: EISDIR`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a file that does not exist", () => {
    expect(() => readRecording("/nowhere/at-all.rep")).toThrow(RecordingError);
    expect(() => readRecording("/nowhere/at-all.rep")).toThrow("/nowhere/at-all.rep: cannot be read: ENOENT");
  });
});
