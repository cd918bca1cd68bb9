/**
 * `bun run bench:collector`: what an arena full of small blocks costs a program that makes ordinary JavaScript
 * garbage. The views of an arena are reported to the collector as external memory; here is what it makes of that.
 *
 * Two processes in turn, one beside 256 MiB in live blocks, one without. Prints the ratio of their times and how much
 * more memory the one has than the other.
 */
import { fileURLToPath } from "node:url";
import { wholeFrom } from "../stress/command/parsing.ts";
import { targetsMarkdown } from "./report/markdown.ts";
import { writeResult, writeSection } from "./report/publish.ts";
import { describeTargets } from "./report/tables.ts";
import { target } from "./report/targets.ts";
import { type Job, machine, machineDetails, medianFigures } from "./rounds.ts";
import { parseSmall, type SmallOptions, smallCommand } from "./small-options.ts";

const LIVE_MIB = 256;
const TURNS = 5_000_000;
const ROUNDS = 7;
const MIB = 2 ** 20;

const SLOWER = 1.05;
const MORE_MIB = 64;

interface Options extends SmallOptions {
  readonly rounds: number;
  readonly turns: number;
}

const child = fileURLToPath(new URL("garbage.ts", import.meta.url));

const command = smallCommand("bun run bench:collector", "An arena's price for the collector.")
  .option("--rounds <count>", "of both processes", wholeFrom(1, 1000), ROUNDS)
  .option("--turns <count>", "records that the program makes", wholeFrom(1, 1e9), TURNS);
const options = parseSmall<Options>(command, Bun.argv.slice(2));

const job = (name: string, mebibytes: number): Job => ({
  name,
  command: [process.execPath, child, String(mebibytes), String(options.turns)],
});
const jobs = [job("beside the arena", LIVE_MIB), job("without", 0)];
const figures = await medianFigures(jobs, options.rounds);
const { ms, cpuMs, peak, committed } = figures.get(jobs[0]!.name)!;
const { ms: aloneMs, cpuMs: aloneCpuMs, peak: alonePeak } = figures.get(jobs[1]!.name)!;
const more = (peak! - alonePeak! - committed!) / MIB;
const targets = [
  target("time beside the arena / without", ms! / aloneMs!, SLOWER),
  target("processor time beside the arena / without", cpuMs! / aloneCpuMs!, null),
  target("resident memory more than the arena's, MiB", more, MORE_MIB),
];
console.log(`${machine()}, medians of ${options.rounds} rounds`);
console.log(describeTargets(targets));
const results = {
  command: `bun run bench:collector --rounds ${options.rounds} --turns ${options.turns}`,
  machine: machineDetails(),
  liveMib: LIVE_MIB,
  figures: Object.fromEntries(figures),
  targets,
};
const json = `${JSON.stringify(results, null, 2)}\n`;
if (options.json !== undefined) await Bun.write(options.json, json);
if (options.write) {
  await writeResult("collector.json", json);
  const text = `A program that makes ordinary garbage, beside ${LIVE_MIB} MiB in small blocks, \`${results.command}\`:`;
  await writeSection("collector", `${text}\n\n${targetsMarkdown(targets)}`);
}
