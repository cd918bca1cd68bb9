/** The document: for each question a table, a plot, and a sentence with the rows it rests on. */
import { mkdirSync } from "node:fs";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Figures } from "../rounds.ts";
import { type Figure, figures, type Question } from "./questions.ts";

/** Figures by load and contender. */
export interface Measured {
  readonly question: Question;
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, Figures>>;
}

const DOCS = new URL("../../docs/", import.meta.url).pathname;
const FOLDER = "tradeoffs";

const HEAD = `# The lecture's questions, answered by measuring

Written by \`bun run tradeoffs\`. Every row is measured in processes of its own, on the same operations: processor time of
all operations, then the longest single one (wall clock; of each operation the quickest of three passes counts), then memory. *mixed n*: n live blocks of 16 bytes to 1 KiB, replaced at random. *holes n*: n small blocks, every other one freed,
half as many of three times the size, all freed, three times. *big n*: n live blocks of 1 KiB to 4 MiB. The other loads are the
recordings. *internal*: of the payload handed out, what was not asked for. *external*: of the committed memory, what is not
handed out; both on average while at least half of the peak is live.
`;

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function tableOf({ question, rows }: Measured): string[] {
  const lines = [
    `| load | | ${question.columns.map((column) => figures[column]).join(" | ")} |`,
    `|---|---|${question.columns.map(() => "---:|").join("")}`,
  ];
  for (const [load, byContender] of rows) {
    for (const [name, row] of byContender) {
      lines.push(
        `| ${load} | ${name} | ${question.columns.map((column) => round(row[column]!)).join(" | ")} |`,
      );
    }
  }
  return lines;
}

/** Who has the least of the figure that decides, load by load, and how far the next one and the last one are away. */
function judge({ question, rows }: Measured): string {
  const { decides } = question;
  const verdicts = [...rows].map(([load, byContender]) => {
    const order = [...byContender].sort(([, a], [, b]) => a[decides]! - b[decides]!);
    const [best, second] = order as [[string, Figures], [string, Figures]];
    const last = order.at(-1)!;
    const times = (row: Figures) => `${round(row[decides]! / best[1][decides]!)} times`;
    return `${load}: **${best[0]}** (${round(best[1][decides]!)}); ${second[0]} has ${times(second[1])}, ${last[0]} ${times(last[1])} as much`;
  });
  const wins = new Map<string, number>();
  for (const verdict of verdicts) {
    const name = verdict.match(/\*\*(.+?)\*\*/)![1]!;
    wins.set(name, (wins.get(name) ?? 0) + 1);
  }
  const [winner, count] = [...wins].sort(([, a], [, b]) => b - a)[0]!;
  const rest = verdicts.map((verdict) => `- ${verdict}`).join("\n");
  return `By ${figures[decides]}, **${winner}** has the least in ${count} of ${verdicts.length} rows:\n\n${rest}`;
}

export function pageOf(measured: Measured): string {
  const { title, note } = measured.question;
  return [`\n## ${title}\n`, `${note}\n`, ...tableOf(measured), "", judge(measured), ""].join("\n");
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
    [...byContender].map(([contender, row]) => ({ load, contender, ...row })),
  );
  const other = question.decides === "nsPerOperation" ? "peakRatio" : "nsPerOperation";
  const spec = {
    background: "white",
    padding: 10,
    data: { values },
    hconcat: [panel(question.decides, [...rows.keys()]), panel(other, [...rows.keys()])],
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
    pages.push(`${pageOf(each)}\n![${each.question.title}](${file})\n`);
  }
  await Bun.write(`${DOCS}tradeoffs.md`, `${HEAD}\n${where}.\n${pages.join("")}`);
}
