/**
 * From the first import to the first pointer: an empty script, one that imports the package, one that also allocates; the
 * last two also with the package bundled into one file, minified, and with the bytecode that Bun can make beforehand.
 *
 *   bun bench/startup.ts [rounds]
 *
 * Prints milliseconds of the whole process: least and median.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { machine, median } from "./rounds.ts";

const index = new URL("../src/index.ts", import.meta.url).pathname;

const rounds = Number(process.argv[2] ?? 40);
const folder = await mkdtemp(join(tmpdir(), "husky-"));

/** Where the package is in one file, alone or with its bytecode, which only CommonJS modules can have beside them. */
async function bundle(bytecode: boolean): Promise<string> {
  const built = await Bun.build({
    entrypoints: [index],
    outdir: join(folder, bytecode ? "bytecode" : "bundle"),
    target: "bun",
    minify: true,
    format: bytecode ? "cjs" : "esm",
    bytecode,
  });
  return built.outputs.find(({ kind }) => kind === "entry-point")!.path;
}

const scripts: Record<string, string> = { empty: "export {};" };
for (const [kind, path] of [
  ["", index],
  [", bundled", await bundle(false)],
  [", bundled, bytecode", await bundle(true)],
] as const) {
  scripts[`import${kind}`] = `import "${path}";`;
  scripts[`first pointer${kind}`] = `import { malloc } from "${path}"; malloc(32);`;
}
const samples = new Map<string, number[]>();
for (const [name, text] of Object.entries(scripts)) {
  await Bun.write(join(folder, `${name}.ts`), text);
  samples.set(name, []);
}
for (let round = 0; round < rounds; round++) {
  for (const [name, times] of samples) {
    const start = Bun.nanoseconds();
    const { exitCode } = Bun.spawnSync([process.execPath, join(folder, `${name}.ts`)]);
    times.push((Bun.nanoseconds() - start) / 1e6);
    if (exitCode !== 0) throw new Error(`${name} ended with exit code ${exitCode}`);
  }
}
await rm(folder, { recursive: true });

const table = new Table({
  head: ["ms", "least", "median", "least more than empty", "median more"],
  style: { head: [], border: [] },
});
const empty = samples.get("empty")!;
for (const [name, times] of samples) {
  const more = [Math.min(...times) - Math.min(...empty), median(times) - median(empty)];
  table.push(
    [name, Math.min(...times), median(times), ...more].map((cell) =>
      typeof cell === "number" ? cell.toFixed(1) : cell,
    ),
  );
}
console.log(`${machine()}, ${rounds} rounds`);
console.log(table.toString());
