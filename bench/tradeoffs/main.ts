/**
 * Answers the lecture's questions by measuring, and writes docs/tradeoffs.md with its plots:
 *
 *   bun run tradeoffs [--rounds N] [--most BLOCKS] [--only QUESTION]
 *
 * --rounds  processes for each row, of which the medians count; default 2. Patterns with very many blocks are long as
 *           they are and have one
 * --most    leaves out patterns with more live blocks; default: none
 * --only    measures one question and prints it instead of writing the document
 *
 * Exit codes: 0 done, 2 wrong usage.
 */
import { Command, CommanderError } from "commander";
import { wholeFrom } from "../../stress/command/parsing.ts";
import { type Job, machine, mediansOf, runRounds } from "../rounds.ts";
import type { Cell, Measured } from "./judge.ts";
import { MANY, type Task, textOf } from "./loads.ts";
import { pageOf, writeDocument } from "./page.ts";
import { type Contender, type Question, questions } from "./questions.ts";

const WRONG_USAGE = 2;
const NO_BOUND = Number.MAX_SAFE_INTEGER;
/** A process that takes longer is ended, and its cell stays empty. */
const MOST_MS = 30_000;

interface Options {
  readonly rounds: number;
  readonly most: number;
  readonly only?: string;
}

function parse(argv: readonly string[]): Options {
  const program = new Command("bun run tradeoffs")
    .option("--rounds <count>", "processes for each row", wholeFrom(1, 1000), 2)
    .option("--most <blocks>", "leaves out patterns with more live blocks", wholeFrom(1, NO_BOUND), NO_BOUND)
    .option("--only <question>", "measures one question and prints it")
    .exitOverride();
  program.parse(argv, { from: "user" });
  const options = program.opts<Options>();
  const names = questions.map(({ name }) => name);
  if (options.only !== undefined && !names.includes(options.only)) {
    program.error(`error: unknown question ${JSON.stringify(options.only)}; known: ${names.join(", ")}`);
  }
  return options;
}

const blocksIn = (load: string): number => Number(load.split(" ")[1] ?? 0);
const keyOf = ({ task }: Contender): string => textOf(task);

/** All contenders of all questions on one load, each once. Who gave up on a smaller load of its pattern is not started. */
async function measureLoad(
  load: string,
  chosen: readonly Question[],
  rounds: number,
  before: Map<string, Cell>,
) {
  const script = new URL("./measure.ts", import.meta.url).pathname;
  const cells = new Map<string, Cell>();
  const jobs = new Map<string, Job>();
  for (const question of chosen.filter(({ loads }) => loads.includes(load))) {
    for (const contender of question.contenders) {
      const key = keyOf(contender);
      const earlier = before.get(key);
      if (earlier !== undefined && "reason" in earlier) cells.set(key, earlier);
      else if (!jobs.has(key)) {
        const task = textOf({ ...contender.task, load } as Task);
        const name = `${load}: ${question.name}, ${contender.name}`;
        jobs.set(key, { name, command: [process.execPath, script, task], mostMs: MOST_MS });
      }
    }
  }
  const outcomes = await runRounds([...jobs.values()], blocksIn(load) < MANY ? rounds : 1);
  for (const [key, { name }] of jobs) {
    const outcome = outcomes.get(name)!;
    if (!("reason" in outcome)) cells.set(key, mediansOf(outcome.rounds));
    else if (outcome.broken) throw new Error(`${name}: ${outcome.reason}`);
    else cells.set(key, { reason: outcome.reason });
  }
  return cells;
}

/** Load by load, so that everybody meets the same state of the machine; smaller patterns come before larger ones. */
async function measure(chosen: readonly Question[], { rounds, most }: Options): Promise<Measured[]> {
  const loads = new Set(
    chosen.flatMap((question) => question.loads).filter((load) => blocksIn(load) <= most),
  );
  const byLoad = new Map<string, Map<string, Cell>>();
  const byPattern = new Map<string, Map<string, Cell>>();
  for (const [index, load] of [...loads].entries()) {
    process.stderr.write(`load ${index + 1} of ${loads.size}: ${load}\n`);
    const pattern = load.split(" ")[0]!;
    const cells = await measureLoad(load, chosen, rounds, byPattern.get(pattern) ?? new Map());
    byLoad.set(load, cells);
    byPattern.set(pattern, cells);
  }
  return chosen.map((question) => {
    const measured = question.loads.filter((load) => loads.has(load));
    const cellsOf = (load: string) =>
      new Map(question.contenders.map((each) => [each.name, byLoad.get(load)!.get(keyOf(each))!]));
    return { question, rows: new Map(measured.map((load) => [load, cellsOf(load)])) };
  });
}

try {
  const options = parse(process.argv.slice(2));
  const chosen = questions.filter(({ name }) => options.only === undefined || name === options.only);
  const measured = await measure(chosen, options);
  const bound = options.most === NO_BOUND ? "of all sizes" : `up to ${options.most} blocks`;
  const where = `${machine()}; patterns ${bound}; medians, rounds: ${options.rounds}`;
  if (options.only !== undefined) console.log(measured.map((each) => pageOf(each)).join("\n"));
  else await writeDocument(measured, where);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE);
}
