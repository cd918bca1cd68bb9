/**
 * From the first import to the first pointer: an empty script, one that imports the package, one that also allocates.
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
const scripts = {
  empty: "export {};",
  import: `import "${index}";`,
  "first pointer": `import { malloc } from "${index}"; malloc(32);`,
};

const rounds = Number(process.argv[2] ?? 40);
const folder = await mkdtemp(join(tmpdir(), "husky-"));
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
