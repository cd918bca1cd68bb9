/** Links of the pages for users lead to a file, and to a heading of it. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): string[] {
  const headings = readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, text]) =>
    text!
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

for (const page of ["README.md", "CONTRIBUTING.md", "docs/errors.md", "docs/troubleshooting.md"]) {
  test(page, () => {
    const text = readFileSync(ROOT + page, "utf8");
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)];
    const broken = links.filter(([, file, anchor]) => {
      const path = file === "" ? ROOT + page : join(ROOT, dirname(page), file!);
      return !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor));
    });
    expect(links.length).toBeGreaterThan(1);
    expect(broken.map(([link]) => link)).toEqual([]);
  });
}
