/** Each example runs as a program, and prints what it is there for. Where a C library is missing its test is skipped. */
import { describe, expect, test } from "bun:test";
import { Glob } from "bun";

const ROOT = new URL("../..", import.meta.url).pathname;
const MOST_LINES = 120;

interface Example {
  readonly file: string;
  readonly args?: readonly string[];
  /** The lines that must be among its output. */
  readonly lines: readonly RegExp[];
  /** A C library that need not be there. */
  readonly library?: string;
}

const examples: readonly Example[] = [
  {
    file: "qsort.ts",
    args: ["20000"],
    lines: [/^20000 records in \d+ ms$/, /^sorted: true, every id still there: true$/],
  },
  {
    file: "structs.ts",
    args: ["5000"],
    lines: [/^5000 structs of 24 bytes, 5000 of them whole and in order$/],
  },
  {
    file: "zlib.ts",
    library: "zlib",
    lines: [
      /^326663 bytes deflated to \d{5}; /,
      /^Bun inflates ours: true$/,
      /^we inflate Bun's: true$/,
      /^zlib asked the arena [1-9]\d* times, /,
    ],
  },
  {
    file: "sqlite.ts",
    library: "SQLite",
    lines: [
      /^20000 rows in \d+ ms, [1-9]\d{5} bytes of the arena$/,
      /^Bun's SQLite reads them there: true$/,
      process.platform === "linux"
        ? /^pages cached in the arena: [1-9]\d*$/
        : /^the page cache is SQLite's own here$/,
    ],
  },
  {
    file: "lua.ts",
    library: "Lua 5.4",
    lines: [
      /^a script that counts 20000 words: 20000$/,
      /^Lua called the arena [1-9]\d{3,} times, /,
      /^a script that never has enough is stopped: true$/,
      /^the next one runs: true$/,
    ],
  },
  {
    file: "frame-arena.ts",
    args: ["100"],
    lines: [/^100 frames of 2000 sprites, 100 of them right$/, /^at most (\d+) bytes committed, .* \1$/],
  },
  {
    file: "ring-buffer.ts",
    args: ["300000"],
    lines: [/^300000 numbers in /, /^all of them in order: true$/],
  },
  {
    file: "image-pipeline.ts",
    args: ["12"],
    lines: [/^12 images of 640 x 480 through 4 Workers /, /^as one Worker alone makes them: 12 of 12$/],
  },
  {
    file: "lru-cache.ts",
    args: ["20000"],
    lines: [/^20000 entries /, /^same hits: true, values right: true$/],
  },
];

function run(file: string, args: readonly string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, `${ROOT}examples/${file}`, ...args]);
  return { exitCode, stderr: stderr.toString(), printed: stdout.toString().trimEnd().split("\n") };
}

describe.each(examples)("$file", ({ file, args = [], lines, library }) => {
  const result = run(file, args);
  const isMissing = library !== undefined && result.printed[0]!.startsWith("skipped:");
  if (isMissing) console.log(`${file}: ${result.printed[0]}`);

  test.skipIf(isMissing)("prints what it is there for, and leaves nothing allocated", () => {
    expect(result).toMatchObject({ exitCode: 0, stderr: "" });
    for (const line of [...lines, /^blocks left: 0$/])
      expect(result.printed).toContainEqual(expect.stringMatching(line));
  });

  if (library === undefined) return;
  test("says so where the library is missing", () => {
    const printed = [`skipped: no ${library} at /none/libnone.so`];
    expect(run(file, ["/none/libnone.so"])).toEqual({ exitCode: 0, stderr: "", printed });
  });
});

test("every file is an example that is run here or a part of one, short, and in docs/recipes.md", async () => {
  const recipes = await Bun.file(`${ROOT}docs/recipes.md`).text();
  const run = examples.map(({ file }) => file);
  const files = [...new Glob("*").scanSync(`${ROOT}examples`)].sort();
  expect(files).toEqual([...run, "off-heap-cache.ts"].sort());
  for (const file of files) {
    const lines = (await Bun.file(`${ROOT}examples/${file}`).text()).split("\n").length - 1;
    expect({ file, isShort: lines <= MOST_LINES }).toEqual({ file, isShort: true });
    expect(recipes).toContain(`(../examples/${file})`);
  }
});
