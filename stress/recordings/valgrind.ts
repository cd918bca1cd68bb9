/**
 * The log of `valgrind --trace-malloc=yes`, one call a line. `--trace-sched=yes` adds lines that say which thread
 * runs and when one ends: valgrind runs one thread at a time, so all calls after "acquired lock" are that
 * thread's. Without them every call belongs to one thread.
 */
import { RecordingBuilder } from "./builder.ts";
import { Operation, type Recording } from "./recording.ts";
import { type Fail, RecordingError } from "./recording-error.ts";

/** `--1234-- text` carries a call; `==1234== text` and `**1234** text` are messages for people. */
const LINE = /^(--|==|\*\*)(\d+)\1 ?(.*)$/;
/** The scheduler may cut a call in two: `malloc(16)  SCHED[1]: releasing lock`, and ` = 0x4D6DC80` when 1 runs again. */
const SCHEDULER = /^(.*?) +SCHED\[(\d+)\]: (.*)$/;
const THREAD_RUNS = " acquired lock";
const RESULT = " = ";
const THREAD_ENDS = "release lock in VG_(exit_thread)";

/** Hands one call to the builder. `numbers` are the capture groups; a call that returned 0x0 failed and is dropped. */
type Take = (builder: RecordingBuilder, thread: number, numbers: readonly number[]) => void;

const free: Take = (builder, thread, [pointer]) => builder.free(thread, pointer! || null);
const malloc: Take = (builder, thread, [size, pointer]) => {
  if (pointer) builder.allocate(Operation.malloc, thread, pointer, size!);
};
const calloc: Take = (builder, thread, [count, size, pointer]) => {
  if (pointer) builder.allocate(Operation.calloc, thread, pointer, count! * size!);
};
const realloc: Take = (builder, thread, [old, size, pointer]) => {
  if (pointer) builder.reallocate(thread, old! || null, pointer, size!);
};
const alignedAlloc: Take = (builder, thread, [alignment, size, pointer]) => {
  if (pointer) builder.allocate(Operation.alignedAlloc, thread, pointer, size!, alignment!);
};
const alignedNew: Take = (builder, thread, [size, alignment, pointer]) =>
  alignedAlloc(builder, thread, [alignment!, size!, pointer!]);
const nothing: Take = () => {};

/** How valgrind writes each call. operator new and delete have their mangled names (Itanium C++ ABI): _Znwm, _ZdlPv. */
const CALLS: readonly (readonly [RegExp, Take])[] = [
  [/^(?:free|cfree|_Zd[la]Pv\w*)\((0x[0-9A-F]+)\)$/, free],
  [/^(?:malloc|_Zn[wa]\w+)\((\d+)\) = (0x[0-9A-F]+)$/, malloc],
  [/^calloc\((\d+),(\d+)\) = (0x[0-9A-F]+)$/, calloc],
  [/^realloc\((0x[0-9A-F]+),(\d+)\) = (0x[0-9A-F]+)$/, realloc],
  // realloc(null, size) and realloc(pointer, 0) go on to malloc and free, on the same line.
  [/^realloc\((0x0),(\d+)\)malloc\(\d+\) = (0x[0-9A-F]+)$/, realloc],
  [/^realloc\((0x[0-9A-F]+),0\)free\(\1\)$/, free],
  [/^(?:memalign|posix_memalign|aligned_alloc)\(al (\d+), size (\d+)\) = (0x[0-9A-F]+)$/, alignedAlloc],
  [/^_Zn[wa]\w+\(size (\d+), al (\d+)\) = (0x[0-9A-F]+)$/, alignedNew],
  // Cut in two, so that its free has a line of its own.
  [/^realloc\(0x[0-9A-F]+,0\) = 0$/, nothing],
  [/^malloc_usable_size\(0x[0-9A-F]+\) = \d+$/, nothing],
];

/** The start of any call that valgrind traces; other lines are remarks of valgrind's. */
const ANY_CALL = /^(?:\w*alloc\w*|\w*memalign|c?free|_Z[nd]\w+)\(/;

/** @throws RecordingError naming `file` and the line */
export function parseValgrind(bytes: Uint8Array, file: string, name: string): Recording {
  let line = 0;
  const fail: Fail = (what) => {
    throw new RecordingError(file, `line ${Math.max(line, 1)}`, what);
  };
  const builder = new RecordingBuilder(fail, (pointer) => `0x${pointer.toString(16).toUpperCase()}`);
  /** Beginnings of calls that wait for their thread to run again. */
  const begun = new Map<number, string>();
  let thread = 1;
  let process: string | undefined;
  for (const text of new TextDecoder().decode(bytes).split("\n")) {
    line++;
    if (text === "") continue;
    const [, mark, id, rest] =
      LINE.exec(text) ?? fail(`${JSON.stringify(text.slice(0, 40))} is not from valgrind`);
    process ??= id;
    // A forked child goes on writing to its parent's log, and has its own memory.
    if (process !== id) fail(`process ${id} follows ${process}: use --child-silent-after-fork=yes`);
    if (mark !== "--") continue;
    const scheduled = SCHEDULER.exec(rest!);
    if (scheduled !== null) {
      const [, beginning, who, what] = scheduled;
      if (beginning !== "") begun.set(thread, beginning!);
      if (what!.startsWith(THREAD_RUNS)) thread = Number(who);
      else if (what === THREAD_ENDS) builder.threadDone(Number(who));
    } else if (rest!.startsWith(RESULT)) {
      takeCall((begun.get(thread) ?? "") + rest, builder, thread, fail);
      begun.delete(thread);
    } else {
      takeCall(rest!, builder, thread, fail);
    }
  }
  return builder.finish(name);
}

function takeCall(call: string, builder: RecordingBuilder, thread: number, fail: Fail): void {
  for (const [pattern, take] of CALLS) {
    const match = pattern.exec(call);
    if (match !== null) {
      take(builder, thread, match.slice(1).map(Number));
      return;
    }
  }
  if (ANY_CALL.test(call)) fail(`${JSON.stringify(call.slice(0, 60))} is an unknown or unfinished call`);
}
