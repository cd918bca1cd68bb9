/** Imports go one way: each folder may import itself and what stands before it in this list. */
import { expect, test } from "bun:test";
import { Glob } from "bun";

const ORDER = [
  "core",
  "platform",
  "memory",
  "spans",
  "policies",
  "large",
  "heap",
  "death",
  "worker",
  "registry",
  "api",
  "index.ts",
];
const ROOT = new URL("..", import.meta.url).pathname;

interface Import {
  readonly file: string;
  readonly target: string;
}

async function importsOf(folder: string): Promise<Import[]> {
  const found: Import[] = [];
  for await (const file of new Glob(`${folder}/**/*.ts`).scan(ROOT)) {
    const text = await Bun.file(ROOT + file).text();
    for (const [, specifier] of text.matchAll(/(?:from|import|require\()\s*\(?["']([^"']+)["']/g)) {
      const relative = specifier!.startsWith(".");
      const target = relative ? new URL(specifier!, `file:///${file}`).pathname.slice(1) : specifier!;
      found.push({ file, target });
    }
  }
  return found;
}

function layer(path: string): number {
  return ORDER.indexOf(path.split("/")[1]!);
}

test("src imports only downwards, and native only where a platform is chosen", async () => {
  const imports = await importsOf("src");
  expect(imports.length).toBeGreaterThan(50);
  const wrong = imports.filter(({ file, target }) => {
    if (target.startsWith("native/")) return layer(file) < ORDER.indexOf("registry");
    return !target.startsWith("src/") || layer(target) < 0 || layer(target) > layer(file);
  });
  expect(wrong).toEqual([]);
});

test("bun:ffi is imported by native alone", async () => {
  const folders = await Promise.all(["src", "stress", "bench", "test"].map(importsOf));
  // The projects of consumers that the package's tests write may.
  const imports = folders.flat().filter(({ file }) => !file.startsWith("test/package/"));
  expect(imports.filter(({ target }) => target === "bun:ffi")).toEqual([]);
  expect((await importsOf("native")).some(({ target }) => target === "bun:ffi")).toBe(true);
});

test("native imports nothing of src but types and the platform it implements", async () => {
  const allowed = ["src/core/types.ts", "src/platform/platform.ts"];
  const wrong = (await importsOf("native")).filter(
    ({ target }) => target.startsWith("src/") && !allowed.includes(target),
  );
  expect(wrong).toEqual([]);
});

test("stress uses the public API and what native offers to tests only", async () => {
  const allowed = ["src/index.ts", "native/raw-memory.ts", "native/system-malloc.ts"];
  const observers = ["native/mappings.ts", "native/address-limit.ts"];
  const observing = (file: string) =>
    file.startsWith("stress/chaos/") || file === "stress/allocators/husky.ts";
  // Where an arena's pages come from is no option of the public class: trouble is put in between from the inside.
  const insiders = ["troubled.ts", "trouble.ts", "unlisted-source.ts"].map(
    (file) => `stress/chaos/subjects/${file}`,
  );
  const wrong = (await importsOf("stress")).filter(({ file, target }) => {
    if (!/^(src|native)\//.test(target) || allowed.includes(target)) return false;
    if (observers.includes(target)) return !observing(file);
    return !insiders.includes(file);
  });
  expect(wrong).toEqual([]);
});

test("bench uses the public API, native and stress only, and nobody uses bench", async () => {
  const wrong = (await importsOf("bench")).filter(
    ({ target }) => target.startsWith("src/") && target !== "src/index.ts",
  );
  expect(wrong).toEqual([]);
  const others = (await Promise.all(["src", "native", "stress"].map(importsOf))).flat();
  expect(others.filter(({ target }) => target.startsWith("bench/"))).toEqual([]);
});

test("package makes what is shipped, from what src exports, and nobody imports it", async () => {
  const allowed = ["package.json", "package/elsewhere.ts", "rollup", "rollup-plugin-dts", "node:fs/promises"];
  const imports = await importsOf("package");
  expect(imports.length).toBeGreaterThan(4);
  expect(imports.filter(({ target }) => !allowed.includes(target))).toEqual([]);
  const folders = ["src", "native", "stress", "bench", "lecture", "model", "pictures"];
  const others = (await Promise.all(folders.map(importsOf))).flat();
  expect(others.filter(({ target }) => target.startsWith("package/"))).toEqual([]);
});

test("model stands alone: it checks a protocol, not the code", async () => {
  const wrong = (await importsOf("model")).filter(({ target }) => /^(src|native|stress)\//.test(target));
  expect(wrong).toEqual([]);
});

test("the lecture's programs use the public API and raw memory only; nothing of the library imports beside it", async () => {
  const allowed = ["src/index.ts", "native/raw-memory.ts"];
  const wrong = (await importsOf("lecture")).filter(
    ({ target }) => /^(src|native)\//.test(target) && !allowed.includes(target),
  );
  expect(wrong).toEqual([]);
  for (const folder of ["src", "native"]) {
    const beside = (await importsOf(folder)).filter(({ target }) => /^(lecture|pictures)\//.test(target));
    expect(beside).toEqual([]);
  }
});

test("examples import what a user's program can, and nothing imports examples", async () => {
  const imports = await importsOf("examples");
  expect(imports.length).toBeGreaterThan(8);
  const allowed = /^(src\/index\.ts$|examples\/|bun:|bun-ffi-structs$|node:)/;
  expect(imports.filter(({ target }) => !allowed.test(target))).toEqual([]);
  const folders = ["src", "native", "package", "stress", "bench", "lecture", "model", "pictures", "test"];
  const others = (await Promise.all(folders.map(importsOf))).flat();
  expect(others.filter(({ target }) => target.startsWith("examples/"))).toEqual([]);
});

test("a policy imports the blocks' memory, its kind and what policies share, never another policy", async () => {
  const shared = ["policy", "policy-options", "divisible", "links", "slab-runs"].map(
    (name) => `src/policies/${name}.ts`,
  );
  const wrong = (await importsOf("src/policies")).filter(
    ({ file, target }) =>
      file !== "src/policies/catalogue.ts" && target.startsWith("src/policies/") && !shared.includes(target),
  );
  expect(wrong).toEqual([]);
});

test("no policy has more than 250 lines", async () => {
  for await (const file of new Glob("src/policies/*.ts").scan(ROOT)) {
    const lines = (await Bun.file(ROOT + file).text()).split("\n").length - 1;
    expect({ file, isShort: lines <= 250 }).toEqual({ file, isShort: true });
  }
});

test("the library has no runtime dependency", async () => {
  const outside = [...(await importsOf("src")), ...(await importsOf("native"))].filter(
    ({ target }) => !/^(src|native)\//.test(target) && target !== "bun:ffi" && !target.startsWith("node:"),
  );
  expect(outside).toEqual([]);
  const manifest = await Bun.file(`${ROOT}package.json`).json();
  expect(manifest.dependencies).toBeUndefined();
});
