/** The document: for each question a table, a plot, and a sentence with the rows it rests on. */
import { mkdirSync } from "node:fs";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { isMeasured, judge, type Measured, round } from "./judge.ts";
import { type Figure, figures } from "./questions.ts";

const DOCS = new URL("../../docs/", import.meta.url).pathname;
const FOLDER = "tradeoffs";

const HEAD = `# The lecture's questions, answered by measuring

Written by \`bun run tradeoffs\`. Every row is measured in processes of its own, on the same operations, a contender a process, in turn.

- *ns an operation*: time of the processor. *longest*: the longest single operation by the wall clock; of each operation the
  quicker of two passes counts.
- *internal*: of the payload handed out, what was not asked for. *external*: of the committed memory, what is not handed
  out; both on average while at least half of the peak is live. *peak committed / live*: the most that was committed, over
  the most that was asked for and not freed.
- *system calls*: that map and unmap large blocks, make memory accessible and give pages back. *RSS*: what of the
  arena is resident; at the end, after the last operation.
- *mixed n*: n live blocks of 16 bytes to 1 KiB, replaced at random. *holes n*: n small blocks, every other one freed, half as
  many of three times the size, all freed, again and again. *big n*: n live blocks of 1 KiB to 4 MiB, replaced at random. The
  other loads are the recordings.
- An empty row tells after the contender's name why it gave up; it is not tried with more blocks of the pattern then.
- A judgement weighs time and memory alike: in each row a contender needs so many times the least, and the least product of
  the two geometric means is right.
`;

function tableOf({ question, rows }: Measured): string[] {
  const lines = [
    `| load | | ${question.columns.map((column) => figures[column]).join(" | ")} |`,
    `|---|---|${question.columns.map(() => "---:|").join("")}`,
  ];
  for (const [load, byContender] of rows) {
    for (const [name, cell] of byContender) {
      const values = question.columns.map((column) => (isMeasured(cell) ? round(cell[column]!) : ""));
      const reason = isMeasured(cell) ? "" : `: ${cell.reason}`;
      lines.push(`| ${load} | ${name}${reason} | ${values.join(" | ")} |`);
    }
  }
  return lines;
}

/** A question with its answer; `picture` stands between the table and the judgement. */
export function pageOf(measured: Measured, ...picture: string[]): string {
  const { title, note } = measured.question;
  const parts = [`## ${title}`, note, tableOf(measured).join("\n"), ...picture, judge(measured)];
  return `\n${parts.join("\n\n")}\n`;
}

function panel(figure: Figure, loads: readonly string[]) {
  return {
    title: { text: figures[figure], fontSize: 12 },
    width: 300,
    height: { step: 8 },
    mark: { type: "bar" },
    encoding: {
      y: { field: "load", type: "nominal", sort: loads, title: null },
      yOffset: { field: "contender", type: "nominal", sort: null },
      x: { field: figure, type: "quantitative", title: null },
      color: { field: "contender", type: "nominal", sort: null, title: null },
    },
  };
}

async function plot({ question, rows }: Measured): Promise<string> {
  const values = [...rows].flatMap(([load, byContender]) =>
    [...byContender].map(([contender, cell]) => ({ load, contender, ...(isMeasured(cell) && cell) })),
  );
  const spec = {
    background: "white",
    padding: 10,
    data: { values },
    hconcat: question.decides.map((figure) => panel(figure, [...rows.keys()])),
    config: { aria: false },
  } as TopLevelSpec;
  return new View(parse(compile(spec).spec), { renderer: "none" }).toSVG();
}

export async function writeDocument(measured: readonly Measured[], where: string): Promise<void> {
  mkdirSync(DOCS + FOLDER, { recursive: true });
  const pages: string[] = [];
  for (const each of measured) {
    const file = `${FOLDER}/${each.question.name}.svg`;
    await Bun.write(DOCS + file, `${await plot(each)}\n`);
    pages.push(pageOf(each, `![${each.question.title}](${file})`));
  }
  await Bun.write(`${DOCS}tradeoffs.md`, `${HEAD}\n${where}.\n${pages.join("")}`);
}
