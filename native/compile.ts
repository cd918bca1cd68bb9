/** C programs of this folder, compiled when they are needed with the compiler of the system. For measurements. */
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Without these the compiler would see that a block is not used and drop the pair of malloc and free. */
const KEEP_CALLS = ["malloc", "calloc", "realloc", "memalign", "free"].map((name) => `-fno-builtin-${name}`);

/** The compiled file, or why there is none. */
export type Compiled = { readonly path: string } | { readonly missing: string };

/** Compiles `native/<name>.c` into `folder`: a program, or a library for dlopen. */
export function compile(name: string, kind: "program" | "library", folder: string): Compiled {
  if (Bun.which("cc") === null) return { missing: "there is no C compiler: `cc` was not found" };
  mkdirSync(folder, { recursive: true });
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const path = `${folder}/${name}${kind === "library" ? ".so" : ""}`;
  const shape = kind === "library" ? ["-shared", "-fPIC"] : [];
  const command = ["cc", "-O2", "-Wall", ...KEEP_CALLS, ...shape, "-o", path, source, "-lpthread", "-ldl"];
  const { exitCode, stderr } = Bun.spawnSync(command);
  if (exitCode !== 0 || !existsSync(path)) {
    return { missing: `cc refused ${name}.c: ${stderr.toString().split("\n")[0]}` };
  }
  return { path };
}

/** First line of `cc --version`. */
export function compilerVersion(): string {
  if (Bun.which("cc") === null) return "none";
  return Bun.spawnSync(["cc", "--version"]).stdout.toString().split("\n")[0]!;
}
