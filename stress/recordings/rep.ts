/**
 * The `.rep` text of the malloc lab (Bryant and O'Hallaron, CS:APP): four header numbers, then `a ID SIZE`,
 * `r ID SIZE` and `f ID`, one operation a line.
 */
import { RecordingBuilder } from "./builder.ts";
import { Operation, type Recording } from "./recording.ts";
import { ascii, TextScanner } from "./text-scanner.ts";

const ALLOCATE = ascii("a");
const REALLOCATE = ascii("r");
const FREE = ascii("f");
const NOTHING = ascii("-1");

/** These recordings come from programs with one thread. */
const THREAD = 0;

/** @throws RecordingError naming `file` and the line */
export function parseRep(bytes: Uint8Array, file: string, name: string): Recording {
  const text = new TextScanner(bytes, file);
  // The first and the last number changed their meaning between the editions of the lab and are not needed.
  headerNumber(text, "first number of the header");
  headerNumber(text, "number of ids");
  const announced = headerNumber(text, "number of operations");
  headerNumber(text, "fourth number of the header");

  const builder = new RecordingBuilder(text.fail, (id) => `id ${id}`);
  while (text.nextLine()) {
    if (text.takeWord(ALLOCATE)) {
      builder.allocate(Operation.malloc, THREAD, text.number("id"), text.number("size"));
    } else if (text.takeWord(FREE)) {
      builder.free(THREAD, text.takeWord(NOTHING) ? null : text.number("id"));
    } else if (text.takeWord(REALLOCATE)) {
      const id = text.number("id");
      builder.reallocate(THREAD, builder.isLive(id) ? id : null, id, text.number("size"));
    } else {
      text.fail(`operation ${text.word()} is unknown (a, r, f)`);
    }
    text.endOfLine();
  }
  // Some published files hold one operation more than they announce; fewer means that the end is missing.
  if (builder.length < announced) {
    text.fail(`ends after ${builder.length} of the ${announced} operations that the header announces`);
  }
  return builder.finish(name);
}

function headerNumber(text: TextScanner, what: string): number {
  if (!text.nextLine()) text.fail(`${what} is missing`);
  const value = text.number(what);
  text.endOfLine();
  return value;
}
