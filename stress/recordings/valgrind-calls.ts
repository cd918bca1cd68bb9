/**
 * How `valgrind --trace-malloc=yes` writes each call, from 3.19 to 3.27, and what becomes of it. The name and the
 * arguments are written when the call begins, ` = RESULT` and the end of the line when it returns.
 */
import type { RecordingBuilder } from "./builder.ts";
import { isAlignment } from "./measure.ts";
import { LARGEST_SIZE, Operation } from "./recording.ts";

/**
 * Hands one call to the builder. `numbers` are its arguments as the pattern captures them, then its result; a call
 * that returned 0x0 failed and is dropped.
 */
type Take = (builder: RecordingBuilder, thread: number, numbers: readonly number[]) => void;

export interface Form {
  /** Matches name and arguments at the start of a text. */
  readonly pattern: RegExp;
  /** What follows ` = `; undefined for a call that returns nothing and ends its line at once. */
  readonly result?: RegExp;
  readonly take: Take;
  /** With these arguments the call failed before it did anything, and valgrind may have left its line open. */
  readonly failsAtOnce?: (numbers: readonly number[]) => boolean;
  /** The first version of valgrind that writes the result, if the form is older. */
  readonly resultSince?: string;
}

/** A call as far as its arguments. */
export interface Call {
  readonly form: Form;
  /** As the log has it. */
  readonly text: string;
  readonly numbers: readonly number[];
}

const POINTER = /^(?:0x[0-9A-F]+|0)$/;
const COUNT = /^\d+$/;

/** No smaller product overflows: a size_t has 32 bits or more. */
const SMALLEST_OVERFLOW = 2 ** 32;

const free: Take = (builder, thread, [pointer]) => builder.free(thread, pointer! || null);
const malloc: Take = (builder, thread, [size, pointer]) => {
  if (pointer) builder.allocate(Operation.malloc, thread, pointer, size!);
};
const calloc: Take = (builder, thread, [count, size, pointer]) => {
  if (pointer) builder.allocate(Operation.calloc, thread, pointer, count! * size!);
};
const realloc: Take = (builder, thread, [old, size, pointer]) => {
  if (pointer) builder.reallocate(thread, old! || null, pointer, size!);
  // realloc(old, 0) frees; any other realloc that returns 0x0 leaves the old block as it was.
  else if (old && size === 0) builder.free(thread, old);
};
const reallocarray: Take = (builder, thread, [old, count, size, pointer]) =>
  realloc(builder, thread, [old!, count! * size!, pointer!]);
/** glibc's memalign, and valgrind with it, rounds an alignment up to a power of two. */
const alignedAlloc: Take = (builder, thread, [alignment, size, pointer]) => {
  if (!pointer) return;
  let rounded = 1;
  while (rounded < alignment! && rounded < LARGEST_SIZE) rounded *= 2;
  // One that is too large is refused as the log has it.
  builder.allocate(Operation.alignedAlloc, thread, pointer, size!, Math.max(rounded, alignment!));
};
const alignedNew: Take = (builder, thread, [size, alignment, pointer]) =>
  alignedAlloc(builder, thread, [alignment!, size!, pointer!]);
const nothing: Take = () => {};

// operator new and delete have their mangled names (Itanium C++ ABI): _Znwm, _ZdlPv. 3.27 leaves out the words
// `al` and `size`, and adds the sizes and alignments that a delete was told.
export const FREE: Form = {
  pattern: /^(?:c?free|free_sized|free_aligned_sized|_Zd[la]Pv\w*)\((0x[0-9A-F]+)(?:, \d+)*\)/,
  take: free,
};
const MALLOC: Form = { pattern: /^(?:malloc|_Zn[wa]\w+)\((\d+)\)/, result: POINTER, take: malloc };
const REALLOC: Form = { pattern: /^realloc\((0x[0-9A-F]+),(\d+)\)/, result: POINTER, take: realloc };
/** Writes its result twice, see `valgrind.ts`. */
export const REALLOCARRAY: Form = {
  pattern: /^reallocarray\((0x[0-9A-F]+),(\d+),(\d+)\)/,
  result: POINTER,
  take: reallocarray,
  failsAtOnce: ([, count, size]) => count! * size! >= SMALLEST_OVERFLOW,
};
const MEMALIGN: Form = {
  pattern: /^memalign\((?:al )?(\d+), (?:size )?(\d+)\)/,
  result: POINTER,
  take: alignedAlloc,
};
const ALIGNED_ALLOC: Form = {
  pattern: /^aligned_alloc\((?:al )?(\d+), (?:size )?(\d+)\)/,
  result: POINTER,
  take: alignedAlloc,
  failsAtOnce: ([alignment]) => !isAlignment(alignment!),
  resultSince: "3.24",
};

const FORMS: readonly Form[] = [
  FREE,
  MALLOC,
  {
    pattern: /^calloc\((\d+),(\d+)\)/,
    result: POINTER,
    take: calloc,
    failsAtOnce: ([count, size]) => count! * size! >= SMALLEST_OVERFLOW,
  },
  REALLOC,
  REALLOCARRAY,
  MEMALIGN,
  ALIGNED_ALLOC,
  {
    // 3.19 writes the memalign that it makes of it instead; 3.24 puts the result on a line of its own.
    pattern: /^posix_memalign\(al (\d+), size (\d+)\)/,
    result: POINTER,
    take: alignedAlloc,
    // The alignment has to be a power of two and a multiple of a pointer's size, which is 4 or 8.
    failsAtOnce: ([alignment]) => !isAlignment(alignment!) || alignment! % 4 !== 0,
    resultSince: "3.24",
  },
  {
    pattern: /^posix_memalign\(0x[0-9A-F]+, (\d+), (\d+)\)/,
    result: POINTER,
    take: alignedAlloc,
  },
  {
    pattern: /^_Zn[wa]\w+\((?:size )?(\d+), (?:al )?(\d+)\)/,
    result: POINTER,
    take: alignedNew,
    failsAtOnce: ([, alignment]) => !isAlignment(alignment!),
  },
  {
    pattern: /^malloc_usable_size\((0x[0-9A-F]+)\)/,
    result: COUNT,
    take: nothing,
    failsAtOnce: ([pointer]) => pointer === 0,
  },
];

/** The start of any call that valgrind traces. `realloc() with size 0` is a remark of valgrind's. */
const ANY_CALL = /^(?:\w*alloc\w*|\w*memalign|c?free\w*|_Z[nd]\w+)\((?!\))/;

/** The call at the start of `text`, if it is written in a form that is known. */
export function callAt(text: string): Call | undefined {
  for (const form of FORMS) {
    const match = form.pattern.exec(text);
    if (match !== null) return { form, text: match[0], numbers: match.slice(1).map(Number) };
  }
  return undefined;
}

/** `text` starts with something that looks like a call. */
export function looksLikeCall(text: string): boolean {
  return ANY_CALL.test(text);
}

/** `inner` is how `outer` does its work: realloc(null, size) is a malloc, realloc(pointer, 0) a free. */
export function isInner(outer: Call, inner: Call): boolean {
  const [first, second] = outer.numbers;
  if (outer.form === REALLOC) {
    if (first === 0) return inner.form === MALLOC && inner.numbers[0] === second;
    return second === 0 && inner.form === FREE && inner.numbers[0] === first;
  }
  return (
    outer.form === ALIGNED_ALLOC &&
    inner.form === MEMALIGN &&
    inner.numbers[0] === first &&
    inner.numbers[1] === second
  );
}
