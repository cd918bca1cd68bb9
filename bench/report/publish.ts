/** What `--write` keeps: the result files, the plot, and the README's sections. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { microMarkdown } from "./markdown.ts";
import { plotMicro, plotRecordings } from "./plot.ts";
import { type RecordingsResults, recordingsTargets } from "./recordings.ts";
import { recordingsMarkdown } from "./recordings-tables.ts";
import type { Results } from "./results.ts";
import { targets } from "./targets.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const README = path("README.md");

export async function writeMicro(results: Results): Promise<void> {
  const report = { ...results, targets: targets(results) };
  await writeResult("micro.json", `${JSON.stringify(report, null, 2)}\n`);
  await writeResult("micro.svg", await plotMicro(results));
  await writeSection("micro", microMarkdown(results));
}

export async function writeRecordings(results: RecordingsResults): Promise<void> {
  const report = { ...results, targets: recordingsTargets(results) };
  await writeResult("recordings.json", `${JSON.stringify(report, null, 2)}\n`);
  await writeResult("recordings.svg", await plotRecordings({ ...results, rows: results.warm }));
  await writeSection("recordings", recordingsMarkdown(results));
}

export async function writeResult(name: string, text: string): Promise<void> {
  mkdirSync(path("bench/results"), { recursive: true });
  await Bun.write(path(`bench/results/${name}`), text);
}

/** Puts `text` between the markers `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` of the README. */
export async function writeSection(name: string, text: string): Promise<void> {
  await Bun.write(README, replaceSection(await Bun.file(README).text(), name, text));
}

export function replaceSection(document: string, name: string, text: string): string {
  const [start, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no section ${start} ... ${end}`);
  return `${document.slice(0, from + start.length)}\n${text.trim()}\n${document.slice(to)}`;
}
