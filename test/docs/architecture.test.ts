/** docs/architecture.md: its picture is the one that the program draws, and what it names exists. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { nativePlatform } from "../../native/index.ts";
import { drawArchitecture } from "../../pictures/architecture/draw.ts";
import { layoutOfAnArena } from "../../pictures/architecture/scene.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const page = await Bun.file(`${ROOT}docs/architecture.md`).text();

/** The committed picture is of pages of so many bytes. */
const PAGE_BYTES = 4096;

test("two arenas have the same layout", () => {
  expect(layoutOfAnArena()).toEqual(layoutOfAnArena());
});

test.skipIf(nativePlatform().pages.pageSize !== PAGE_BYTES)("the picture is up to date", async () => {
  const committed = await Bun.file(`${ROOT}docs/architecture.svg`).text();
  expect(drawArchitecture(layoutOfAnArena())).toBe(committed);
});

test("every file and folder that the page names exists", () => {
  const named = [...page.matchAll(/`([\w./-]+\/[\w./-]*)`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((path) => !existsSync(ROOT + path))).toEqual([]);
});

test("every link of the page leads to a file", () => {
  const links = [...page.matchAll(/\]\(([^)#]+)/g)].map(([, path]) => path!);
  expect(links.filter((path) => !existsSync(`${ROOT}docs/${path}`))).toEqual([]);
});

/** "`Class.name`, `other` in `file`": each of these names stands in the file. */
test("every function that the page names with its file is there", async () => {
  const places = [...page.matchAll(/((?:`[\w.]+`(?:,| and) )*`[\w.]+`) in `([\w./-]+\.ts)`/g)];
  expect(places.length).toBeGreaterThan(40);
  const missing: string[] = [];
  for (const [, names, file] of places) {
    const source = await Bun.file(ROOT + file!).text();
    for (const [, name] of names!.matchAll(/`([\w.]+)`/g))
      for (const part of name!.split("."))
        if (!new RegExp(`\\b${part}\\b`).test(source)) missing.push(`${name} in ${file}`);
  }
  expect(missing).toEqual([]);
});
