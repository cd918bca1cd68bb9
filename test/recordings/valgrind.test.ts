/** Logs of `valgrind --trace-malloc=yes`, and the two commands as a user runs them. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readRecording } from "../../stress/recordings/read.ts";
import { RecordingError } from "../../stress/recordings/recording-error.ts";
import { parseValgrind } from "../../stress/recordings/valgrind.ts";
import { operationLines } from "./operation-lines.ts";

/** Each line gets valgrind's prefix. */
function log(...calls: string[]): Uint8Array {
  return new TextEncoder().encode(`==42== Memcheck\n${calls.map((call) => `--42-- ${call}\n`).join("")}`);
}

const parse = (...calls: string[]) => parseValgrind(log(...calls), "log", "name");

describe("calls", () => {
  test.each([
    ["malloc", ["malloc(10) = 0x4D6DC80"], ["malloc#0 10"]],
    ["calloc", ["calloc(3,7) = 0xA0"], ["calloc#0 21"]],
    [
      "realloc",
      ["malloc(1) = 0xA0", "realloc(0xA0,20) = 0xB0", "free(0xB0)"],
      ["malloc#0 1", "realloc#0 20", "free#0 0"],
    ],
    ["realloc-null", ["realloc(0x0,15)malloc(15) = 0xA0"], ["realloc#0 15"]],
    ["realloc-to-0", ["malloc(1) = 0xA0", "realloc(0xA0,0)free(0xA0)", " = 0"], ["malloc#0 1", "free#0 0"]],
    ["memalign", ["memalign(al 64, size 100) = 0xA0"], ["alignedAlloc#0 100 @64"]],
    ["posix_memalign", ["posix_memalign(al 64, size 100) = 0xA0"], ["alignedAlloc#0 100 @64"]],
    ["new and delete", ["_Znwm(4) = 0xA0", "_ZdlPvm(0xA0)"], ["malloc#0 4", "free#0 0"]],
    ["new[] and delete[]", ["_Znam(4) = 0xA0", "_ZdaPv(0xA0)"], ["malloc#0 4", "free#0 0"]],
    ["nothrow new", ["_ZnwmRKSt9nothrow_t(4) = 0xA0"], ["malloc#0 4"]],
    [
      "aligned new",
      ["_ZnwmSt11align_val_t(size 128, al 64) = 0xA0", "_ZdlPvmSt11align_val_t(0xA0)"],
      ["alignedAlloc#0 128 @64", "free#0 0"],
    ],
    ["free-null", ["free(0x0)"], ["free#-1 0"]],
    ["failed", ["malloc(1152921504606846976) = 0x0", "malloc(1) = 0xA0"], ["malloc#0 1"]],
    ["usable size", ["malloc(3) = 0xA0", "malloc_usable_size(0xA0) = 3"], ["malloc#0 3"]],
    ["usable-size-null", ["malloc_usable_size(0x0)malloc(3) = 0xA0"], ["malloc#0 3"]],
    [
      "usable-size-null, twice",
      ["malloc_usable_size(0x0)malloc_usable_size(0x0)free(0x0)", "malloc_usable_size(0x0)"],
      ["free#-1 0"],
    ],
    [
      "calloc-overflow",
      ["calloc(9223372036854775807,16)calloc(3,7) = 0xA0", "calloc(4294967296,4294967296)free(0xA0)"],
      ["calloc#0 21", "free#0 0"],
    ],
    ["calloc-overflow of 32 bits", ["calloc(65536,65536)malloc(3) = 0xA0"], ["malloc#0 3"]],
    ["calloc-overflow, last", ["malloc(3) = 0xA0", "calloc(9223372036854775807,16)"], ["malloc#0 3"]],
    [
      "open lines in a row",
      ["malloc_usable_size(0x0)calloc(9223372036854775807,16)realloc(0x0,5)malloc(5) = 0xA0"],
      ["realloc#0 5"],
    ],
    [
      "a message in the line",
      ["malloc(314572800)Warning: set address range perms: large range [0x4e40040, 0x17a40040)", " = 0xA0"],
      ["malloc#0 314572800"],
    ],
    [
      "a message in the line of a call that fails",
      [
        "malloc(18446744073709551615)Argument 'size' of function malloc has a fishy value",
        " = 0x0",
        "free(0x0)",
      ],
      ["free#-1 0"],
    ],
    [
      "a message in the line of two calls",
      ["realloc(0x0,314572800)malloc(314572800)Warning: set address range perms", " = 0xA0"],
      ["realloc#0 314572800"],
    ],
    [
      "a message after an open line",
      ["malloc_usable_size(0x0)Warning: something", "free(0x0)"],
      ["free#-1 0"],
    ],
    ["realloc-to-0, as a result", ["malloc(1) = 0xA0", "realloc(0xA0,0) = 0x0"], ["malloc#0 1", "free#0 0"]],
    [
      "realloc-to-0 with a message",
      ["malloc(1) = 0xA0", "realloc(0xA0,0)realloc() with size 0", " = 0x0", "malloc(2) = 0xA0"],
      ["malloc#0 1", "free#0 0", "malloc#1 2"],
    ],
    [
      "realloc-to-0 that keeps the block",
      ["malloc(1) = 0xA0", "realloc(0xA0,0) = 0xB0"],
      ["malloc#0 1", "realloc#0 0"],
    ],
    [
      "realloc-failed",
      ["malloc(1) = 0xA0", "realloc(0xA0,9223372036854775807) = 0x0", "free(0xA0)"],
      ["malloc#0 1", "free#0 0"],
    ],
    [
      "realloc-null, without its malloc",
      ["realloc(0x0,33) = 0xA0", "realloc(0x0,0) = 0xB0"],
      ["realloc#0 33", "realloc#1 0"],
    ],
    [
      "reallocarray",
      [
        "reallocarray(0x0,4,16) = 0xA0",
        " = 0xA0",
        "reallocarray(0xA0,8,16) = 0xB0",
        " = 0xB0",
        "reallocarray(0xB0,0,16) = 0x0",
        " = 0x0",
      ],
      ["realloc#0 64", "realloc#0 128", "free#0 0"],
    ],
    [
      "reallocarray, its result once",
      ["reallocarray(0x0,4,16) = 0xA0", "free(0xA0)"],
      ["realloc#0 64", "free#0 0"],
    ],
    [
      "reallocarray-overflow",
      [
        "reallocarray(0x0,4,16) = 0xA0",
        " = 0xA0",
        "reallocarray(0xA0,9223372036854775807,16) = 0",
        "reallocarray(0xA0,9223372036854775807,16)free(0xA0)",
      ],
      ["realloc#0 64", "free#0 0"],
    ],
    [
      "reallocarray-failed: valgrind frees the block, the C library does not",
      [
        "malloc(1) = 0xA0",
        "reallocarray(0xA0,4611686018427387903,1) = 0x0",
        "free(0xA0)",
        " = 0x0",
        "free(0xA0)",
      ],
      ["malloc#0 1", "free#0 0"],
    ],
    [
      "reallocarray-failed: the program frees the block",
      ["malloc(1) = 0xA0", "reallocarray(0xA0,4611686018427387903,1) = 0x0", " = 0x0", "free(0xA0)"],
      ["malloc#0 1", "free#0 0"],
    ],
    [
      "reallocarray-failed, its result once: the program frees the block",
      [
        "malloc(1) = 0xA0",
        "reallocarray(0xA0,4611686018427387903,1) = 0x0",
        "free(0xA0)",
        "malloc(2) = 0xA0",
      ],
      ["malloc#0 1", "free#0 0", "malloc#1 2"],
    ],
    [
      "alignments are rounded up to a power of two",
      [
        "memalign(al 24, size 100) = 0xA0",
        "memalign(al 0, size 1) = 0xB0",
        "memalign(al 8, size 1) = 0xC0",
        "memalign(33, 1) = 0xD0",
        "_ZnwmSt11align_val_t(size 40, al 24) = 0xE0",
      ],
      [
        "alignedAlloc#0 100 @32",
        "alignedAlloc#1 1 @1",
        "alignedAlloc#2 1 @8",
        "alignedAlloc#3 1 @64",
        "alignedAlloc#4 40 @32",
      ],
    ],
    [
      "posix_memalign, its result on a line of its own",
      [
        "posix_memalign(al 64, size 100)",
        " = 0xA0",
        "posix_memalign(al 24, size 100)",
        " = 0",
        "posix_memalign(al 64, size 9223372036854775807)",
        " = 0x0",
      ],
      ["alignedAlloc#0 100 @64"],
    ],
    [
      "posix_memalign of 3.27",
      [
        "posix_memalign(0x1FFF0005D0, 64, 100) = 0xA0",
        "posix_memalign(0x1FFF0005D0, 3, 100) = 0",
        "free(0xA0)",
      ],
      ["alignedAlloc#0 100 @64", "free#0 0"],
    ],
    [
      "posix_memalign that cannot have a pointer",
      ["posix_memalign(al 24, size 100)", "posix_memalign(al 2, size 100)", "free(0x0)"],
      ["free#-1 0"],
    ],
    [
      "aligned_alloc",
      [
        "aligned_alloc(al 64, size 128) = 0xA0",
        "aligned_alloc(al 24, size 128) = 0",
        "aligned_alloc(64, 128) = 0xB0",
        "aligned_alloc(al 24, size 128)aligned_alloc(al 32, size 64)memalign(al 32, size 64) = 0xC0",
      ],
      ["alignedAlloc#0 128 @64", "alignedAlloc#1 128 @64", "alignedAlloc#2 64 @32"],
    ],
    [
      "valloc of 3.19",
      ["memalign(al 4096, size 100) = 0x4A43000", "free(0x4A43000)"],
      ["alignedAlloc#0 100 @4096", "free#0 0"],
    ],
    [
      "aligned new of 3.27",
      [
        "_ZnwmSt11align_val_t(128, 64) = 0xA0",
        "_ZnamSt11align_val_tRKSt9nothrow_t(40, 32) = 0xB0",
        "_ZdlPvmSt11align_val_t(0xA0, 128, 64)",
        "_ZdaPvSt11align_val_tRKSt9nothrow_t(0xB0, 32)",
      ],
      ["alignedAlloc#0 128 @64", "alignedAlloc#1 40 @32", "free#0 0", "free#1 0"],
    ],
    [
      "nothrow aligned new of no power of two",
      ["_ZnwmSt11align_val_tRKSt9nothrow_t(size 40, al 24)_Znwm(4) = 0xA0", "_ZdlPvm(0xA0, 4)"],
      ["malloc#0 4", "free#0 0"],
    ],
    [
      "frees that are told a size",
      [
        "malloc(10) = 0xA0",
        "free_sized(0xA0)",
        "malloc(11) = 0xA0",
        "free_sized(0xA0, 11)",
        "malloc(12) = 0xA0",
        "free_aligned_sized(0xA0, 16, 12)",
        "free_sized(0x0, 11)",
      ],
      ["malloc#0 10", "free#0 0", "malloc#1 11", "free#1 0", "malloc#2 12", "free#2 0", "free#-1 0"],
    ],
    ["cfree", ["malloc(10) = 0xA0", "cfree(0xA0)"], ["malloc#0 10", "free#0 0"]],
    ["mallinfo", ["malloc_usable_size(0x0)mallinfo()", "mallinfo2()", "free(0x0)"], ["free#-1 0"]],
    ["remark", ["WARNING: unhandled syscall: 435", "malloc(3) = 0xA0"], ["malloc#0 3"]],
  ])("%s", (_, calls, expected) => {
    expect(operationLines(parse(...calls))).toEqual(expected);
  });

  test("threads, their ends, and a call cut in two by the scheduler", () => {
    const recording = parse(
      "  SCHED[1]:  acquired lock (thread_wrapper(starting new thread))",
      "malloc(1) = 0xA0",
      "malloc(16)  SCHED[1]: releasing lock (VG_(scheduler):timeslice) -> VgTs_Yielding",
      "  SCHED[2]:  acquired lock (thread_wrapper(starting new thread))",
      "free(0xA0)",
      "calloc(2,2)  SCHED[2]: releasing lock (VG_(scheduler):timeslice) -> VgTs_Yielding",
      "  SCHED[1]:  acquired lock (VG_(scheduler):timeslice)",
      " = 0xB0",
      "realloc(0xB0,0)free(0xB0)",
      " = 0",
      "  SCHED[1]: releasing lock (VG_(vg_yield)) -> VgTs_Yielding",
      "  SCHED[2]:  acquired lock (VG_(scheduler):timeslice)",
      " = 0xC0",
      "  SCHED[2]: release lock in VG_(exit_thread)",
    );
    expect(operationLines(recording)).toEqual([
      "0: malloc#0 1",
      "1: free#0 0",
      "0: malloc#1 16",
      "0: free#1 0",
      "1: calloc#2 4",
      "1: threadDone#-1 0",
    ]);
    expect(recording.crossThreadFrees).toBe(1);
  });

  test("open lines and calls cut by the scheduler, each thread's its own", () => {
    const recording = parse(
      "  SCHED[1]:  acquired lock (thread_wrapper(starting new thread))",
      "malloc(1) = 0xA0",
      "malloc_usable_size(0x0)calloc(9223372036854775807,16)realloc(0xA0,100)  SCHED[1]: releasing lock (VG_(scheduler):timeslice) -> VgTs_Yielding",
      "  SCHED[2]:  acquired lock (thread_wrapper(starting new thread))",
      "malloc_usable_size(0x0)  SCHED[2]: releasing lock (VG_(scheduler):timeslice) -> VgTs_Yielding",
      "  SCHED[1]:  acquired lock (VG_(scheduler):timeslice)",
      " = 0xB0",
      "realloc(0x0,20)  SCHED[1]: releasing lock (VG_(scheduler):timeslice) -> VgTs_Yielding",
      "  SCHED[2]:  acquired lock (VG_(scheduler):timeslice)",
      "calloc(9223372036854775807,16)memalign(al 24, size 10) = 0xC0",
      "realloc(0xC0,0)  SCHED[2]: releasing lock (VG_(scheduler):timeslice) -> VgTs_Yielding",
      "  SCHED[1]:  acquired lock (VG_(scheduler):timeslice)",
      "malloc(20) = 0xD0",
      "  SCHED[1]: releasing lock (VG_(vg_yield)) -> VgTs_Yielding",
      "  SCHED[2]:  acquired lock (VG_(scheduler):timeslice)",
      "free(0xC0)",
      " = 0",
      "  SCHED[2]: release lock in VG_(exit_thread)",
    );
    expect(operationLines(recording)).toEqual([
      "0: malloc#0 1",
      "0: realloc#0 100",
      "1: alignedAlloc#1 10 @32",
      "0: realloc#2 20",
      "1: free#1 0",
      "1: threadDone#-1 0",
    ]);
  });

  test("a call in which the process ends is dropped", () => {
    const recording = parse(
      "  SCHED[2]:  acquired lock (thread_wrapper(starting new thread))",
      "malloc(1) = 0xA0",
      "malloc(2)  SCHED[2]: releasing lock (VG_(scheduler):timeslice) -> VgTs_Yielding",
      "  SCHED[1]:  acquired lock (VG_(scheduler):timeslice)",
      "free(0x0)",
    );
    expect(operationLines(recording)).toEqual(["0: malloc#0 1", "1: free#-1 0"]);
  });

  test("a byte order mark in front of the log is skipped", () => {
    const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...log("malloc(3) = 0xA0")]);
    expect(operationLines(parseValgrind(marked, "log", "name"))).toEqual(["malloc#0 3"]);
  });

  const unanswered = "is an unknown or unfinished call: it has no result; use --trace-sched=yes";
  test.each([
    [
      "posix_memalign without a pointer",
      log("posix_memalign(al 64, size 100)", "free(0x0)"),
      'line 2: "posix_memalign(al 64, size 100)" has no pointer: use valgrind 3.24 or newer',
    ],
    [
      "posix_memalign without a pointer, last",
      log("free(0x0)", "posix_memalign(al 64, size 100)"),
      'line 3: "posix_memalign(al 64, size 100)" has no pointer: use valgrind 3.24 or newer',
    ],
    [
      "posix_memalign without a pointer, last of its thread",
      log(
        "posix_memalign(al 64, size 100)",
        "  SCHED[1]: release lock in VG_(exit_thread)",
        "  SCHED[2]:  acquired lock (VG_(scheduler):timeslice)",
      ),
      'line 2: "posix_memalign(al 64, size 100)" has no pointer: use valgrind 3.24 or newer',
    ],
    [
      "aligned_alloc without a pointer",
      log("aligned_alloc(al 64, size 128)free(0x0)"),
      'line 2: "aligned_alloc(al 64, size 128)" has no pointer: use valgrind 3.24 or newer',
    ],
    [
      "valloc of 3.24",
      log(" = 0x4A49000", "free(0x4A49000)"),
      'line 2: " = 0x4A49000" is the result of no call: valgrind 3.24 or newer leaves valloc out',
    ],
    [
      "valloc of 3.24 after an open line",
      log("malloc_usable_size(0x0) = 0x4A49000"),
      'line 2: "malloc_usable_size(0x0) = 0x4A49000" is an unknown or unfinished call',
    ],
    ["threads on one line", log("malloc(16)free(0x0)", " = 0xA0"), `line 2: "malloc(16)" ${unanswered}`],
    [
      "threads on one line, the second realloc's",
      log("realloc(0x0,20)malloc(21) = 0xA0", " = 0xB0"),
      `line 2: "realloc(0x0,20)" ${unanswered}`,
    ],
    ["calloc of a product that fits", log("calloc(3,7)free(0x0)"), `line 2: "calloc(3,7)" ${unanswered}`],
    [
      "usable size of a block",
      log("malloc_usable_size(0xA0)free(0x0)"),
      `line 2: "malloc_usable_size(0xA0)"`,
    ],
    ["no result at the end", log("free(0x0)", "malloc(12)"), `line 3: "malloc(12)" ${unanswered}`],
    [
      "unknown call on an open line",
      log("malloc_usable_size(0x0)pvalloc(12, 3) = 0xA0"),
      'line 2: "pvalloc(12, 3) = 0xA0" is an unknown or unfinished call',
    ],
    ["call after a free", log("free(0x0)free(0x0)"), 'line 2: "free(0x0)free(0x0)" is an unknown'],
    ["result that is no pointer", log("malloc(1) = 5"), 'line 2: "malloc(1) = 5" is an unknown'],
    ["result with a tail", log("malloc(1) = 0xA0, or so"), 'line 2: "malloc(1) = 0xA0, or so" is an unknown'],
    [
      "reallocarray with two results",
      log("reallocarray(0x0,4,16) = 0xA0", " = 0xB0"),
      'line 3: " = 0xB0" is an unknown',
    ],
    [
      "alignment absurd",
      log("memalign(al 1099511627777, size 1) = 0xA0"),
      "line 2: alignment 1099511627777 is",
    ],
    [
      "unfinished call",
      log("malloc(1) = 0xA0", "malloc(12"),
      'line 3: "malloc(12" is an unknown or unfinished call',
    ],
    ["unknown call", log("pvalloc(12, 3) = 0xA0"), "line 2: "],
    ["free of the unknown", log("free(0xA0)"), "line 2: frees 0xA0, which was never allocated"],
    ["another text", new TextEncoder().encode("hello\n"), 'line 1: "hello" is not from valgrind'],
    [
      "two processes",
      new TextEncoder().encode("--1-- free(0x0)\n--2-- free(0x0)\n"),
      "line 2: process 2 follows 1",
    ],
    ["no call", log(), "holds no operation"],
  ])("%s", (_, bytes, message) => {
    expect(() => parseValgrind(bytes, "log", "name")).toThrow(RecordingError);
    expect(() => parseValgrind(bytes, "log", "name")).toThrow(message);
  });
});

describe("commands", () => {
  const folder = mkdtempSync(join(tmpdir(), "recordings-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const out = join(folder, "small.husky.gz");
  writeFileSync(join(folder, "log"), log("malloc(1) = 0xA0", "calloc(2,500) = 0xB0", "free(0xA0)"));
  writeFileSync(join(folder, "broken"), "hello");

  function run(script: string, ...args: string[]) {
    const path = fileURLToPath(new URL(`../../stress/recordings/${script}`, import.meta.url));
    const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, path, ...args]);
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  test("from-valgrind writes a recording, describe prints its figures", () => {
    expect(run("from-valgrind.ts", join(folder, "log"), out)).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "",
    });
    expect(operationLines(readRecording(out))).toEqual(["malloc#0 1", "calloc#1 1000", "free#0 0"]);

    const json = run("describe.ts", "--json", out, out);
    expect(json.exitCode).toBe(0);
    expect(JSON.parse(json.stdout)).toHaveLength(2);
    expect(JSON.parse(json.stdout)[0]).toMatchObject({
      name: "small",
      operations: 3,
      peakLiveBytes: 1001,
      free: 1,
    });
    const table = run("describe.ts", out);
    expect(table.exitCode).toBe(0);
    expect(table.stdout).toMatch(/│ small .* 1,001 │/);
  });

  test.each([
    ["from-valgrind.ts", [], 2, "missing required argument"],
    ["from-valgrind.ts", ["a", "b", "c"], 2, "too many arguments"],
    ["from-valgrind.ts", [join(folder, "broken"), out], 1, "is not from valgrind"],
    ["from-valgrind.ts", [join(folder, "missing"), out], 1, "ENOENT"],
    ["describe.ts", [], 2, "missing required argument"],
    ["describe.ts", ["--yaml", out], 2, "unknown option"],
    ["describe.ts", [join(folder, "broken")], 1, "starts no recording"],
  ])("%s %p exits with %d", (script, args, exitCode, message) => {
    const result = run(script, ...args);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toContain(message);
  });

  test("--help is no error and names the exit codes", () => {
    const { exitCode, stdout } = run("from-valgrind.ts", "--help");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("2 wrong usage");
  });
});
