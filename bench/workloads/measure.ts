/**
 * One workload in its bench build over one contender, in this process: `bun measure.ts JSON`, see Measurement. Prints
 * its figures as one JSON object of numbers.
 */
import { readFileSync } from "node:fs";
import { provideAllocator } from "../../stress/allocators/provide.ts";
import { createFigures, runCrew } from "../../stress/crew/crew.ts";
import { findWorkload } from "../../stress/workloads/catalogue.ts";
import { idle } from "../../stress/workloads/idle.ts";
import type { ContenderName } from "./contenders.ts";

export interface Measurement {
  readonly workload: string;
  readonly contender: ContenderName;
  readonly workers: number;
  /** That are measured. As many go before, in which the compilers are still at work. */
  readonly seconds: number;
  readonly seed: number;
}

const TASKS = 10_000;

async function measure({ contender, workers, seconds, seed, ...names }: Measurement) {
  const workload = findWorkload(names.workload);
  const options = { allocator: contender, policy: undefined, checks: "default" } as const;
  const { choice, dispose } = await provideAllocator(options, workload.limitBytes);
  const watchdogSeconds = Number.POSITIVE_INFINITY; // without an oracle nobody has a heartbeat
  const common = { recording: undefined, tasks: TASKS, workers, seed, allocator: choice, oracle: null };
  const job = { ...common, watchdogSeconds, seconds: 2 * seconds, workload };
  const seats = workload.seats ?? ((count: number) => count);
  await runCrew({ ...job, seconds: 0, workload: { ...idle, seats } }, createFigures(), () => {});
  const idlePeak = peakResidentBytes();

  const figures = createFigures();
  let warm = { operations: 0, seconds: 0, cpuSeconds: 0 };
  await runCrew(job, figures, () => {
    if (warm.seconds === 0 && figures.seconds >= seconds) warm = { ...figures, cpuSeconds: cpuSeconds() };
  });
  const operations = figures.operations - warm.operations;
  const operationsPerSecond = operations / (figures.seconds - warm.seconds);
  const operationsPerCpuSecond = operations / (cpuSeconds() - warm.cpuSeconds);
  const peakRssBytes = Math.max(0, peakResidentBytes() - idlePeak);
  dispose();
  const operationsPerTurn = figures.operations / Math.max(1, figures.turns);
  const secondsPerTurn = operationsPerTurn / operationsPerSecond;
  return { operationsPerSecond, operationsPerCpuSecond, secondsPerTurn, peakRssBytes };
}

/** Of all threads of the process; what others do on the machine does not show. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Not from getrusage: a new process inherits its parent's peak there. */
function peakResidentBytes(): number {
  const status = readFileSync("/proc/self/status", "latin1");
  return Number(/VmHWM:\s*(\d+) kB/.exec(status)![1]) * 1024;
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2]!))));
process.exit(0);
