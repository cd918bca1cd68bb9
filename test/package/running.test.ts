/** What a consumer does with the package: with Bun, with Bun's bundler, and by mistake with something else. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import * as library from "../../src/index.ts";
import { type Outcome, Packed, run, writeFiles } from "./packed.ts";

const BUN = process.execPath;

/** A block that a Worker frees, which another Worker's heap would refuse. */
const MAIN = `
import { heap, malloc } from "husky-alloc";

const worker = new Worker(WORKER);
worker.onmessage = ({ data }) => {
  console.log(data, heap.stats().liveBlocks, "live");
  worker.terminate();
};
worker.postMessage(malloc(100_000));
`;
const WORKER = `
import { free, heap } from "husky-alloc";

self.onmessage = ({ data }) => {
  free(data);
  postMessage("freed in a Worker of " + heap.stats().workers);
};
`;
const PRINTED = "freed in a Worker of 2 0 live\n";

const program = {
  "main.ts": MAIN.replace("WORKER", 'new URL("./worker.ts", import.meta.url)'),
  "worker.ts": WORKER,
};

const TESTS = `
import { expect, test } from "bun:test";
import { free, heap, malloc } from "husky-alloc";

test("a block", () => {
  const pointer = malloc(16);
  expect(heap.stats().liveBlocks).toBe(1);
  free(pointer);
  expect(() => free(pointer)).toThrow("double-free");
});
`;

setDefaultTimeout(60_000);
let packed: Packed;
beforeAll(async () => {
  packed = await Packed.make();
});
afterAll(() => packed.remove());

function passed(output: string): Outcome {
  return { exitCode: 0, output };
}

/** A test that needs a tool; where there is none the test says so. */
function testWith(tool: string, name: string, body: () => Promise<void>): void {
  const found = Bun.which(tool) !== null;
  test.skipIf(!found)(found ? name : `${name} (there is no ${tool})`, body);
}

test("the tarball has what the package lists and no more, and no path of the machine that made it", async () => {
  const { output } = await run(["tar", "-tzf", packed.tarball], packed.folder);
  expect(output.trim().split("\n").sort()).toEqual(
    [
      ...["CHANGELOG.md", "LICENSE", "README.md", "package.json"],
      ...["elsewhere.cjs", "index.d.ts", "index.js", "index.js.map"].map((name) => `dist/${name}`),
    ]
      .map((name) => `package/${name}`)
      .sort(),
  );
  const map = JSON.parse(await packed.text("dist/index.js.map")) as { sources: string[] };
  expect(map.sources).toContain("../src/api/arena.ts");
  expect(map.sources.filter((source) => !/^\.\.\/(src|native)\//.test(source))).toEqual([]);
  for (const name of ["elsewhere.cjs", "index.d.ts", "index.js", "index.js.map"])
    expect((await packed.text(`dist/${name}`)).includes(packed.folder)).toBe(false);
});

testWith("npm", "npm packs the same files", async () => {
  const { output } = await run(["npm", "pack", "--dry-run", "--json", "--ignore-scripts"], packed.sources);
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  const listed = await run(["tar", "-tzf", packed.tarball], packed.folder);
  expect(files.map(({ path }) => `package/${path}`).sort()).toEqual(listed.output.trim().split("\n").sort());
});

const installers = {
  bun: [BUN, "add", "--offline"],
  npm: ["npm", "install", "--offline"],
};
for (const [name, words] of Object.entries(installers)) {
  testWith(words[0]!, `${name} installs the tarball into an empty project`, async () => {
    const folder = join(packed.folder, `installed by ${name}`);
    await writeFiles(folder, { "package.json": '{ "type": "module" }', ...program });
    expect((await run([...words, packed.tarball], folder)).exitCode).toBe(0);
    expect(await run([BUN, "main.ts"], folder)).toEqual(passed(PRINTED));
  });
}

test("bun run: one heap for all Workers, the names of the sources, and every export", async () => {
  const folder = await packed.consumer("run", {
    ...program,
    "names.ts": `
import * as library from "husky-alloc";
import manifest from "husky-alloc/package.json";
console.log(manifest.name, library.Arena.name, library.OutOfMemoryError.name, Object.keys(library).sort().join());`,
  });
  expect(await run([BUN, "run", "main.ts"], folder)).toEqual(passed(PRINTED));
  const names = `husky-alloc Arena OutOfMemoryError ${Object.keys(library).sort().join()}\n`;
  expect(await run([BUN, "names.ts"], folder)).toEqual(passed(names));
});

test("an error's trace leads to the sources", async () => {
  const folder = await packed.consumer("trace", {
    "main.ts": 'import { free } from "husky-alloc";\nfree(4096);',
  });
  const { exitCode, output } = await run([BUN, "main.ts"], folder);
  expect(exitCode).toBe(1);
  expect(output).toMatch(/at free \(.*husky-alloc\/src\/api\/arena\.ts:\d+/);
  expect(output).toContain("foreign-pointer");
});

for (const flags of [[], ["--isolate"], ["--parallel=2"]]) {
  test(["bun test", ...flags].join(" "), async () => {
    const folder = await packed.consumer(`test${flags}`, { "a.test.ts": TESTS, "b.test.ts": TESTS });
    const { exitCode, output } = await run([BUN, "test", ...flags], folder);
    expect(output).toContain("\n 2 pass\n 0 fail\n");
    expect(exitCode).toBe(0);
  });
}

for (const flags of [[], ["--minify"], ["--minify", "--splitting"]]) {
  test(["bun build", ...flags].join(" "), async () => {
    const folder = await packed.consumer(`build${flags}`, {
      ...program,
      "main.ts": MAIN.replace("WORKER", 'new URL("./worker.js", import.meta.url)'),
    });
    const words = [BUN, "build", "--target=bun", ...flags, "--outdir=out", "main.ts", "worker.ts"];
    expect((await run(words, folder)).exitCode).toBe(0);
    await writeFiles(join(folder, "node_modules/husky-alloc"), { "dist/index.js": "throw new Error()" });
    expect(await run([BUN, "out/main.js"], folder)).toEqual(passed(PRINTED));
  });
}

for (const flags of [[], ["--bytecode", "--minify"]]) {
  test(["bun build --compile", ...flags, "with a Worker as a second entry point"].join(" "), async () => {
    const folder = await packed.consumer(`compile${flags}`, {
      ...program,
      "main.ts": MAIN.replace("WORKER", '"./worker.ts"'),
    });
    const words = [BUN, "build", "--compile", ...flags, "--outfile=program", "main.ts", "worker.ts"];
    expect((await run(words, folder)).exitCode).toBe(0);
    await writeFiles(folder, { "worker.ts": "throw new Error()" });
    expect(await run([join(folder, "program")], folder)).toEqual(passed(PRINTED));
  });
}

test("bun --hot: the heap and its blocks stay when the program is loaded again", async () => {
  const text = (turn: number) => `
import { free, heap, malloc } from "husky-alloc";
globalThis.kept ??= [];
for (const pointer of globalThis.kept.splice(0)) free(pointer);
globalThis.kept.push(malloc(100_000));
console.log("turn ${turn}", heap.stats().liveBlocks);
setInterval(() => {}, 1000);`;
  const folder = await packed.consumer("hot", { "main.ts": text(1) });
  const child = Bun.spawn([BUN, "--hot", "main.ts"], { cwd: folder, stdout: "pipe", stderr: "inherit" });
  try {
    let output = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      output += chunk;
      if (output === "turn 1 1\n") await Bun.write(join(folder, "main.ts"), text(2));
      else break;
    }
    expect(output).toBe("turn 1 1\nturn 2 1\n");
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}, 20_000);

/** Names Bun, the versions that the package lists, where to get it and how to bundle for it. */
async function expectClear({ exitCode, output }: Outcome): Promise<void> {
  const { engines } = JSON.parse(await packed.text("package.json")) as { engines: { bun: string } };
  const parts = ["rror: husky-alloc runs in Bun", engines.bun, "https://bun.sh", "bun build --target=bun"];
  expect(parts.filter((part) => !output.includes(part))).toEqual([]);
  expect(exitCode).toBe(1);
}

const mistakes = {
  import: ["main.mjs", 'import { malloc, Arena } from "husky-alloc";\nmalloc(16);'],
  "import()": ["main.mjs", 'await import("husky-alloc");'],
  require: ["main.cjs", 'const { malloc } = require("husky-alloc");\nmalloc(16);'],
} as const;
for (const [kind, [file, text]] of Object.entries(mistakes)) {
  testWith("node", `Node, ${kind}: an error that names Bun`, async () => {
    const folder = await packed.consumer(`node ${kind}`, { [file]: text });
    await expectClear(await run(["node", file], folder));
  });
}

test("a bundle for a browser, Bun's default: the same error, when it is run", async () => {
  const folder = await packed.consumer("browser", {
    "main.ts": 'import { malloc } from "husky-alloc";\nmalloc(16);',
  });
  expect((await run([BUN, "build", "--outdir=out", "main.ts"], folder)).exitCode).toBe(0);
  await expectClear(await run([BUN, "out/main.js"], folder));
});
