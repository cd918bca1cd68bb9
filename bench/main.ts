/**
 * `bun run bench`: what an operation costs, by Husky and by everybody else. See `--help`, and docs/bench.md.
 *
 * Exit codes: 0 measured, 1 a contender broke down, 2 wrong usage.
 */
import { compile } from "../native/compile.ts";
import { heap, policyNames } from "../src/index.ts";
import { unpackRevision } from "./against.ts";
import { deliverJson, reportBroken, runCommand, speaker } from "./command.ts";
import type { Files } from "./contenders/contender.ts";
import { type BenchOptions, parseOptions } from "./options.ts";
import { writeMicro } from "./report/publish.ts";
import type { Results } from "./report/results.ts";
import { describeRatios, describeTargets, describeTimes } from "./report/tables.ts";
import { targets } from "./report/targets.ts";
import { machine } from "./rounds.ts";
import { run } from "./run.ts";

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
  const say = speaker(options.json);
  say(`seed ${options.seed}: ${options.rows.length} rows, ${options.contenders.length} contenders`);
  const results = await run(options, files);
  describe(results, say);
  await deliverJson(options.json, { ...results, targets: targets(results) });
  if (options.write) await writeMicro(results);
  return reportBroken(results.rows, results.command);
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

process.exitCode = await runCommand("bun run bench", (folder) => {
  const options = parseOptions(Bun.argv.slice(2), otherPolicies());
  return typeof options === "number" ? options : perform(options, folder);
});
