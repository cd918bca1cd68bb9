/** Files of recordings: the committed ones and those that a user names. */
import { basename } from "node:path";
import { oneOf } from "../../stress/command/suggest.ts";
import { UsageError } from "../../stress/command/usage-error.ts";
import {
  committedRecordings,
  type Recording,
  RecordingError,
  readRecording,
} from "../../stress/recordings/index.ts";

/** As the recording itself will be called. */
export const nameOf = (file: string): string => basename(file).replace(/(?<=.)\..*$/, "");

export const recordingNames = (): string[] => committedRecordings().map(nameOf);

/**
 * Paths of the committed recordings and of `further` ones, or of those among them with the given names. Throws a
 * UsageError for a name that none of them has, and one that two of them have.
 */
export function chooseFiles(names: readonly string[] | undefined, further: readonly string[] = []): string[] {
  const all = [...committedRecordings(), ...further];
  const known = all.map(nameOf);
  for (const [index, file] of all.entries()) {
    if (known.indexOf(nameOf(file)) < index) {
      throw new UsageError(
        `${file}: there is a recording ${nameOf(file)} already; give the file another name`,
      );
    }
  }
  for (const name of names ?? []) oneOf("recording", name, known);
  return all.filter((file) => names?.includes(nameOf(file)) ?? true);
}

/** Throws a UsageError that names the file and what is wrong with it. */
export function read(file: string): Recording {
  try {
    return readRecording(file);
  } catch (error) {
    throw error instanceof RecordingError ? new UsageError(error.message) : error;
  }
}
