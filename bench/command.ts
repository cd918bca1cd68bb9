/** How the comparisons run as commands. Exit codes: 0 measured, 1 a contender broke down, 2 wrong usage. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../stress/command/usage-error.ts";
import type { RowResult } from "./report/results.ts";
import { WRONG_USAGE } from "./small-options.ts";

const BROKEN = 1;

/** Gives `perform` a folder for the time of the run; the result is the exit code. */
export async function runCommand(
  name: string,
  perform: (folder: string) => number | Promise<number>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "husky-bench-"));
  try {
    return await perform(folder);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`bench: ${error.message}\n${name} --help tells what there is`);
    return WRONG_USAGE;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where the text for people goes: with `--json -` the standard output belongs to the JSON. */
export const speaker = (json: string | undefined): ((text: string) => void) =>
  json === "-" ? console.error : console.log;

export async function deliverJson(json: string | undefined, report: object): Promise<void> {
  const text = JSON.stringify(report, null, 2);
  if (json === "-") console.log(text);
  else if (json !== undefined) await Bun.write(json, `${text}\n`);
}

/** The exit code; says who broke down in which row. */
export function reportBroken(rows: readonly RowResult[], command: string): number {
  let code = 0;
  for (const row of rows) {
    for (const [contender, cell] of Object.entries(row.cells)) {
      if (!("broken" in cell)) continue;
      console.error(`bench: ${contender} broke down in "${row.name}": ${cell.reason}`);
      code = BROKEN;
    }
  }
  if (code !== 0) console.error(`bench: ${command} repeats it`);
  return code;
}
