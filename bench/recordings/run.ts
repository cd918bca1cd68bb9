/** All contenders on all recordings: one process each and round, those on one recording one after the other. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { devDependencies, version } from "../../package.json";
import type { Recording } from "../../stress/recordings/index.ts";
import type { Contender, Files } from "../contenders/contender.ts";
import { environmentOf, findOut } from "../contenders/find-out.ts";
import type { RecordingResult, RecordingsResults } from "../report/recordings.ts";
import { type Cell, cellOf, type RowResult } from "../report/results.ts";
import { type Job, machineDetails, runRounds } from "../rounds.ts";
import type { Assignment } from "./child.ts";
import { read } from "./files.ts";
import type { RecordingsOptions } from "./options.ts";
import { compile, packPasses } from "./pass.ts";

/** Husky has much code that has to be compiled: some recordings need most of the second. */
const FULL = { warmUpMs: 1000, milliseconds: 500, leastRuns: 5, mostMs: 60_000 };
const QUICK = { warmUpMs: 10, milliseconds: 10, leastRuns: 2, mostMs: 60_000 };

const child = fileURLToPath(new URL("child.ts", import.meta.url));

/** A recording that is ready in the folder of the run. */
interface Prepared extends RecordingResult {
  /** The file for the children. */
  readonly passes: string;
}

/** Writes into `folder`. Throws a UsageError for a file that cannot be replayed. */
export async function run(
  options: RecordingsOptions,
  files: Files,
  folder: string,
): Promise<RecordingsResults> {
  const prepared: Prepared[] = [];
  for (const file of options.files) prepared.push(await prepare(read(file), options.cold, folder));
  const contenders = await Promise.all(options.contenders.map((contender) => findOut(contender, files)));
  const missing = new Map(contenders.map(({ name, missing }) => [name, missing]));
  const there = options.contenders.filter(({ name }) => missing.get(name) === undefined);
  const jobs = prepared.flatMap((each) => there.map((contender) => jobFor(each, contender, options, files)));
  const outcomes = await runRounds(jobs, options.rounds);
  const cell = (recording: string, contender: string, figure: string): Cell => {
    const reason = missing.get(contender);
    return reason === undefined ? cellOf(outcomes.get(jobName(recording, contender))!, figure) : { reason };
  };
  const rows = (figure: string): RowResult[] =>
    prepared.map(({ name }) => ({
      name,
      unit: "operation",
      workers: 0,
      cells: Object.fromEntries(
        contenders.map((contender) => [contender.name, cell(name, contender.name, figure)]),
      ),
    }));
  return {
    ...circumstances(options),
    contenders,
    recordings: prepared.map(({ passes: _, ...recording }) => recording),
    warm: rows("warm"),
    cold: rows("cold"),
    opening: rows("opening"),
  };
}

async function prepare(recording: Recording, most: number, folder: string): Promise<Prepared> {
  const { name } = recording;
  const [warm, cold] = [compile(recording), compile(recording, most)];
  const passes = join(folder, `${name}.passes`);
  await Bun.write(passes, packPasses({ warm, cold }));
  return { name, operations: warm.length, coldOperations: cold.length, passes };
}

const jobName = (recording: string, contender: string) => `${recording}, ${contender}`;

function jobFor(
  { name, passes }: Prepared,
  contender: Contender,
  { quick, touch }: RecordingsOptions,
  files: Files,
): Job {
  const { mostMs, ...effort } = quick ? QUICK : FULL;
  const assignment: Assignment = { contender: contender.name, passes, touch, files, ...effort };
  return {
    name: jobName(name, contender.name),
    command: [process.execPath, child, JSON.stringify(assignment)],
    group: name,
    environment: environmentOf(contender),
    mostMs,
  };
}

function circumstances({ command, rounds, touch, cold }: RecordingsOptions) {
  return {
    command,
    rounds,
    touch,
    firstOperations: cold,
    versions: { husky: version, bun: Bun.version, mitata: devDependencies.mitata },
    machine: machineDetails(),
  };
}
