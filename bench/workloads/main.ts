/**
 * The workloads of stress/ in their bench build: Husky against every allocator that FFI can reach, on 1 and on 2
 * Workers, or as many as are asked for. See `bun run bench:workloads --help`.
 */
import { cpus, loadavg } from "node:os";
import { CommanderError } from "commander";
import { UsageError } from "../../stress/command/usage-error.ts";
import { findWorkload } from "../../stress/workloads/catalogue.ts";
import { machine, medianFigures } from "../rounds.ts";
import { type ContenderName, versionOf } from "./contenders.ts";
import type { Measurement } from "./measure.ts";
import { type BenchOptions, parseOptions } from "./options.ts";
import { type Row, ratio, type Sample, targets } from "./summary.ts";
import { describePeaks, describeScaling, describeSpeed, describeTargets } from "./tables.ts";

const WRONG_USAGE = 2;
const RESULTS = new URL("../results/", import.meta.url).pathname;

function readOptions(): BenchOptions {
  try {
    return parseOptions(Bun.argv.slice(2));
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE);
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(WRONG_USAGE);
  }
}

/** A workload that always takes the same number of Workers is measured once. */
function workerCounts(workload: string, asked: readonly number[]): readonly number[] {
  const { seats } = findWorkload(workload);
  return seats !== undefined && seats(1) === seats(2) ? [Math.max(...asked)] : asked;
}

/** One workload over all contenders and numbers of Workers, interleaved. */
async function measureWorkload(workload: string, names: readonly ContenderName[], options: BenchOptions) {
  const { seconds, seed, rounds } = options;
  const counts = workerCounts(workload, options.workers);
  const script = new URL("./attempt.ts", import.meta.url).pathname;
  const measurements = counts.flatMap((workers) =>
    names.map((contender): Measurement => ({ workload, contender, workers, seconds, seed })),
  );
  const label = ({ contender, workers }: Measurement) => `${workload} over ${contender} on ${workers}`;
  const medians = await medianFigures(
    measurements.map((measurement) => ({
      name: label(measurement),
      command: [process.execPath, script, JSON.stringify(measurement)],
    })),
    rounds,
  );
  return counts.map((workers): Row => {
    const own = measurements.filter((measurement) => measurement.workers === workers);
    const samples = own.map((measurement) => [
      measurement.contender,
      medians.get(label(measurement)) as unknown as Sample,
    ]);
    return { workload, workers, samples: Object.fromEntries(samples) };
  });
}

const options = readOptions();
const loadBefore = loadavg()[0]!;
const versions = new Map(options.contenders.map((name) => [name, versionOf(name)]));
const present = options.contenders.filter((name) => versions.get(name) !== null);
const rows: Row[] = [];
for (const [i, workload] of options.workloads.entries()) {
  process.stderr.write(`${i + 1} of ${options.workloads.length}: ${workload}\n`);
  rows.push(...(await measureWorkload(workload, present, options)));
}

const head = [
  `${machine()} of ${cpus()[0]?.model ?? "an unknown processor"}`,
  `seed ${options.seed}, medians of ${options.rounds} rounds of ${options.seconds} s after as much warm-up`,
  `load average ${loadBefore.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} after (the runs themselves make up to 4)`,
  ...options.contenders.map((name) =>
    versions.get(name) === null ? `${name}: not installed, no figures` : `${name}: ${versions.get(name)}`,
  ),
].join("\n");
const text = [
  head,
  describeSpeed(rows, present),
  describePeaks(rows, present),
  describeScaling(rows, present),
  describeTargets(rows),
].join("\n\n");
const json = JSON.stringify(
  {
    head,
    versions: Object.fromEntries(versions),
    options,
    rows: rows.map((row) => ({ ...row, ratio: ratio(row) })),
    targets: targets(rows),
  },
  null,
  2,
);
console.log(options.json ? json : text);
if (options.write) {
  await Bun.write(`${RESULTS}workloads.json`, `${json}\n`);
  await Bun.write(`${RESULTS}workloads.txt`, `${text}\n`);
}
