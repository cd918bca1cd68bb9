/**
 * `bun run bench`: what an operation costs, by Husky and by everybody else. See `--help`, and docs/bench.md.
 *
 * Exit codes: 0 measured, 1 a contender broke down, 2 wrong usage.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../native/compile.ts";
import { heap, policyNames } from "../src/index.ts";
import { UsageError } from "../stress/command/usage-error.ts";
import { unpackRevision } from "./against.ts";
import type { Files } from "./contenders/contender.ts";
import { type BenchOptions, parseOptions } from "./options.ts";
import { writeMicro } from "./report/publish.ts";
import type { Results } from "./report/results.ts";
import { describeRatios, describeTargets, describeTimes } from "./report/tables.ts";
import { targets } from "./report/targets.ts";
import { machine } from "./rounds.ts";
import { run } from "./run.ts";

const BROKEN = 1;
const WRONG_USAGE = 2;

async function main(argv: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "husky-bench-"));
  try {
    const options = parseOptions(argv, otherPolicies());
    return typeof options === "number" ? options : await perform(options, folder);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`bench: ${error.message}\nbun run bench --help tells what there is`);
    return WRONG_USAGE;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Those that the process-wide heap does not have. */
function otherPolicies(): string[] {
  const { policy } = heap.stats();
  return policyNames.filter((name) => name !== policy);
}

async function perform(options: BenchOptions, folder: string): Promise<number> {
  const { against: revision } = options;
  const files: Files = {
    floor: compile("floor", "library", folder),
    ...(revision !== undefined && { against: { revision, index: unpackRevision(revision, folder) } }),
  };
  // With --json - the standard output belongs to the JSON.
  const say = options.json === "-" ? console.error : console.log;
  say(`seed ${options.seed}: ${options.rows.length} rows, ${options.contenders.length} contenders`);
  const results = await run(options, files);
  describe(results, say);
  const report = { ...results, targets: targets(results) };
  if (options.json === "-") console.log(JSON.stringify(report, null, 2));
  else if (options.json !== undefined) await Bun.write(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.write) await writeMicro(results);
  return reportBroken(results);
}

function describe(results: Results, say: (text: string) => void): void {
  say(`${machine()}, medians of ${results.rounds} rounds`);
  const names = (kinds: readonly string[]) =>
    results.contenders.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name);
  const [husky, ...variants] = names(["husky"]);
  const first = husky === undefined ? [] : [husky];
  say(describeTimes(results, [...first, ...names(["ffi", "javascript"])]));
  if (names(["native"]).length > 0) {
    say(`\nThe same loops in C:\n${describeTimes(results, [...first, ...names(["native"])])}`);
  }
  if (variants.length > 0) {
    say(`\nOther policies and revisions:\n${describeTimes(results, [...first, ...variants])}`);
  }
  say(`\n${describeRatios(results)}\n\n${describeTargets(targets(results))}`);
}

function reportBroken({ rows, command }: Results): number {
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

process.exitCode = await main(Bun.argv.slice(2));
