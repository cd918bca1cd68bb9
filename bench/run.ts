/** All contenders in all rows: one process for each pair and round, the contenders of a row one after the other. */
import { fileURLToPath } from "node:url";
import { compilerVersion } from "../native/compile.ts";
import { devDependencies, version } from "../package.json";
import type { Assignment } from "./child.ts";
import type { Contender, Files } from "./contenders/contender.ts";
import { environmentOf, findOut } from "./contenders/find-out.ts";
import type { BenchOptions } from "./options.ts";
import { type Cell, cellOf, type Results, type RowResult } from "./report/results.ts";
import { type Job, machineDetails, runRounds } from "./rounds.ts";
import type { Row } from "./rows/row.ts";

const FULL = { warmUpMs: 150, milliseconds: 150, leastRuns: 12, mostMs: 30_000 };
const QUICK = { warmUpMs: 10, milliseconds: 10, leastRuns: 2, mostMs: 20_000 };

const child = fileURLToPath(new URL("child.ts", import.meta.url));

export async function run(options: BenchOptions, files: Files): Promise<Results> {
  const contenders = await Promise.all(options.contenders.map((contender) => findOut(contender, files)));
  const missing = new Map(contenders.map(({ name, missing }) => [name, missing]));
  const cellName = (row: Row, contender: Contender) => `${row.name}, ${contender.name}`;
  const jobs = options.rows.flatMap((row) =>
    options.contenders
      .filter((contender) => missing.get(contender.name) === undefined && lack(contender, row) === undefined)
      .map((contender) => jobFor(cellName(row, contender), row, contender, options, files)),
  );
  const outcomes = await runRounds(jobs, options.rounds);
  const cell = (row: Row, contender: Contender): Cell => {
    const reason = missing.get(contender.name) ?? lack(contender, row);
    return reason === undefined ? cellOf(outcomes.get(cellName(row, contender))!) : { reason };
  };
  const results = options.rows.map(
    (row): RowResult => ({
      name: row.name,
      unit: row.unit,
      workers: row.workers,
      cells: Object.fromEntries(
        options.contenders.map((contender) => [contender.name, cell(row, contender)]),
      ),
    }),
  );
  return { ...circumstances(options), contenders, rows: results };
}

/** Why the contender has no cell in the row. */
function lack({ lacks }: Contender, { needs }: Row): string | undefined {
  return needs.map((need) => lacks[need]).find((reason) => reason !== undefined);
}

function jobFor(name: string, row: Row, contender: Contender, options: BenchOptions, files: Files): Job {
  const { mostMs, ...effort } = options.quick ? QUICK : FULL;
  const assignment: Assignment = {
    contender: contender.name,
    row: row.name,
    seed: options.seed,
    files,
    ...effort,
  };
  const command = [process.execPath, child, JSON.stringify(assignment)];
  return { name, command, group: row.name, environment: environmentOf(contender), mostMs };
}

function circumstances({ command, seed, rounds }: BenchOptions) {
  return {
    command,
    seed,
    rounds,
    versions: {
      husky: version,
      bun: Bun.version,
      mitata: devDependencies.mitata,
      cc: compilerVersion(),
    },
    machine: machineDetails(),
  };
}
