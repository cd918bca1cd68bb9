/** The C programs of the measurements: the floor's loops run, and replay.c counts memory right. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rows } from "../../bench/rows/catalogue.ts";
import { SHARED_BYTES } from "../../bench/rows/row.ts";
import { type Compiled, compile } from "../../native/compile.ts";
import { openFloor } from "../../native/floor.ts";
import { Operation } from "../../stress/recordings/index.ts";

const folder = mkdtempSync(join(tmpdir(), "husky-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const isGlibc = process.platform === "linux" && Bun.which("cc") !== null;
const LIBRARY = "libc.so.6";

function pathOf(compiled: Compiled): string {
  if ("missing" in compiled) throw new Error(compiled.missing);
  return compiled.path;
}

test.if(isGlibc)("every row has a loop in C that runs", () => {
  const floor = openFloor(pathOf(compile("floor", "library", folder)), LIBRARY);
  const place = { seed: 3, worker: 0, shared: new SharedArrayBuffer(SHARED_BYTES) };
  // The largest of the replacements is the smallest with more memory.
  for (const row of rows.filter(({ name }) => !name.includes("1 M"))) row.native(floor, place)();
});

test.if(isGlibc)("the floor refuses a malloc that is not the one it was to measure", () => {
  const path = pathOf(compile("floor", "library", folder));
  expect(() => openFloor(path, "libnothing")).toThrow("not from libnothing");
});

/** As bench/memory.ts writes them: kind, block, size, alignment. */
function operationsFile(operations: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(operations.length * 24));
  for (const [index, [kind, block, size, alignment]] of operations.entries()) {
    bytes.setUint32(index * 24, kind, true);
    bytes.setInt32(index * 24 + 4, block, true);
    bytes.setFloat64(index * 24 + 8, size, true);
    bytes.setFloat64(index * 24 + 16, alignment, true);
  }
  return new Uint8Array(bytes.buffer);
}

const MIB = 2 ** 20;

test.if(isGlibc)("replay.c: the peak is what was live, and free gives it back", async () => {
  const program = pathOf(compile("replay", "program", folder));
  const operations = join(folder, "operations");
  await Bun.write(
    operations,
    operationsFile([
      [Operation.malloc, 0, 8 * MIB, 0],
      [Operation.free, 0, 0, 0],
      [Operation.calloc, 1, 4 * MIB, 0],
      [Operation.realloc, 1, 16 * MIB, 0],
      [Operation.alignedAlloc, 2, 4 * MIB, 4096],
      [Operation.realloc, 3, 100, 0],
      [Operation.free, -1, 0, 0],
      [Operation.threadDone, -1, 0, 0],
    ]),
  );
  const run = Bun.spawnSync([program, operations, LIBRARY]);
  const { peak, left } = JSON.parse(run.stdout.toString());
  expect(peak / MIB).toBeGreaterThanOrEqual(20);
  expect(peak / MIB).toBeLessThan(21);
  // glibc may keep the 4 MiB; the 16 had a mapping of their own.
  expect(left / MIB).toBeLessThan(8);
  const refused = Bun.spawnSync([program, operations, "libnothing"]);
  expect(JSON.parse(refused.stdout.toString())).toEqual({ reason: "libnothing is not installed" });
});
