/**
 * Answers the lecture's questions by measuring, and writes docs/tradeoffs.md with its plots:
 *
 *   bun run tradeoffs [--rounds N] [--most BLOCKS] [--only QUESTION]
 *
 * --rounds  processes for each row, of which the medians count; default 3
 * --most    leaves out patterns with more live blocks; default: none
 * --only    measures one question and prints it instead of writing the document
 *
 * Exit codes: 0 done, 2 wrong usage.
 */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { type Figures, type Job, machine, medianFigures } from "../rounds.ts";
import { type Measured, pageOf, writeDocument } from "./page.ts";
import { type Question, questions } from "./questions.ts";

const WRONG_USAGE = 2;
const NO_BOUND = Number.MAX_SAFE_INTEGER;

interface Options {
  readonly rounds: number;
  readonly most: number;
  readonly only?: string;
}

function count(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}

function parse(argv: readonly string[]): Options {
  const program = new Command("bun run tradeoffs")
    .option("--rounds <count>", "processes for each row", count, 3)
    .option("--most <blocks>", "leaves out patterns with more live blocks", count, NO_BOUND)
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

async function measure(question: Question, { rounds, most }: Options): Promise<Measured> {
  const script = new URL("./measure.ts", import.meta.url).pathname;
  const rows = new Map<string, ReadonlyMap<string, Figures>>();
  for (const load of question.loads) {
    if (Number(load.split(" ")[1] ?? 0) > most) continue;
    process.stderr.write(`${question.name}: ${load}\n`);
    const contenders = question.contenders.map(
      ({ name, task }): Job => ({
        name,
        command: [process.execPath, script, JSON.stringify({ ...task, load })],
      }),
    );
    rows.set(load, await medianFigures(contenders, rounds));
  }
  return { question, rows };
}

try {
  const options = parse(process.argv.slice(2));
  const chosen = questions.filter(({ name }) => options.only === undefined || name === options.only);
  const measured: Measured[] = [];
  for (const question of chosen) measured.push(await measure(question, options));
  const bound = options.most === NO_BOUND ? "of all sizes" : `up to ${options.most} blocks`;
  const where = `${machine()}; patterns ${bound}; medians, rounds: ${options.rounds}`;
  if (options.only !== undefined) console.log(measured.map(pageOf).join("\n"));
  else await writeDocument(measured, where);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE);
}
