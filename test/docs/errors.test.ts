/** docs/errors.md has a row for each code in src/core/errors.ts, and none for others. */
import { expect, test } from "bun:test";

const ROOT = new URL("../../", import.meta.url).pathname;
const source = await Bun.file(`${ROOT}src/core/errors.ts`).text();
const page = await Bun.file(`${ROOT}docs/errors.md`).text();

/** The words of `type NAME = "one" | "other";`. */
function codesOf(type: string): string[] {
  const [, union] = new RegExp(`export type ${type} =([^;]+);`).exec(source) ?? [];
  return [...union!.matchAll(/"([^"]+)"/g)].map(([, code]) => code!).sort();
}

/** The first cells of the rows under a heading, each with what stands in its other cells. */
function rowsOf(heading: string): { code: string; rest: string[] }[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  const rows = section.matchAll(/^\| `([\w-]+)` \|(.*)\|$/gm);
  return [...rows].map(([, code, rest]) => ({ code: code!, rest: rest!.split("|") }));
}

const tables = [
  ["PointerFault", "InvalidPointerError"],
  ["MemoryBound", "OutOfMemoryError"],
  ["ArenaFault", "ArenaError"],
] as const;

for (const [type, heading] of tables) {
  test(`${heading}: the rows are the codes of ${type}`, () => {
    const codes = codesOf(type);
    expect(codes.length).toBeGreaterThan(2);
    expect(
      rowsOf(heading)
        .map(({ code }) => code)
        .sort(),
    ).toEqual(codes);
  });

  test(`${heading}: each row has a message, a cause and what to do`, () => {
    const thin = rowsOf(heading).filter(
      ({ rest }) => rest.length !== 3 || rest.some((cell) => cell.trim() === ""),
    );
    expect(thin).toEqual([]);
  });
}

test("every error class has a section", () => {
  const classes = [...source.matchAll(/export class (\w+) extends/g)].map(([, name]) => name!);
  expect(classes.sort()).toEqual(tables.map(([, heading]) => heading as string).sort());
});
