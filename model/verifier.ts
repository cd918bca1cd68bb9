/**
 * From a configuration to a result: spin makes a verifier in C, gcc compiles it, it visits all states. Every state is
 * kept whole (compressed without loss), so "none found" means that there is none.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Configuration, Plant } from "./configurations.ts";
import { violationIn } from "./violations.ts";

const MODEL = fileURLToPath(new URL("protocol/husky.pml", import.meta.url));
const MEMORY_MEBIBYTES = 4096;
const DEEPEST_STEPS = 1_000_000;
/** The state in bytes; spin asks for a bound. */
const STATE_BYTES = 512;

export interface Result {
  readonly statesStored: number;
  readonly transitions: number;
  readonly depthSteps: number;
  readonly memoryMebibytes: number;
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
    const started = performance.now();
    await run(folder, ["spin", "-a", ...definitions(configuration), MODEL]);
    await run(folder, ["gcc", ...compilation(configuration), "-o", "pan", "pan.c"]);
    const search = configuration.cycles ? ["-l"] : [];
    const output = await run(folder, ["./pan", "-w22", `-m${DEEPEST_STEPS}`, ...search]);
    const violation = violationIn(output);
    const trail = violation === undefined ? [] : await replay(folder, configuration);
    return { ...figuresIn(output), seconds: (performance.now() - started) / 1000, violation, trail };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function definitions(configuration: Configuration | Plant): string[] {
  const { workers, newcomers, slots, cells, sizes, classes, operations, deaths, reclaim } = configuration;
  const numbers = { WORKERS: workers, NEWCOMERS: newcomers, SLOTS: slots, CELLS: cells, SIZES: sizes };
  const more = { CLASSES: classes, OPERATIONS: operations, DEATHS: deaths };
  const words = Object.entries({ ...numbers, ...more }).map(([name, value]) => `-D${name}=${value}`);
  if (reclaim) words.push("-DRECLAIM");
  if ("define" in configuration) words.push(`-D${configuration.define}`);
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
async function replay(folder: string, { workers, newcomers }: Configuration): Promise<string[]> {
  const output = await run(folder, ["./pan", "-r", "husky.pml.trail"]);
  const auditor = `Worker ${workers + newcomers + 1}`;
  const lines = output.split("\n").filter((line) => /^Worker \d/.test(line));
  return lines.map((line) => line.replace(auditor, "The auditor"));
}

/** Everything a program prints. The verifier tells by its words, not by its exit code, what it found. */
async function run(folder: string, command: string[]): Promise<string> {
  const child = Bun.spawn(command, { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0 && command[0] !== "./pan")
    throw new Error(`${command.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout + stderr;
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
