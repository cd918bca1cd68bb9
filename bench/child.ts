/**
 * One contender in one row, in a process of its own: prints `{"ns": ...}`, nanoseconds an operation, or
 * `{"reason": ...}`. Started by `bun run bench`, with an `Assignment` as JSON.
 *
 * Runs are short beside the system's slices of time: the median is a run that nobody interrupted.
 */
import { contenderNamed } from "./contenders/catalogue.ts";
import type { Contender, Files, Opened } from "./contenders/contender.ts";
import { Crew } from "./crew.ts";
import { rows } from "./rows/catalogue.ts";
import { type Row, SHARED_BYTES } from "./rows/row.ts";
import { type Effort, timeLoop } from "./time-loop.ts";

export interface Assignment extends Effort {
  readonly contender: string;
  readonly row: string;
  readonly seed: number;
  readonly files: Files;
}

async function loopFor(contender: Contender, row: Row, assignment: Assignment): Promise<() => void> {
  const { seed, files } = assignment;
  const opened = await contender.open(files);
  const place = { seed, worker: 0, shared: new SharedArrayBuffer(SHARED_BYTES) };
  if ("floor" in opened) return row.native(opened.floor, place);
  return row.workers === 0
    ? row.script(opened.calls, place)
    : await inWorkers(opened, row, assignment, place.shared);
}

async function inWorkers(opened: Opened, row: Row, assignment: Assignment, shared: SharedArrayBuffer) {
  const handle = "handle" in opened ? opened.handle : undefined;
  const crew = await Crew.hire(row.workers, { ...assignment, shared, ...(handle && { handle }) });
  return () => crew.run();
}

async function perform(assignment: Assignment): Promise<{ ns: number }> {
  const row = rows.find(({ name }) => name === assignment.row)!;
  const contender = contenderNamed(assignment.contender, assignment.files);
  const loop = await loopFor(contender, row, assignment);
  return { ns: (await timeLoop(loop, assignment, { mostRuns: row.mostRuns })) / row.operations };
}

if (import.meta.main) {
  console.log(JSON.stringify(await perform(JSON.parse(process.argv[2]!))));
  // Workers wait for the next run.
  process.exit(0);
}
