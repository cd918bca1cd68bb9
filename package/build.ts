/**
 * Makes `dist/`, which is what the package ships (docs/package.md): `index.js`, the library in one file, with its source
 * map; `index.d.ts`, all public declarations in one file; `elsewhere.cjs`, what every runtime but Bun gets.
 *
 *   bun package/build.ts
 */
import { rm } from "node:fs/promises";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import manifest from "../package.json" with { type: "json" };
import { elsewhere } from "./elsewhere.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const DIST = `${ROOT}dist`;
const ENTRY = `${ROOT}src/index.ts`;

/** Consumers whose `lib` is older than `Disposable` and who have no types of Bun need its declaration. */
const LIBRARIES = '/// <reference lib="esnext.disposable" />';

/**
 * Returns the names that the bundle exports. Only white space is minified: statements stay what the tests have tried, and
 * classes and functions keep their names (with `identifiers` they lose them, `keepNames` or not).
 */
async function bundle(): Promise<string[]> {
  const { outputs } = await Bun.build({
    entrypoints: [ENTRY],
    outdir: DIST,
    root: `${ROOT}src`,
    target: "bun",
    format: "esm",
    minify: { whitespace: true },
    sourcemap: "linked",
  });
  const code = await outputs.find(({ kind }) => kind === "entry-point")!.text();
  return new Bun.Transpiler({ loader: "js" }).scan(code).exports;
}

async function declarations(): Promise<void> {
  const build = await rollup({
    input: ENTRY,
    plugins: [dts({ tsconfig: `${ROOT}tsconfig.json`, compilerOptions: { stripInternal: true } })],
    onwarn: ({ message }) => {
      throw new Error(message);
    },
  });
  await build.write({ file: `${DIST}/index.d.ts`, format: "es", banner: LIBRARIES });
  await build.close();
}

await rm(DIST, { recursive: true, force: true });
const names = await bundle();
await declarations();
await Bun.write(`${DIST}/elsewhere.cjs`, elsewhere(names, manifest.engines.bun));
