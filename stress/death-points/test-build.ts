/** Makes the test build: a copy of the library in a temporary directory, with every death point written in. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";
import { instrument } from "./instrument.ts";
import type { DeathPoint } from "./point.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** What trials need apart from the public API (insides.ts says for what). */
const ENTRY = `export * from "./src/index.ts";
export { arm, countVisits } from "./stop.ts";
export { nativePlatform } from "./native/index.ts";
export { claim } from "./src/worker/claims.ts";
export { Directory } from "./src/registry/directory.ts";
export * from "./src/memory/layout.ts";
export { freeRemotely } from "./src/spans/remote.ts";
export { SLOTS } from "./src/core/tunables.ts";
`;

export interface TestBuildFiles {
  readonly folder: string;
  /** The library, a module to import in a Worker. */
  readonly library: string;
  /** The script of the Workers that die. */
  readonly victim: string;
  /** By number; entry 0 is unused. */
  readonly points: readonly DeathPoint[];
}

/** Changes the text of a source file before it is instrumented: plants a mistake. */
export type Patch = (file: string, text: string) => string;

export async function makeTestBuild(patch: Patch = (_, text) => text): Promise<TestBuildFiles> {
  const folder = mkdtempSync(join(tmpdir(), "husky-death-points-"));
  const points: DeathPoint[] = [];
  for (const file of [...new Glob("src/**/*.ts").scanSync(ROOT)].sort()) {
    const source = patch(file, readFileSync(join(ROOT, file), "utf8"));
    const stopModule = `./${relative(dirname(file), "stop.ts")}`;
    const { text, points: found } = instrument(source, file, stopModule, points.length + 1);
    points.push(...found);
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  cpSync(join(ROOT, "native"), join(folder, "native"), { recursive: true });
  cpSync(join(ROOT, "stress/death-points/stop.ts"), join(folder, "stop.ts"));
  writeFileSync(join(folder, "entry.ts"), ENTRY);
  const library = await bundle(join(folder, "entry.ts"), folder);
  const victim = await bundle(join(ROOT, "stress/death-points/victim.ts"), folder);
  return { folder, library, victim, points };
}

/** One file loads in a fraction of the time of fifty, and every trial loads it in a new Worker. */
async function bundle(entry: string, outdir: string): Promise<string> {
  const { success, logs, outputs } = await Bun.build({ entrypoints: [entry], outdir, target: "bun" });
  if (!success) throw new AggregateError(logs, `${entry} cannot be bundled`);
  return outputs[0]!.path;
}

export function removeTestBuild({ folder }: TestBuildFiles): void {
  rmSync(folder, { recursive: true, force: true });
}
