/**
 * From a configuration to a result: spin makes a verifier in C, gcc compiles it, it visits all states. Every state is
 * kept whole (compressed without loss), so "none found" means that there is none.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BlockConfiguration, Configuration, Plant } from "./configurations.ts";
import type { SpanConfiguration } from "./span-configurations.ts";
import { violationIn } from "./violations.ts";

const MODELS = {
  blocks: fileURLToPath(new URL("protocol/husky.pml", import.meta.url)),
  spans: fileURLToPath(new URL("spans/spans.pml", import.meta.url)),
};
const MEMORY_MEBIBYTES = 4096;
const DEEPEST_STEPS = 1_000_000;
/** The state in bytes; spin asks for a bound. */
const STATE_BYTES = 512;

export interface Result {
  readonly statesStored: number;
  readonly transitions: number;
  readonly depthSteps: number;
  readonly memoryMebibytes: number;
  /** Of processor time, with making the verifier. */
  readonly seconds: number;
  /** What was violated, in words; undefined: nothing, and all states were visited. */
  readonly violation: string | undefined;
  /** What the Workers did until then. */
  readonly trail: readonly string[];
}

/** A program that is needed and not there; its Debian package has the same name. */
export function missingProgram(): string | undefined {
  return ["spin", "gcc"].find((name) => Bun.which(name) === null);
}

/** Checks a configuration, or one with a planted mistake. */
export async function verify(configuration: Configuration | Plant): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "husky-model-"));
  try {
    const spin = await run(folder, [
      "spin",
      "-a",
      ...definitions(configuration),
      MODELS[configuration.protocol],
    ]);
    const gcc = await run(folder, ["gcc", ...compilation(configuration), "-o", "pan", "pan.c"]);
    const search = configuration.cycles ? ["-l"] : [];
    const pan = await run(folder, ["./pan", "-w22", `-m${DEEPEST_STEPS}`, ...search]);
    const violation = violationIn(pan.output);
    const trail = violation === undefined ? [] : await replay(folder, configuration);
    const seconds = spin.seconds + gcc.seconds + pan.seconds;
    return { ...figuresIn(pan.output), seconds, violation, trail };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function definitions(configuration: Configuration | Plant): string[] {
  const words =
    configuration.protocol === "spans" ? spanDefinitions(configuration) : blockDefinitions(configuration);
  if ("define" in configuration) words.push(`-D${configuration.define}`);
  return words;
}

function spanDefinitions(configuration: SpanConfiguration): string[] {
  const { workers, spans, blocks, room, start, operations, deaths, extras = [] } = configuration;
  const numbers = { WORKERS: workers, SPANS: spans, BLOCKS: blocks, ROOM: room };
  const more = { OPERATIONS: operations, DEATHS: deaths };
  const words = Object.entries({ ...numbers, ...more }).map(([name, value]) => `-D${name}=${value}`);
  return [...words, `-D${start.toUpperCase()}`, ...extras.map((extra) => `-D${extra}`)];
}

function blockDefinitions(configuration: BlockConfiguration): string[] {
  const { workers, newcomers, slots, cells, sizes, classes, most, operations, deaths } = configuration;
  const numbers = { WORKERS: workers, NEWCOMERS: newcomers, SLOTS: slots, CELLS: cells, SIZES: sizes };
  const more = { CLASSES: classes, MOST: most, OPERATIONS: operations, DEATHS: deaths };
  const words = Object.entries({ ...numbers, ...more }).map(([name, value]) => `-D${name}=${value}`);
  if (configuration.reclaim) words.push("-DRECLAIM");
  if (configuration.twoFrees) words.push("-DTWO_FREES");
  return words;
}

/** Not optimised: for these sizes that takes longer than it saves. */
function compilation(configuration: Configuration | Plant): string[] {
  const words = [
    "-O0",
    "-w",
    "-DCOLLAPSE",
    "-DNOFAIR",
    `-DVECTORSZ=${STATE_BYTES}`,
    `-DMEMLIM=${MEMORY_MEBIBYTES}`,
  ];
  if (configuration.cycles) words.push("-DNP");
  if ("shortest" in configuration) words.push("-DBFS");
  return words;
}

/** The model's own lines of the counterexample. */
async function replay(folder: string, configuration: Configuration): Promise<string[]> {
  const { output } = await run(folder, ["./pan", "-r", `${basename(MODELS[configuration.protocol])}.trail`]);
  const newcomers = configuration.protocol === "blocks" ? configuration.newcomers : 0;
  const auditor = `Worker ${configuration.workers + newcomers + 1}`;
  const lines = output.split("\n").filter((line) => /^Worker \d/.test(line));
  return lines.map((line) => line.replace(auditor, "The auditor"));
}

/**
 * Everything a program prints, and its processor time. The verifier tells by its words, not by its exit code, what it
 * found.
 */
async function run(folder: string, command: string[]): Promise<{ output: string; seconds: number }> {
  const child = Bun.spawn(command, { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0 && command[0] !== "./pan")
    throw new Error(`${command.join(" ")} failed:\n${stdout}${stderr}`);
  const microseconds = child.resourceUsage()?.cpuTime.total ?? 0n;
  return { output: stdout + stderr, seconds: Number(microseconds) / 1e6 };
}

function figuresIn(output: string) {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  return {
    statesStored: number(/(\d+) states, stored/),
    transitions: number(/(\d+) transitions/),
    depthSteps: number(/depth reached (\d+)/),
    memoryMebibytes: number(/([\d.]+)\s+total actual memory usage/),
  };
}
