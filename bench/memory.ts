/**
 * `bun run bench:memory`: how much memory an allocator takes for what a program asked for. Every committed recording
 * is replayed by Husky (one Worker, the public API) and by the native allocators in C (native/replay.c), each in a
 * process of its own, with every payload byte written once.
 *
 * Prints the peak over the recording's peak of live bytes, and what is left when everything is freed. `committed` is
 * what Husky counts itself; the others tell nothing like it, so that their resident memory stands beside it.
 *
 * Exit codes: 0 measured, 1 a replay failed, 2 wrong usage.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "../native/compile.ts";
import { heap, policyNames } from "../src/index.ts";
import { UsageError } from "../stress/command/usage-error.ts";
import { type Recording, readRecording } from "../stress/recordings/index.ts";
import { libraries } from "./contenders/native.ts";
import { chooseFiles } from "./recordings/files.ts";
import {
  describeMemory,
  type MemoryResults,
  type MemoryRow,
  memoryMarkdown,
  memoryTargets,
} from "./report/memory.ts";
import { writeResult, writeSection } from "./report/publish.ts";
import { describeTargets } from "./report/tables.ts";
import { type Job, machine, machineDetails, type Outcome, runRounds } from "./rounds.ts";
import { parseSmall, type SmallOptions, smallCommand, WRONG_USAGE } from "./small-options.ts";

const ENTRY_BYTES = 24;
const MOST_MS = 120_000;

const child = fileURLToPath(new URL("replay-husky.ts", import.meta.url));

/** The default policy first, by the name `husky`; then the others. */
function policies(): { name: string; policy: string }[] {
  const { policy: usual } = heap.stats();
  const others = policyNames.filter((policy) => policy !== usual);
  return [{ name: "husky", policy: usual }, ...others.map((policy) => ({ name: `husky:${policy}`, policy }))];
}

/** Paths of the recordings with these names, or of all. Ends the process at an unknown name. */
function chosen(names: readonly string[] | undefined): string[] {
  try {
    return chooseFiles(names);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`bench: ${error.message}`);
    process.exit(WRONG_USAGE);
  }
}

/** The operations as native/replay.c reads them. */
function writeOperations(path: string, recording: Recording): Promise<number> {
  const { operation, block, size, alignment, length } = recording;
  const bytes = new DataView(new ArrayBuffer(length * ENTRY_BYTES));
  for (let i = 0; i < length; i++) {
    const at = i * ENTRY_BYTES;
    bytes.setUint32(at, operation[i]!, true);
    bytes.setInt32(at + 4, block[i]!, true);
    bytes.setFloat64(at + 8, size[i]!, true);
    bytes.setFloat64(at + 16, alignment[i]!, true);
  }
  return Bun.write(path, bytes.buffer);
}

async function jobsFor(file: string, recording: Recording, folder: string): Promise<Job[]> {
  const operations = join(folder, `${recording.name}.operations`);
  await writeOperations(operations, recording);
  const program = compile("replay", "program", folder);
  const named = (name: string) => `${recording.name}, ${name}`;
  const husky = policies().map(({ name, policy }) => ({
    name: named(name),
    command: [process.execPath, child, file, policy],
    mostMs: MOST_MS,
  }));
  if ("missing" in program) return husky;
  const native = libraries.map(({ name, file: library }) => ({
    name: named(name),
    command: [program.path, operations, library],
    environment: name === "glibc" ? {} : { LD_PRELOAD: library },
    mostMs: MOST_MS,
  }));
  return [...husky, ...native];
}

function rowOf(recording: Recording, outcomes: ReadonlyMap<string, Outcome>): MemoryRow {
  const cells: MemoryRow["cells"] = {};
  for (const [name, outcome] of outcomes) {
    const contender = name.slice(recording.name.length + 2);
    if ("reason" in outcome) cells[contender] = outcome;
    else {
      const { peak, left, committed, processLeft } = outcome.rounds[0]!;
      cells[contender] = {
        peakBytes: peak!,
        leftBytes: left!,
        ...(committed !== undefined && { committedBytes: committed, processLeftBytes: processLeft! }),
      };
    }
  }
  return { recording: recording.name, peakLiveBytes: recording.peakLiveBytes, cells };
}

interface Options extends SmallOptions {
  readonly recordings?: readonly string[];
}

const command = smallCommand("bun run bench:memory", "Memory taken over memory asked for.").option(
  "--recordings <names...>",
  "only these",
);
const options = parseSmall<Options>(command, Bun.argv.slice(2));
const files = chosen(options.recordings);
const folder = mkdtempSync(join(tmpdir(), "husky-memory-"));
const rows: MemoryRow[] = [];
for (const file of files) {
  const recording = readRecording(file);
  rows.push(rowOf(recording, await runRounds(await jobsFor(file, recording, folder), 1)));
}
rmSync(folder, { recursive: true });
const results: MemoryResults = { command: "bun run bench:memory", machine: machineDetails(), rows };
const targets = memoryTargets(results);
console.log(`${machine()}\n${describeMemory(results)}\n${describeTargets(targets)}`);
const json = `${JSON.stringify({ ...results, targets }, null, 2)}\n`;
if (options.json !== undefined) await Bun.write(options.json, json);
if (options.write) {
  await writeResult("memory.json", json);
  await writeSection("memory", memoryMarkdown(results));
}
process.exitCode = rows.some(({ cells }) =>
  Object.values(cells).some((cell) => "broken" in cell && cell.broken),
)
  ? 1
  : 0;
