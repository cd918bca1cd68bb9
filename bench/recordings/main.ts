/**
 * `bun run bench:recordings [FILE...]`: what an operation costs in recordings of real programs, by Husky and by the
 * allocators that FFI reaches. See `--help`, and docs/bench.md.
 *
 * Exit codes: 0 measured, 1 a contender broke down, 2 wrong usage or a file that cannot be used.
 */
import { unpackRevision } from "../against.ts";
import { deliverJson, reportBroken, runCommand, speaker } from "../command.ts";
import type { Files } from "../contenders/contender.ts";
import { writeRecordings } from "../report/publish.ts";
import { recordingsTargets } from "../report/recordings.ts";
import { describeRecordings } from "../report/recordings-tables.ts";
import { machine } from "../rounds.ts";
import { parseOptions, type RecordingsOptions } from "./options.ts";
import { run } from "./run.ts";

async function perform(options: RecordingsOptions, folder: string): Promise<number> {
  const { against: revision } = options;
  const files: Files = {
    floor: { missing: "recordings are not replayed in C" },
    ...(revision !== undefined && { against: { revision, index: unpackRevision(revision, folder) } }),
  };
  const say = speaker(options.json);
  say(`${options.files.length} recordings, ${options.contenders.length} contenders`);
  const results = await run(options, files, folder);
  say(`${machine()}, medians of ${results.rounds} rounds\n\n${describeRecordings(results)}`);
  await deliverJson(options.json, { ...results, targets: recordingsTargets(results) });
  if (options.write) await writeRecordings(results);
  return reportBroken(results.warm, results.command);
}

process.exitCode = await runCommand("bun run bench:recordings", (folder) => {
  const options = parseOptions(Bun.argv.slice(2));
  return typeof options === "number" ? options : perform(options, folder);
});
