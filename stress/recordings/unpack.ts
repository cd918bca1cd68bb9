/** Takes the gzip or zip wrapping off a file. Both carry a CRC-32, and both are checked. */
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import { RecordingError } from "./recording-error.ts";

/** Bytes. A recording that unpacks to more is an accident or an attack: 2^30 bytes hold 50 million operations. */
const LARGEST_CONTENT = 2 ** 30;

const GZIP_MAGIC = [0x1f, 0x8b];
const ZIP_MAGIC = [0x50, 0x4b];
const ZIP_END_MAGIC = [0x50, 0x4b, 0x05, 0x06];
const ZIP_END_BYTES = 22;

/** True if the bytes at `offset` are `magic`. */
export function hasMagic(bytes: Uint8Array, magic: ArrayLike<number>, offset = 0): boolean {
  for (let i = 0; i < magic.length; i++) if (bytes[offset + i] !== magic[i]) return false;
  return true;
}

/**
 * The content of a gzip file or of the one member of a zip file; other bytes as they are.
 * @throws RecordingError for a damaged wrapping, a zip with other than one entry, or more than `largest` bytes
 */
export function unpack(bytes: Uint8Array, file: string, largest = LARGEST_CONTENT): Uint8Array {
  if (hasMagic(bytes, GZIP_MAGIC)) return gunzip(bytes, file, largest);
  if (hasMagic(bytes, ZIP_MAGIC)) return unzip(bytes, file, largest);
  return bytes;
}

function gunzip(bytes: Uint8Array, file: string, largest: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: largest });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new RecordingError(file, "", `gzip unpacks to more than ${largest} bytes`);
    }
    throw new RecordingError(file, "", `gzip data is truncated or damaged: ${(error as Error).message}`);
  }
}

function unzip(bytes: Uint8Array, file: string, largest: number): Uint8Array {
  const names: string[] = [];
  let tooLarge = false;
  let members: Record<string, Uint8Array>;
  try {
    members = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        tooLarge ||= originalSize > largest;
        return names.push(name) === 1 && !tooLarge;
      },
    });
  } catch (error) {
    throw new RecordingError(file, "", `zip data is truncated or damaged: ${(error as Error).message}`);
  }
  if (names.length !== 1) {
    const list = names.slice(0, 5).join(", ");
    throw new RecordingError(file, "", `zip holds ${names.length} entries (${list}), expected exactly 1`);
  }
  if (tooLarge) throw new RecordingError(file, "", `zip unpacks to more than ${largest} bytes`);
  const content = members[names[0]!]!;
  checkZipSum(bytes, content, file);
  return content;
}

/** fflate does not look at the checksum; it stands in the central directory, which the end record points to. */
function checkZipSum(bytes: Uint8Array, content: Uint8Array, file: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - ZIP_END_BYTES;
  while (end > 0 && !hasMagic(bytes, ZIP_END_MAGIC, end)) end--;
  const directory = view.getUint32(end + 16, true);
  const announced = directory + 20 <= bytes.length ? view.getUint32(directory + 16, true) : undefined;
  const actual = Bun.hash.crc32(content);
  if (announced !== actual) {
    throw new RecordingError(
      file,
      "",
      `zip data is damaged: its CRC-32 is ${actual}, announced ${announced}`,
    );
  }
}
