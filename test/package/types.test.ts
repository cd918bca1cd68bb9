/** Consumers' projects, type-checked with every declaration file looked into. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as library from "../../src/index.ts";
import { type Files, link, Packed, run } from "./packed.ts";

const MODULES = new URL("../../node_modules", import.meta.url).pathname;
const COMPILERS = { "TypeScript 5.9": "typescript-5.9", "TypeScript 7": "typescript" };

const NAMES = Object.keys(library).map((name) => `${name}: true`);

/** Every export is used, with every name that there is and no other, and a mistake in each kind of thing is seen. */
const PROGRAM = `
import {
  alignedAlloc, Arena, ArenaError, type ArenaFault, type ArenaHandle, type ArenaOptions, type ArenaStats, type BlockFilter,
  type BlockInfo, calloc, free, heap, InvalidPointerError, malloc, type MemoryBound, OutOfMemoryError, type Pointer,
  type PointerFault, policyNames, realloc, usableSize,
} from "husky-alloc";
import type * as library from "husky-alloc";

export const names: Record<keyof typeof library, true> = { ${NAMES.join(", ")} };
const options: ArenaOptions = { name: "images", limit: 2 ** 20, policy: policyNames[0] ?? "bins" };
const filter: BlockFilter = { owner: 1 };

export function work(): number {
  using arena = new Arena(options);
  const handle: ArenaHandle = arena.handle;
  const pointer: Pointer = realloc(calloc(1, malloc(16)), usableSize(alignedAlloc(64, 16)));
  free(pointer);
  free(null);
  const stats: ArenaStats = heap.stats();
  const blocks: BlockInfo[] = [...Arena.attach(handle).blocks(filter)];
  // @ts-expect-error a size is a number
  malloc("16");
  // @ts-expect-error no such option
  new Arena({ nmae: "images" });
  // @ts-expect-error an owner is a number
  arena.reclaim(arena.name);
  return stats.liveBytes + blocks.length;
}

export function explain(error: unknown): ArenaFault | MemoryBound | PointerFault | undefined {
  if (error instanceof OutOfMemoryError) return error.bound;
  if (error instanceof ArenaError || error instanceof InvalidPointerError) return error.code;
  return undefined;
}
`;

/** What a declaration of the consumer's names by itself. */
const INFERRED = `
import { Arena, heap, malloc } from "husky-alloc";

export const arena = new Arena({ name: "images" });
export const pointer = malloc(16);
export const look = () => ({ stats: heap.stats(), blocks: [...heap.blocks()], handle: arena.handle });
export class Images extends Arena {
  first = this.malloc(16);
}
`;

const WITH_BUN = `
import { dlopen, type Pointer, toArrayBuffer } from "bun:ffi";
import { free, malloc } from "husky-alloc";

const { memset } = dlopen("libc.so.6", { memset: { args: ["ptr", "i32", "usize"], returns: "ptr" } }).symbols;
const pointer: Pointer = malloc(16);
memset(malloc(16), 0, 16);
toArrayBuffer(malloc(16), 0, 16);
free(pointer);
`;

interface Project {
  readonly options: Readonly<Record<string, unknown>>;
  readonly files?: Files;
  readonly withBun?: true;
  /** What the compiler must have written, and what one of these contains. */
  readonly written?: Files;
}

const plain = {
  target: "ESNext",
  lib: ["ESNext"],
  types: [],
  strict: true,
  skipLibCheck: false,
  module: "nodenext",
};
const inferred = { "inferred.ts": INFERRED };
const declaration = { declaration: true, outDir: "out" };

const PROJECTS: Readonly<Record<string, Project>> = {
  // What `bun init` writes, but for skipLibCheck.
  "bun init": {
    withBun: true,
    files: { "ffi.ts": WITH_BUN },
    options: {
      lib: ["ESNext"],
      target: "ESNext",
      module: "Preserve",
      moduleDetection: "force",
      jsx: "react-jsx",
      allowJs: true,
      types: ["bun"],
      moduleResolution: "bundler",
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      noEmit: true,
      strict: true,
      skipLibCheck: false,
      noFallthroughCasesInSwitch: true,
      noUncheckedIndexedAccess: true,
      noImplicitOverride: true,
    },
  },
  noEmit: { options: { ...plain, noEmit: true }, files: inferred },
  emitting: {
    options: { ...plain, ...declaration, sourceMap: true },
    files: inferred,
    written: { "out/inferred.d.ts": 'from "husky-alloc"', "out/main.js": 'from "husky-alloc"' },
  },
  composite: {
    options: { ...plain, ...declaration, composite: true },
    files: inferred,
    written: { "out/inferred.d.ts": 'from "husky-alloc"', "out/tsconfig.tsbuildinfo": "" },
  },
  erasableSyntaxOnly: { options: { ...plain, erasableSyntaxOnly: true, noEmit: true }, files: inferred },
  isolatedDeclarations: {
    options: { ...plain, ...declaration, isolatedDeclarations: true },
    written: { "out/main.d.ts": 'from "husky-alloc"' },
  },
  "nodenext, a CommonJS package": {
    options: { ...plain, noEmit: true },
    files: { ...inferred, "package.json": '{ "type": "commonjs" }' },
  },
  "bundler, strictest": {
    options: {
      ...plain,
      noEmit: true,
      module: "ESNext",
      moduleResolution: "bundler",
      verbatimModuleSyntax: true,
      isolatedModules: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noUncheckedSideEffectImports: true,
      noPropertyAccessFromIndexSignature: true,
      noImplicitOverride: true,
    },
    files: inferred,
  },
  "ES2022, with the DOM": {
    options: { ...plain, noEmit: true, target: "ES2022", lib: ["ES2022", "DOM"] },
    files: inferred,
  },
};

setDefaultTimeout(60_000);
let packed: Packed;
beforeAll(async () => {
  packed = await Packed.make();
});
afterAll(() => packed.remove());

for (const [compiler, installed] of Object.entries(COMPILERS)) {
  for (const [name, { options, files, withBun, written }] of Object.entries(PROJECTS)) {
    test(`${name}, ${compiler}`, async () => {
      const folder = await packed.consumer(`${installed} ${name}`, {
        "main.ts": PROGRAM,
        "tsconfig.json": JSON.stringify({ compilerOptions: options, include: ["*.ts"] }),
        ...files,
      });
      if (withBun) {
        link(folder, "bun-types");
        await Bun.write(
          join(folder, "node_modules/@types/bun/index.d.ts"),
          '/// <reference types="bun-types" />',
        );
      }
      const tsc = [Bun.which("node") ?? process.execPath, join(MODULES, installed, "bin/tsc")];
      expect(await run([...tsc, "--pretty", "false"], folder)).toEqual({ exitCode: 0, output: "" });
      for (const [path, part] of Object.entries(written ?? {}))
        expect(await Bun.file(join(folder, path)).text()).toContain(part);
      expect(existsSync(join(folder, "main.js"))).toBe(false);
    });
  }
}

test("the declarations stand alone, without what is internal, and with their explanations", async () => {
  const text = await packed.text("dist/index.d.ts");
  expect([...text.matchAll(/\bimport\b|from "|ArenaSource|@internal/g)].map(String)).toEqual([]);
  const lines = text.split("\n");
  const declared = lines
    .map((line, i) => ({ line, before: lines[i - 1]! }))
    .filter(({ line }) =>
      /^(declare|type|interface) |^ {4}(static |get )?(?!constructor)[\w[\].]+\(/.test(line),
    );
  expect(declared.length).toBeGreaterThan(35);
  expect(declared.filter(({ before }) => !before.endsWith("*/"))).toEqual([]);
});
