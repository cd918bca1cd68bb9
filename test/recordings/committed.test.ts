/** The recordings of this repository: they read, they are what recordings/README.md says, and they stay small. */
import { describe, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { committedRecordings } from "../../stress/recordings/committed.ts";
import { readRecording } from "../../stress/recordings/read.ts";

const readme = readFileSync(new URL("../../recordings/README.md", import.meta.url), "utf8");
const files = committedRecordings();

/** Figures of a row of the table; `| name | ... | 1,234 |`. */
function row(name: string): string[] {
  const line = readme.split("\n").find((text) => text.startsWith(`| ${name} `));
  return (line ?? "").split("|").map((cell) => cell.trim().replaceAll(",", ""));
}

describe("committed recordings", () => {
  test("at least six, in all at most 3 MB", () => {
    expect(files.length).toBeGreaterThanOrEqual(6);
    expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(3_000_000);
  });

  test.each(files.map((file) => [basename(file), file]))("%s", (_, file) => {
    const recording = readRecording(file);
    expect(recording.length).toBeGreaterThan(20_000);
    expect(recording.length).toBeLessThan(500_000);
    expect(row(recording.name).slice(2, 9).map(Number)).toEqual([
      recording.length,
      recording.threads,
      recording.crossThreadFrees,
      recording.blocks,
      recording.peakLiveBlocks,
      recording.peakLiveBytes,
      statSync(file).size,
    ]);
  });

  test("between them: threads that free for each other, realloc, aligned and big blocks", () => {
    const recordings = files.map(readRecording);
    expect(recordings.some((one) => one.crossThreadFrees > 10_000)).toBe(true);
    expect(recordings.some((one) => one.alignment.some((alignment) => alignment > 0))).toBe(true);
    expect(recordings.some((one) => one.size.some((size) => size >= 2 ** 22))).toBe(true);
    expect(
      recordings.some((one) => one.operation.filter((operation) => operation === 2).length > 10_000),
    ).toBe(true);
  });
});
