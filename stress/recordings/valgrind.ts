/**
 * The log of `valgrind --trace-malloc=yes`. A call usually has a line to itself, but valgrind ends the line only
 * with the result:
 *
 *   malloc(16) = 0x4A40040
 *   malloc_usable_size(0x0)calloc(9223372036854775807,16)malloc(10) = 0x4A40090   two that failed, and wrote none
 *   malloc(314572800)Warning: set address range perms: large range [0x4e40040, ...  a message of valgrind's, and
 *    = 0x4E40040                                                                    the result after it
 *   malloc(16)  SCHED[1]: releasing lock (VG_(scheduler):timeslice) -> ...          another thread's turn
 *
 * The last needs `--trace-sched=yes`, which tells which thread runs and when one ends: valgrind runs one thread at a
 * time, so all calls after "acquired lock" are that thread's. Without it every call belongs to one thread.
 */
import { RecordingBuilder } from "./builder.ts";
import type { Recording } from "./recording.ts";
import { type Fail, RecordingError } from "./recording-error.ts";
import { type Call, callAt, FREE, isInner, looksLikeCall, REALLOCARRAY } from "./valgrind-calls.ts";

/** `--1234-- text` carries a call; `==1234== text` and `**1234** text` are messages for people. */
const LINE = /^(--|==|\*\*)(\d+)\1 ?(.*)$/;
const SCHEDULER = /^(.*?) +SCHED\[(\d+)\]: (.*)$/;
const THREAD_RUNS = " acquired lock";
const THREAD_ENDS = "release lock in VG_(exit_thread)";
const RESULT = " = ";
const NULL = /^0(?:x0)?$/;

/** A call that has begun. A thread has at most one. */
interface OpenCall {
  readonly call: Call;
  readonly line: number;
  /** The scheduler stopped the thread within the call, where the process may end. */
  isStopped: boolean;
  /** Of a reallocarray: it has returned this, and a repetition of it may follow. */
  answer?: number;
  /** Of a reallocarray that failed: the free that came between the result and its repetition. */
  inner?: Call;
}

/** @throws RecordingError naming `file` and the line */
export function parseValgrind(bytes: Uint8Array, file: string, name: string): Recording {
  const log = new LogReader(file);
  let process: string | undefined;
  for (const text of new TextDecoder().decode(bytes).split("\n")) {
    log.line++;
    if (text === "") continue;
    const [, mark, id, rest] =
      LINE.exec(text) ?? log.fail(`${JSON.stringify(text.slice(0, 40))} is not from valgrind`);
    process ??= id;
    // A forked child goes on writing to its parent's log, and has its own memory.
    if (process !== id) log.fail(`process ${id} follows ${process}: use --child-silent-after-fork=yes`);
    if (mark === "--") log.read(rest!);
  }
  return log.finish(name);
}

class LogReader {
  line = 0;
  readonly #file: string;
  readonly #builder: RecordingBuilder;
  readonly #open = new Map<number, OpenCall>();
  #thread = 1;

  constructor(file: string) {
    this.#file = file;
    this.#builder = new RecordingBuilder(this.fail, (pointer) => `0x${pointer.toString(16).toUpperCase()}`);
  }

  /** Reports an error of the current line. An arrow, so that it can be handed on. */
  readonly fail: Fail = (what) => this.#failAt(this.line, what);

  /** Takes one line without its mark. */
  read(text: string): void {
    const scheduled = SCHEDULER.exec(text);
    if (scheduled === null) {
      this.#calls(text);
      return;
    }
    const [, beginning, who, what] = scheduled;
    if (beginning !== "") {
      this.#calls(beginning!);
      const open = this.#open.get(this.#thread);
      if (open !== undefined) open.isStopped = true;
    }
    if (what!.startsWith(THREAD_RUNS)) {
      this.#thread = Number(who);
    } else if (what === THREAD_ENDS) {
      this.#endThread(Number(who));
      this.#builder.threadDone(Number(who));
    }
  }

  finish(name: string): Recording {
    for (const thread of this.#open.keys()) this.#endThread(thread);
    return this.#builder.finish(name);
  }

  /** Calls, then the result of the last or a message of valgrind's. */
  #calls(text: string): void {
    let rest = text;
    for (let call = callAt(rest); call !== undefined; call = callAt(rest)) {
      rest = rest.slice(call.text.length);
      if (call.form === FREE && rest !== "") this.#failCall(text);
      this.#begin(call);
    }
    if (rest.startsWith(RESULT)) this.#result(rest, text);
    else if (looksLikeCall(rest)) this.#failCall(rest);
  }

  #begin(call: Call): void {
    const outer = this.#open.get(this.#thread);
    if (outer !== undefined) {
      if (outer.answer === 0 && call.form === FREE && call.numbers[0] === outer.call.numbers[0]) {
        outer.inner = call;
        return;
      }
      const isWork = isInner(outer.call, call);
      // An allocation's result is the outer call's too. A free says it all: realloc(pointer, 0) has no result.
      if (isWork && call.form !== FREE) return;
      this.#open.delete(this.#thread);
      if (!isWork) this.#close(outer, this.#thread);
    }
    if (call.form === FREE) call.form.take(this.#builder, this.#thread, call.numbers);
    else this.#open.set(this.#thread, { call, line: this.line, isStopped: false });
  }

  #result(rest: string, text: string): void {
    const written = rest.slice(RESULT.length);
    const open = this.#open.get(this.#thread);
    if (open === undefined) {
      // valgrind 3.19 ends realloc(pointer, 0) so, after the free.
      if (NULL.test(written)) return;
      this.fail(`${JSON.stringify(rest)} is the result of no call: valgrind 3.24 or newer leaves valloc out`);
    }
    const { call, answer } = open!;
    if (!call.form.result!.test(written)) this.#failCall(text);
    const result = Number(written);
    this.#open.delete(this.#thread);
    if (answer === undefined) {
      call.form.take(this.#builder, this.#thread, [...call.numbers, result]);
      // A reallocarray writes what the allocator returned, then what it returns itself; only an overflow has a single
      // 0. When the allocator fails, valgrind 3.24 frees the block in between, and the C library does not.
      if (call.form === REALLOCARRAY && written !== "0") {
        this.#open.set(this.#thread, { ...open!, answer: result });
      }
    } else if (answer !== result) {
      this.#failCall(text);
    }
  }

  /** Nothing more comes from the thread. What it was stopped in never happened: the process ended first. */
  #endThread(thread: number): void {
    const open = this.#open.get(thread);
    this.#open.delete(thread);
    if (open !== undefined && !(open.isStopped && open.answer === undefined)) this.#close(open, thread);
  }

  /** Waits no longer for the result of a call, or for its repetition. */
  #close({ call, line, answer, inner }: OpenCall, thread: number): void {
    if (answer !== undefined) {
      // Without a repetition the free was the program's own.
      inner?.form.take(this.#builder, thread, inner.numbers);
      return;
    }
    if (call.form.failsAtOnce?.(call.numbers)) return;
    const { resultSince } = call.form;
    const what =
      resultSince === undefined
        ? "is an unknown or unfinished call: it has no result; use"
        : `has no pointer: use valgrind ${resultSince} or newer, and`;
    this.#failAt(line, `${JSON.stringify(call.text)} ${what} --trace-sched=yes if the program has threads`);
  }

  #failCall(text: string): never {
    return this.fail(`${JSON.stringify(text.slice(0, 60))} is an unknown or unfinished call`);
  }

  #failAt(line: number, what: string): never {
    throw new RecordingError(this.#file, `line ${Math.max(line, 1)}`, what);
  }
}
