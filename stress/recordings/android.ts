/**
 * The text of Android's memory_replay: one operation a line, `TID: malloc PTR SIZE` and so on, in one total
 * order. docs/recordings.md lists the lines and what is made of the odd ones.
 */
import { type BlockName, RecordingBuilder } from "./builder.ts";
import { Operation, type Recording } from "./recording.ts";
import { ascii, TextScanner } from "./text-scanner.ts";

const FREE = ascii("free");
const MALLOC = ascii("malloc");
const REALLOC = ascii("realloc");
const CALLOC = ascii("calloc");
const MEMALIGN = ascii("memalign");
const THREAD_DONE = ascii("thread_done");
const COLON = 58;

/** A pointer as these logs write it. */
export function spellPointer(pointer: BlockName): string {
  return `0x${pointer.toString(16)}`;
}

/** @throws RecordingError naming `file` and the line */
export function parseAndroid(bytes: Uint8Array, file: string, name: string): Recording {
  const text = new TextScanner(bytes, file);
  const builder = new RecordingBuilder(text.fail, spellPointer);
  while (text.nextLine()) {
    const thread = text.number("thread id", COLON);
    parseOperation(text, builder, thread);
    // Newer files end a line with the start and the end in nanoseconds since 1970: too large for a safe integer,
    // and of no use here.
    if (!text.atEnd()) {
      text.skipNumber("start time");
      text.skipNumber("end time");
      text.endOfLine();
    }
  }
  return builder.finish(name);
}

/** An allocation that returned 0x0 failed in the recorded program: it left nothing to replay and is dropped. */
function parseOperation(text: TextScanner, builder: RecordingBuilder, thread: number): void {
  if (text.takeWord(FREE)) {
    builder.free(thread, text.pointer("pointer") || null);
  } else if (text.takeWord(MALLOC)) {
    const pointer = text.pointer("pointer");
    const size = text.number("size");
    if (pointer) builder.allocate(Operation.malloc, thread, pointer, size);
  } else if (text.takeWord(REALLOC)) {
    const pointer = text.pointer("new pointer");
    const old = text.pointer("old pointer") || null;
    const size = text.number("size");
    if (pointer) builder.reallocate(thread, old, pointer, size);
    // The C library's realloc(old, 0) frees; a failed realloc leaves the old block as it was.
    else if (old !== null && size === 0) builder.free(thread, old);
  } else if (text.takeWord(CALLOC)) {
    const pointer = text.pointer("pointer");
    const size = text.number("count") * text.number("size");
    if (pointer) builder.allocate(Operation.calloc, thread, pointer, size);
  } else if (text.takeWord(MEMALIGN)) {
    const pointer = text.pointer("pointer");
    const alignment = text.number("alignment");
    const size = text.number("size");
    if (pointer) builder.allocate(Operation.alignedAlloc, thread, pointer, size, alignment);
  } else if (text.takeWord(THREAD_DONE)) {
    text.pointer("pointer");
    builder.threadDone(thread);
  } else {
    text.fail(`operation ${text.word()} is unknown (malloc, calloc, realloc, memalign, free, thread_done)`);
  }
}
