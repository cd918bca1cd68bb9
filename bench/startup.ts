/**
 * From the start of a process to the first pointer, more than an empty program takes: with the sources, with the package
 * as a consumer has it, and with the package in an executable, without and with its bytecode.
 *
 *   bun bench/startup.ts [rounds]
 *
 * Prints milliseconds of the whole process: least and median.
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { machine, median } from "./rounds.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const BUN = process.execPath;
const EMPTY = "export {};";

const rounds = Number(process.argv[2] ?? 40);
const folder = await mkdtemp(join(tmpdir(), "husky-"));

function run(words: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(words, { cwd: folder, stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${words.join(" ")} ended with exit code ${exitCode}: ${stderr}`);
}

async function script(name: string, text: string): Promise<string> {
  const path = join(folder, `${name}.ts`);
  await Bun.write(path, text);
  return path;
}

async function executable(name: string, text: string, bytecode: boolean): Promise<string> {
  const program = join(folder, name);
  const path = await script(`${name} source`, text);
  run([BUN, "build", "--compile", ...(bytecode ? ["--bytecode"] : []), path, "--outfile", program]);
  return program;
}

function firstPointer(specifier: string): string {
  return `import { malloc } from "${specifier}"; malloc(32);`;
}

const installed = join(folder, "node_modules/husky-alloc");
run([BUN, join(ROOT, "package/build.ts")]);
for (const name of ["package.json", "dist"])
  await cp(join(ROOT, name), join(installed, name), { recursive: true });

const sources = join(ROOT, "src/index.ts");
const library = "husky-alloc";

/** A program, and the empty one that it is compared with. */
const programs: Record<string, { words: string[]; empty: string }> = {};
async function add(empty: string, texts: Record<string, string>, make: typeof script): Promise<void> {
  for (const [name, text] of Object.entries({ [empty]: EMPTY, ...texts })) {
    const program = await make(name, text);
    programs[name] = { words: make === script ? [BUN, program] : [program], empty };
  }
}
await add(
  "empty",
  {
    "import, sources": `import "${sources}";`,
    "first pointer, sources": firstPointer(sources),
    "import, package": `import "${library}";`,
    "first pointer, package": firstPointer(library),
  },
  script,
);
await add("empty, executable", { "first pointer, executable": firstPointer(library) }, (name, text) =>
  executable(name, text, false),
);
await add("empty, with bytecode", { "first pointer, with bytecode": firstPointer(library) }, (name, text) =>
  executable(name, text, true),
);

const samples = new Map(Object.keys(programs).map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++) {
  for (const [name, times] of samples) {
    const start = Bun.nanoseconds();
    run(programs[name]!.words);
    times.push((Bun.nanoseconds() - start) / 1e6);
  }
}
await rm(folder, { recursive: true });

const table = new Table({
  head: ["ms", "least", "median", "least more than empty", "median more"],
  style: { head: [], border: [] },
});
for (const [name, times] of samples) {
  const empty = samples.get(programs[name]!.empty)!;
  const figures = [Math.min(...times), median(times)];
  const more = [figures[0]! - Math.min(...empty), figures[1]! - median(empty)];
  table.push([name, ...[...figures, ...more].map((figure) => figure.toFixed(1))]);
}
console.log(`${machine()}, ${rounds} rounds`);
console.log(table.toString());
