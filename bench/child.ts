/**
 * One contender in one row, in a process of its own: prints `{"ns": ...}`, nanoseconds an operation, or
 * `{"reason": ...}`. Started by `bun run bench`, with an `Assignment` as JSON.
 *
 * mitata does the timing: it runs the loop until the time is over and gives the median of the runs. Runs are short beside
 * the system's slices of time: the median is a run that nobody interrupted. Before, the loop runs for as long again: the
 * last stage of the compiler comes late, and later on a busy machine.
 */
import { measure } from "mitata";
import { contenderNamed } from "./contenders/catalogue.ts";
import type { Contender, Files, Opened } from "./contenders/contender.ts";
import { Crew } from "./crew.ts";
import { rows } from "./rows/catalogue.ts";
import { type Row, SHARED_BYTES } from "./rows/row.ts";

export interface Assignment {
  readonly contender: string;
  readonly row: string;
  readonly seed: number;
  /** For how long the loop warms up, then for how long mitata repeats it, and how often at least. */
  readonly milliseconds: number;
  readonly leastRuns: number;
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

function warmUp(loop: () => void, milliseconds: number): void {
  const end = Bun.nanoseconds() + milliseconds * 1e6;
  while (Bun.nanoseconds() < end) loop();
}

async function perform(assignment: Assignment): Promise<{ ns: number }> {
  const row = rows.find(({ name }) => name === assignment.row)!;
  const contender = contenderNamed(assignment.contender, assignment.files);
  const loop = await loopFor(contender, row, assignment);
  if (row.mostRuns === undefined) warmUp(loop, assignment.milliseconds);
  const { p50 } = await measure(loop, {
    min_cpu_time: assignment.milliseconds * 1e6,
    min_samples: assignment.leastRuns,
    // A run is never too short for the clock.
    batch_threshold: 0,
    ...(row.mostRuns !== undefined && { max_samples: row.mostRuns }),
  });
  return { ns: p50 / row.operations };
}

if (import.meta.main) {
  console.log(JSON.stringify(await perform(JSON.parse(process.argv[2]!))));
  // Workers wait for the next run.
  process.exit(0);
}
