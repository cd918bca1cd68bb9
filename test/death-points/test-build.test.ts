/** The test build is the library: the library's own tests pass on it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { sharedArrays } from "../../stress/death-points/instrument.ts";
import { makeTestBuild, removeTestBuild, type TestBuildFiles } from "../../stress/death-points/test-build.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
let build: TestBuildFiles;

beforeAll(async () => {
  build = await makeTestBuild();
});
afterAll(() => removeTestBuild(build));

test("the policies' conformance, and the tests of the arena on simulated pages", async () => {
  for (const folder of ["test/policies", "test/arena", "test/support", "stress/chaos/subjects"]) {
    cpSync(join(ROOT, folder), join(build.folder, folder), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(build.folder, "node_modules"));
  const files = ["policies/conformance", "arena/model"].map((name) => `./test/${name}.test.ts`);
  const run = Bun.spawn([process.execPath, "test", "--timeout", "120000", ...files], {
    cwd: build.folder,
    stdout: "ignore",
    stderr: "pipe",
  });
  const report = await new Response(run.stderr).text();
  expect(report).toContain(" 0 fail");
  expect(await run.exited).toBe(0);
});

test("points are numbered from 1 on, in every folder of the library", () => {
  expect(build.points.map(({ number }) => number)).toEqual(build.points.map((_, i) => i + 1));
  const folders = new Set(build.points.map(({ file }) => file.split("/")[1]));
  for (const folder of ["api", "death", "heap", "large", "memory", "policies", "registry", "spans", "worker"])
    expect(folders).toContain(folder);
});

test("every array whose elements the library assigns is known: shared, or the Worker's own", () => {
  const own = ["brought", "bytes", "count", "forgotten", "homes", "inUse", "lost", "sums", "untilSpans"];
  // Filled when the module is loaded.
  const tables = ["spanGranules", "magazineRoom", "leastUnits"];
  // What a program writes into its blocks: none of the allocator's words.
  const payloads = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"];
  const stored = new Set<string>();
  for (const file of new Glob("src/**/*.ts").scanSync(ROOT)) {
    const source = readFileSync(join(ROOT, file), "utf8");
    for (const [, name] of source.matchAll(/(\w+)\[[^\]\n][^\n]*\]!? (?:[-+|&^]|<<|>>>?)?= /g))
      stored.add(name!);
  }
  expect([...stored].sort()).toEqual([...own, ...tables, ...payloads, ...sharedArrays].sort());
});
