import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLinux, libc } from "../../native/libc.ts";
import { LineSearch, ProcFile } from "../../native/proc-file.ts";

const folder = mkdtempSync(join(tmpdir(), "husky-proc-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

const LINE = "30f5b0000-30f5c0000 rw-p 00000000 00:00 0";

/** Looks for `start` in pieces of a text, which all come into one buffer, as from `read`. */
function isIn(pieces: readonly string[], start: string): boolean {
  const buffer = new Uint8Array(4096);
  const search = new LineSearch(start);
  return pieces.some((piece) => {
    buffer.set(new TextEncoder().encode(piece));
    return search.goesOn(buffer, piece.length);
  });
}

test("a line is found wherever a piece of the text ends", () => {
  const text = `a line that is longer than the one looked for, and then some\n\n30f5b0000-30\n${LINE} \nanother\n`;
  for (let end = 0; end <= text.length; end++) {
    const pieces = [text.slice(0, end), text.slice(end)];
    expect(isIn(pieces, LINE)).toBe(true);
    expect(isIn(pieces, LINE.slice(1))).toBe(false);
    expect(isIn(pieces, `${LINE} x`)).toBe(false);
  }
  expect(isIn([...text], LINE)).toBe(true);
  expect(isIn([...text], "30f5b0000-31")).toBe(false);
});

test("what an earlier piece has left in the buffer does not count", () => {
  expect(isIn(["x\nab\ncd\n", "x"], "cd")).toBe(true);
  expect(isIn(["xx\nab\ncd\n", "\na", "b", "c\n"], "abd")).toBe(false);
  expect(isIn(["x\nabc\n", "y"], "abcd")).toBe(false);
});

const linux = process.platform === "linux";

test.skipIf(!linux)("a line that two reads bring is found", () => {
  const library = libc();
  if (!isLinux(library)) throw new Error("not on Linux");
  const path = join(folder, "maps");
  const file = new ProcFile(library);
  for (let before = 4096 - LINE.length - 3; before <= 4100; before++) {
    writeFileSync(path, `${"0".repeat(before - 1)}\n${LINE} \nlast\n`);
    expect(file.hasLine(path, LINE)).toBe(true);
    expect(file.hasLine(path, `${LINE}0`)).toBe(false);
  }
  expect(file.hasLine(join(folder, "none"), LINE)).toBeUndefined();
});
