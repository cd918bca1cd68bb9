/** Tables and counterexamples, for people and for docs/model.md. */
import Table from "cli-table3";
import type { BlockConfiguration, Configuration, Plant } from "./configurations.ts";
import { extrasInWords, type SpanConfiguration } from "./span-configurations.ts";
import type { Result } from "./verifier.ts";

/** A configuration with its result. */
export interface Checked {
  readonly configuration: Configuration;
  readonly result: Result;
}

/** A plant with its result. */
export interface Tried {
  readonly plant: Plant;
  readonly result: Result;
}

const columns = ["configuration", "Workers", "cells or spans", "requests", "deaths", "checked"];
const figures = ["states", "transitions", "depth", "memory", "time", "result"];

export function configurationTable(checked: readonly Checked[]): string {
  return table([...columns, ...figures], checked.map(configurationRow));
}

export function plantTable(tried: readonly Tried[]): string {
  return table(["planted mistake", ...figures], tried.map(plantRow));
}

export function counterexample({ plant, result }: Tried): string {
  const title = `${plant.name}: ${plant.mistake}`;
  const steps = result.trail.map((line, index) => `  ${`${index + 1}`.padStart(2)}  ${line}`);
  return [title, ...steps, `      ${result.violation}`].join("\n");
}

/** The same as Markdown, with the shortest counterexamples only. */
export function markdown(checked: readonly Checked[], tried: readonly Tried[]): string {
  const parts = [
    markdownTable([...columns, ...figures], checked.map(configurationRow)),
    markdownTable(["planted mistake", ...figures], tried.map(plantRow)),
    ...tried.filter(({ plant }) => plant.shortest).map((one) => `\`\`\`\n${counterexample(one)}\n\`\`\``),
  ];
  return parts.join("\n\n");
}

function configurationRow({ configuration, result }: Checked): string[] {
  const { name, deaths } = configuration;
  const cells = configuration.protocol === "spans" ? spanCells(configuration) : blockCells(configuration);
  const [crew, memory, requests, extras] = cells;
  const checked = [configuration.cycles ? "each run ends" : "safety", ...extras].join(", ");
  return [
    name,
    crew,
    memory,
    requests,
    `${deaths}`,
    checked,
    ...resultCells(result),
    result.violation ?? "holds",
  ];
}

type Cells = [crew: string, memory: string, requests: string, extras: string[]];

function blockCells(configuration: BlockConfiguration): Cells {
  const { workers, newcomers, slots, cells, sizes, classes, most, operations } = configuration;
  const crew = `${workers}${newcomers > 0 ? ` + ${newcomers}` : ""} on ${slots} slots`;
  const kept = classes === 0 ? "none kept" : `up to ${classes} kept, ${most} in all`;
  const requests = `${operations} each, 1 to ${sizes} cells, ${kept}`;
  const extras = configuration.reclaim ? ["with reclaim"] : [];
  if (configuration.twoFrees) extras.push("blocks freed by several at once");
  return [crew, `${cells}`, requests, extras];
}

function spanCells({ workers, spans, blocks, start, operations, extras = [] }: SpanConfiguration): Cells {
  const memory = `${spans} ${spans === 1 ? "span" : "spans"} of ${blocks}, ${start}`;
  return [`${workers}`, memory, `${operations} each`, extras.map((extra) => extrasInWords[extra])];
}

function plantRow({ plant, result }: Tried): string[] {
  const found = result.violation === undefined ? "NOT FOUND" : `found: ${result.violation}`;
  return [`${plant.name}: ${plant.mistake}`, ...resultCells(result), found];
}

function resultCells({ statesStored, transitions, depthSteps, memoryMebibytes, seconds }: Result): string[] {
  const memory = `${memoryMebibytes.toFixed(0)} MiB`;
  return [count(statesStored), count(transitions), count(depthSteps), memory, `${seconds.toFixed(1)} s`];
}

const count = (value: number): string => value.toLocaleString("en-US");

function table(head: string[], rows: string[][]): string {
  const made = new Table({
    head,
    style: { head: [], border: [], compact: true },
    wordWrap: true,
    colWidths: widths(head),
  });
  made.push(...rows);
  return made.toString();
}

/** Prose is broken into lines, figures are not. */
function widths(head: string[]): (number | null)[] {
  const prose: Record<string, number> = {
    Workers: 14,
    "cells or spans": 16,
    requests: 22,
    checked: 15,
    result: 34,
    "planted mistake": 44,
  };
  return head.map((name) => prose[name] ?? null);
}

function markdownTable(head: string[], rows: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
