/** Runs one case: `bun run-case.ts MODULE NAME`. Exit code 0 = it passed; the error's text goes to standard error. */
import type { Cases } from "./subprocess.ts";

const [moduleUrl, name] = process.argv.slice(2);
const { cases } = (await import(moduleUrl!)) as { cases: Cases };
const entry = cases[name!];
if (entry === undefined) throw new Error(`no case "${name}" in ${moduleUrl}`);
await (typeof entry === "function" ? entry() : entry.run());
