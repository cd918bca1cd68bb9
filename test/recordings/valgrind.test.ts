/** Logs of `valgrind --trace-malloc=yes`, and the two commands as a user runs them. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readRecording } from "../../stress/recordings/read.ts";
import { Operation, type Recording } from "../../stress/recordings/recording.ts";
import { RecordingError } from "../../stress/recordings/recording-error.ts";
import { parseValgrind } from "../../stress/recordings/valgrind.ts";

const names = Object.keys(Operation);

/** Each line gets valgrind's prefix. */
function log(...calls: string[]): Uint8Array {
  return new TextEncoder().encode(`==42== Memcheck\n${calls.map((call) => `--42-- ${call}\n`).join("")}`);
}

const parse = (...calls: string[]) => parseValgrind(log(...calls), "log", "name");

/** `malloc#0 10` for each operation, with the thread in front if there are several. */
function lines(recording: Recording): string[] {
  return Array.from(recording.operation, (operation, i) => {
    const thread = recording.threads > 1 ? `${recording.thread[i]}: ` : "";
    const alignment = recording.alignment[i] ? ` @${recording.alignment[i]}` : "";
    return `${thread}${names[operation]}#${recording.block[i]} ${recording.size[i]}${alignment}`;
  });
}

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
    ["remark", ["WARNING: unhandled syscall: 435", "malloc(3) = 0xA0"], ["malloc#0 3"]],
  ])("%s", (_, calls, expected) => {
    expect(lines(parse(...calls))).toEqual(expected);
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
    expect(lines(recording)).toEqual([
      "0: malloc#0 1",
      "1: free#0 0",
      "0: malloc#1 16",
      "0: free#1 0",
      "1: calloc#2 4",
      "1: threadDone#-1 0",
    ]);
    expect(recording.crossThreadFrees).toBe(1);
  });

  test.each([
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
    expect(lines(readRecording(out))).toEqual(["malloc#0 1", "calloc#1 1000", "free#0 0"]);

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
