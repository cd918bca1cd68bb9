/** The package as a consumer has it: packed, and unpacked into projects of their own. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOT = new URL("../..", import.meta.url).pathname;

/** What `prepack` and the packer read. */
const SOURCES = ["package.json", "tsconfig.json", "src", "native", "package", "README.md", "CHANGELOG.md"];

export interface Outcome {
  readonly exitCode: number;
  readonly output: string;
}

export type Files = Readonly<Record<string, string>>;

/** Packs in a copy of the sources: the repository's own `dist` is left alone, and tests may run side by side. */
export class Packed {
  readonly folder = mkdtempSync(join(tmpdir(), "husky-package-"));
  readonly sources = join(this.folder, "sources");
  readonly tarball = join(this.folder, "package.tgz");

  static async make(): Promise<Packed> {
    const packed = new Packed();
    for (const name of [...SOURCES, "LICENSE"])
      cpSync(join(ROOT, name), join(packed.sources, name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(packed.sources, "node_modules"));
    mkdirSync(join(packed.sources, "dist"));
    await Bun.write(join(packed.sources, "dist/stale.js"), "");
    const words = [process.execPath, "pm", "pack", "--filename", packed.tarball];
    const { exitCode, output } = await run(words, packed.sources);
    if (exitCode !== 0) throw new Error(output);
    return packed;
  }

  /** A project with the package in its `node_modules` and these files. */
  async consumer(name: string, files: Files): Promise<string> {
    const folder = join(this.folder, name);
    const place = join(folder, "node_modules/husky-alloc");
    mkdirSync(place, { recursive: true });
    const { exitCode, output } = await run(
      ["tar", "-xzf", this.tarball, "-C", place, "--strip-components=1"],
      folder,
    );
    if (exitCode !== 0) throw new Error(output);
    await writeFiles(folder, { "package.json": '{ "type": "module", "private": true }', ...files });
    return folder;
  }

  /** Of the package, unpacked. */
  async text(path: string): Promise<string> {
    const place = join(this.folder, "unpacked");
    if (!existsSync(place)) await this.consumer("unpacked", {});
    return Bun.file(join(place, "node_modules/husky-alloc", path)).text();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    await Bun.write(join(folder, path), text);
  }
}

/** Runs a program to its end. */
export async function run(words: string[], cwd: string): Promise<Outcome> {
  const child = Bun.spawn(words, {
    cwd,
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, NO_COLOR: "1" },
  });
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, output: out + err };
}

/** Links what the repository has installed into a consumer's `node_modules`. */
export function link(folder: string, name: string): void {
  const place = join(folder, "node_modules", name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(ROOT, "node_modules", name), place);
}
