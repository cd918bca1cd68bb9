/** The two text formats, line by line: what each line becomes, and what each mistake is called. */
import { describe, expect, test } from "bun:test";
import { parseRecording } from "../../stress/recordings/read.ts";
import { Operation, type Recording } from "../../stress/recordings/recording.ts";
import { RecordingError } from "../../stress/recordings/recording-error.ts";

function parse(text: string, file = "folder/some.name.txt"): Recording {
  return parseRecording(new TextEncoder().encode(text), file);
}

/** What Windows puts in front of a text. */
const BYTE_ORDER_MARK = "\uFEFF";

/** Rows of [operation, thread, block, size, alignment]. */
function rows(recording: Recording): (string | number)[][] {
  const names = Object.keys(Operation);
  return Array.from(recording.operation, (operation, i) => [
    names[operation]!,
    recording.thread[i]!,
    recording.block[i]!,
    recording.size[i]!,
    recording.alignment[i]!,
  ]);
}

const REP_HEADER = "1\n9\n0\n1\n";

describe("Android memory_replay text", () => {
  test("every operation, with threads and blocks numbered by first appearance", () => {
    const recording = parse(
      [
        "700: malloc 0xb400007fdd12a010 24",
        "500: calloc 0xa0 3 7",
        "700: memalign 0xc0 64 100",
        "500: realloc 0xb0 0xa0 50",
        "700: free 0xb0",
        "700: free 0xb400007fdd12a010",
        "500: thread_done 0x0",
      ].join("\n"),
    );
    expect(rows(recording)).toEqual([
      ["malloc", 0, 0, 24, 0],
      ["calloc", 1, 1, 21, 0],
      ["alignedAlloc", 0, 2, 100, 64],
      ["realloc", 1, 1, 50, 0],
      ["free", 0, 1, 0, 0],
      ["free", 0, 0, 0, 0],
      ["threadDone", 1, -1, 0, 0],
    ]);
    expect(recording).toMatchObject({
      name: "some",
      length: 7,
      threads: 2,
      blocks: 3,
      peakLiveBytes: 24 + 100 + 50,
      peakLiveBlocks: 3,
      crossThreadFrees: 1,
    });
  });

  test("columns are shared memory of the exact length", () => {
    const { operation, thread, block, size, alignment } = parse("1: malloc 0x10 5\n1: free 0x10\n");
    for (const column of [operation, thread, block, size, alignment]) {
      expect(column.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(column.length).toBe(2);
      expect(column.byteLength).toBe(column.buffer.byteLength);
    }
  });

  test("more operations than the first buffers hold", () => {
    const count = 70_000;
    const text = Array.from({ length: count }, (_, i) => `1: malloc 0x${(i + 1).toString(16)} ${i}`).join(
      "\n",
    );
    const recording = parse(text);
    expect(recording.length).toBe(count);
    expect(recording.size[count - 1]).toBe(count - 1);
    expect(recording.peakLiveBytes).toBe((count * (count - 1)) / 2);
  });

  test("a pointer used again after its free is a new block", () => {
    const recording = parse("1: malloc 0x10 5\n1: free 0x10\n1: malloc 0x10 6\n1: free 0x10");
    expect([...recording.block]).toEqual([0, 0, 1, 1]);
    expect(recording.peakLiveBytes).toBe(6);
  });

  test("a pointer left by realloc can be handed out again", () => {
    const recording = parse("1: malloc 0x10 5\n1: realloc 0x20 0x10 9\n1: malloc 0x10 1\n1: free 0x20");
    expect([...recording.block]).toEqual([0, 0, 1, 0]);
  });

  test("realloc of null or of a pointer never seen starts a block", () => {
    expect(rows(parse("1: realloc 0x10 0x0 5\n1: realloc 0x30 0x20 6"))).toEqual([
      ["realloc", 0, 0, 5, 0],
      ["realloc", 0, 1, 6, 0],
    ]);
  });

  test("realloc to 0: free if it returned null, a block of 0 bytes if not", () => {
    const recording = parse(
      "1: malloc 0x10 5\n1: realloc 0x0 0x10 0\n1: malloc 0x10 5\n1: realloc 0x20 0x10 0",
    );
    expect(rows(recording).map(([operation, , block, size]) => [operation, block, size])).toEqual([
      ["malloc", 0, 5],
      ["free", 0, 0],
      ["malloc", 1, 5],
      ["realloc", 1, 0],
    ]);
  });

  test("failed allocations are dropped, free(null) is kept", () => {
    const lines = [
      "malloc 0x0 5",
      "calloc 0x0 1 5",
      "memalign 0x0 8 5",
      "malloc 0x10 5",
      "realloc 0x0 0x10 9",
    ];
    const recording = parse([...lines, "free 0x0", "free 0x10"].map((line) => `1: ${line}`).join("\n"));
    expect([...recording.operation]).toEqual([Operation.malloc, Operation.free, Operation.free]);
    expect([...recording.block]).toEqual([0, -1, 0]);
  });

  test("a thread id used again after thread_done is a new thread", () => {
    const recording = parse("7: malloc 0x10 5\n7: thread_done 0x0\n7: free 0x10");
    expect([...recording.thread]).toEqual([0, 0, 1]);
    expect(recording.crossThreadFrees).toBe(1);
  });

  test("start and end times, blank lines, spaces and carriage returns", () => {
    const recording = parse(
      "\r\n  1:  malloc 0x10 5 1700000000000000000 1700000000000000009 \r\n\n1: free 0x10 17 18\r\n",
    );
    expect([...recording.size]).toEqual([5, 0]);
  });

  test("a byte order mark at the start is skipped, plain and in gzip", () => {
    const text = `${BYTE_ORDER_MARK}1: malloc 0x10 5\r\n1: free 0x10\r\n`;
    const operations = [
      ["malloc", 0, 0, 5, 0],
      ["free", 0, 0, 0, 0],
    ];
    expect(rows(parse(text))).toEqual(operations);
    expect(rows(parseRecording(Bun.gzipSync(text), "log.txt.gz"))).toEqual(operations);
  });

  test("a byte order mark counts in no line, and is one only at the start", () => {
    expect(() => parse(`${BYTE_ORDER_MARK}1: malloc 0x10 5\n1: free 0x20`)).toThrow("line 2: frees 0x20");
    expect(() => parse(`${BYTE_ORDER_MARK}1: malloc 0x10`)).toThrow("line 1: size is missing");
    expect(() => parse(`1: malloc 0x10 5\n${BYTE_ORDER_MARK}1: free 0x10`)).toThrow("line 2: thread id is");
    expect(() => parse(`${BYTE_ORDER_MARK.repeat(2)}1: malloc 0x10 5`)).toThrow("line 1: thread id is");
    expect(() => parse(BYTE_ORDER_MARK)).toThrow('line 1: "" starts no recording');
  });

  test("pointers over 2^53 that differ in the last digit are different blocks", () => {
    const recording = parse("1: malloc 0xb400007fdd12a010 5\n1: malloc 0xb400007fdd12a011 5");
    expect(recording.blocks).toBe(2);
  });

  const ok = "1: malloc 0x10 5\n";
  test.each([
    ["unknown operation", `${ok}1: mallocx 0x20 5`, 'line 2: operation "mallocx" is unknown'],
    ["no operation", `${ok}1:`, "line 2: operation the end of the line is unknown"],
    ["pointer missing", `${ok}1: malloc`, "line 2: pointer is missing"],
    ["size missing", `${ok}1: malloc 0x20`, "line 2: size is missing"],
    ["calloc size missing", `${ok}1: calloc 0x20 5`, "line 2: size is missing"],
    ["old pointer missing", `${ok}1: realloc 0x20`, "line 2: old pointer is missing"],
    ["one time only", `${ok}1: free 0x10 5`, "line 2: end time is missing"],
    ["too many words", `${ok}1: free 0x10 5 6 7`, 'line 2: "7" follows'],
    ["thread id not a number", `${ok}x: free 0x10`, 'line 2: thread id is "x:"'],
    ["size not a number", `${ok}1: malloc 0x20 5x`, 'line 2: size is "5x"'],
    ["size negative", `${ok}1: malloc 0x20 -5`, 'line 2: size is "-5"'],
    ["size not a safe integer", `${ok}1: malloc 0x20 9007199254740993`, 'line 2: size is "9007199254740993"'],
    [
      "size absurd",
      `${ok}1: malloc 0x20 ${2 ** 40 + 1}`,
      "line 2: size 1099511627777 is not a whole number from 0 to",
    ],
    ["calloc product absurd", `${ok}1: calloc 0x20 99999999 1000000`, "line 2: size 99999999000000 is not"],
    ["alignment no power of two", `${ok}1: memalign 0x20 24 5`, "line 2: alignment 24 is not a power of two"],
    ["alignment 0", `${ok}1: memalign 0x20 0 5`, "line 2: alignment 0 is not a power of two"],
    ["pointer not hexadecimal", `${ok}1: malloc 0xzz 5`, 'line 2: pointer is "0xzz"'],
    ["pointer over 64 bits", `${ok}1: malloc 0x10000000000000000 5`, "line 2: pointer is"],
    ["live pointer allocated", `${ok}1: malloc 0x10 5`, "line 2: allocates 0x10, which is live already"],
    [
      "live pointer from realloc",
      `${ok}1: realloc 0x10 0x0 5`,
      "line 2: allocates 0x10, which is live already",
    ],
    ["unknown pointer freed", `${ok}1: free 0x20`, "line 2: frees 0x20, which was never allocated"],
    ["pointer freed twice", `${ok}1: free 0x10\n1: free 0x10`, "line 3: frees 0x10, which was freed before"],
    [
      "freed pointer reallocated",
      `${ok}1: free 0x10\n1: realloc 0x20 0x10 5`,
      "line 3: reallocates 0x10, which was freed",
    ],
    ["nothing run", "1: malloc 0x0 5", "line 1: holds no operation"],
  ])("%s", (_, text, message) => {
    expect(() => parse(text)).toThrow(RecordingError);
    expect(() => parse(text)).toThrow(`folder/some.name.txt, ${message}`);
  });

  test("65,535 threads, not one more", () => {
    const line = (_: unknown, i: number) => `${i}: free 0x0\n`;
    expect(parse(Array.from({ length: 65_535 }, line).join("")).threads).toBe(65_535);
    expect(() => parse(Array.from({ length: 65_536 }, line).join(""))).toThrow(
      "line 65536: thread 65535 is one more",
    );
  });
});

describe("malloc lab .rep text", () => {
  test("every operation; ids are used again; one operation more than announced", () => {
    const recording = parse(
      "20000\n3\n7\n1\na 0 16\nr 0 32\nr 1 8\nf 0\na 0 0\nf -1\nr 1 0\nf 1\n",
      "x/y.rep.gz",
    );
    expect(rows(recording).map(([operation, , block, size]) => [operation, block, size])).toEqual([
      ["malloc", 0, 16],
      ["realloc", 0, 32],
      ["realloc", 1, 8],
      ["free", 0, 0],
      ["malloc", 2, 0],
      ["free", -1, 0],
      ["realloc", 1, 0],
      ["free", 1, 0],
    ]);
    expect(recording).toMatchObject({
      name: "y",
      threads: 1,
      blocks: 3,
      peakLiveBytes: 40,
      crossThreadFrees: 0,
    });
  });

  test("a byte order mark at the start is skipped", () => {
    expect([...parse(`${BYTE_ORDER_MARK}${REP_HEADER}a 0 1\nf 0`).block]).toEqual([0, 0]);
  });

  test("a freed id that is reallocated is a new block", () => {
    expect([...parse(`${REP_HEADER}a 0 1\nf 0\nr 0 5`).block]).toEqual([0, 0, 1]);
  });

  test.each([
    ["header cut", "1\n9\n0", "line 3: fourth number of the header is missing"],
    ["two numbers on a header line", "1 2\n9\n0\n1\n", 'line 1: "2" follows'],
    ["unknown operation", `${REP_HEADER}q 0 5`, 'line 5: operation "q" is unknown'],
    ["size missing", `${REP_HEADER}a 0`, "line 5: size is missing"],
    ["id missing", `${REP_HEADER}f`, "line 5: id is missing"],
    ["other negative id", `${REP_HEADER}f -2`, 'line 5: id is "-2"'],
    ["size absurd", `${REP_HEADER}a 0 1099511627777`, "line 5: size 1099511627777 is not"],
    ["live id allocated", `${REP_HEADER}a 0 1\na 0 1`, "line 6: allocates id 0, which is live already"],
    ["unknown id freed", `${REP_HEADER}f 3`, "line 5: frees id 3, which was never allocated"],
    ["id freed twice", `${REP_HEADER}a 3 1\nf 3\nf 3`, "line 7: frees id 3, which was freed before"],
    ["word after the operation", `${REP_HEADER}a 0 1 2`, 'line 5: "2" follows'],
    ["fewer operations than announced", "1\n9\n2\n1\na 0 1", "line 5: ends after 1 of the 2 operations"],
    ["nothing run", REP_HEADER, "line 4: holds no operation"],
  ])("%s", (_, text, message) => {
    expect(() => parse(text)).toThrow(RecordingError);
    expect(() => parse(text)).toThrow(`folder/some.name.txt, ${message}`);
  });
});
