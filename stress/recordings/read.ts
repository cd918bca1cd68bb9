/** Reads a recording of any known kind. The content decides, not the file's extension. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseAndroid } from "./android.ts";
import { COMPACT_MAGIC, decodeRecording } from "./compact.ts";
import type { Recording } from "./recording.ts";
import { RecordingError } from "./recording-error.ts";
import { parseRep } from "./rep.ts";
import { hasMagic, unpack } from "./unpack.ts";

/** How far to look for the first line with something on it, in bytes. */
const LONGEST_FIRST_LINE = 1024;

/**
 * The recording in the file at `path`: Android memory_replay text, malloc lab `.rep` text or the project's own
 * compact form, each plain, in gzip, or as the only member of a zip.
 * @throws RecordingError for a file that cannot be read, or is broken, truncated or absurd
 */
export function readRecording(path: string): Recording {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new RecordingError(path, "", `cannot be read: ${(error as Error).message}`);
  }
  return parseRecording(bytes, path);
}

/** The same for the bytes of a file; `file` names it in errors and gives the recording its name. */
export function parseRecording(bytes: Uint8Array, file: string): Recording {
  if (bytes.length === 0) throw new RecordingError(file, "byte 0", "the file is empty");
  const content = unpack(bytes, file);
  // A file name's first dot ends its name, unless it is the first character.
  const name = basename(file).replace(/(?<=.)\..*$/, "");
  if (hasMagic(content, COMPACT_MAGIC)) return decodeRecording(content, file, name);
  const start = new TextDecoder().decode(content.subarray(0, LONGEST_FIRST_LINE)).trimStart();
  if (/^\d+:/.test(start)) return parseAndroid(content, file, name);
  if (/^\d+\s/.test(start)) return parseRep(content, file, name);
  throw new RecordingError(
    file,
    "line 1",
    `${JSON.stringify(start.slice(0, 40))} starts no recording (HUSKYREC, "TID: operation" or a .rep header number)`,
  );
}
