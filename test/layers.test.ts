/** Imports go one way: each folder may import itself and what stands before it in this list. */
import { expect, test } from "bun:test";
import { Glob } from "bun";

const ORDER = ["core", "memory", "block", "policies", "heap", "cache", "arena", "index.ts"];
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
    if (target.startsWith("native/")) return layer(file) < ORDER.indexOf("arena");
    return !target.startsWith("src/") || layer(target) < 0 || layer(target) > layer(file);
  });
  expect(wrong).toEqual([]);
});

test("bun:ffi is imported by native alone", async () => {
  const folders = await Promise.all(["src", "stress", "bench", "test"].map(importsOf));
  const imports = folders.flat();
  expect(imports.filter(({ target }) => target === "bun:ffi")).toEqual([]);
  expect((await importsOf("native")).some(({ target }) => target === "bun:ffi")).toBe(true);
});

test("native imports nothing of src but types and the platform it implements", async () => {
  const allowed = ["src/core/types.ts", "src/memory/platform.ts"];
  const wrong = (await importsOf("native")).filter(
    ({ target }) => target.startsWith("src/") && !allowed.includes(target),
  );
  expect(wrong).toEqual([]);
});

test("stress uses the public API and what native offers to tests only", async () => {
  const allowed = ["src/index.ts", "native/raw-memory.ts", "native/system-malloc.ts"];
  const observers = ["native/mappings.ts", "native/address-limit.ts"];
  // Where an arena's pages come from is no option of the public class: trouble is put in between from the inside.
  const insiders = ["stress/chaos/subjects/troubled.ts", "stress/chaos/subjects/trouble.ts"];
  const wrong = (await importsOf("stress")).filter(({ file, target }) => {
    if (!/^(src|native)\//.test(target) || allowed.includes(target)) return false;
    if (observers.includes(target)) return !file.startsWith("stress/chaos/");
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

test("model stands alone: it checks a protocol, not the code", async () => {
  const wrong = (await importsOf("model")).filter(({ target }) => /^(src|native|stress)\//.test(target));
  expect(wrong).toEqual([]);
});

test("the library has no runtime dependency", async () => {
  const outside = [...(await importsOf("src")), ...(await importsOf("native"))].filter(
    ({ target }) => !/^(src|native)\//.test(target) && target !== "bun:ffi" && !target.startsWith("node:"),
  );
  expect(outside).toEqual([]);
  const manifest = await Bun.file(`${ROOT}package.json`).json();
  expect(manifest.dependencies).toBeUndefined();
});
