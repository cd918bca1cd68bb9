/**
 * Rounds of jobs, one process each, interleaved: shared call sites would mix the profiles of the compiler, and a noisy
 * machine is noisy for everybody in turn. A job prints one JSON object of numbers, or `{"reason": "..."}` when it
 * cannot be done.
 */
import { cpus, platform, release } from "node:os";

export interface Job {
  readonly name: string;
  readonly command: readonly string[];
  /** Jobs of one group that follow each other are compared: who of them comes first changes from round to round. */
  readonly group?: string;
  readonly environment?: Record<string, string>;
  /** After so long it is ended and not started again. */
  readonly mostMs?: number;
}

export type Figures = Record<string, number>;

export type Outcome =
  /** One entry a round. */
  | { readonly rounds: readonly Figures[] }
  /** `broken`: the process failed; otherwise the job said why it cannot be done, or took too long. */
  | { readonly reason: string; readonly broken: boolean };

/** The outcome of each job, by its name. Reports progress to standard error. */
export async function runRounds(jobs: readonly Job[], rounds: number): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>(jobs.map(({ name }) => [name, { rounds: [] }]));
  for (let round = 1; round <= rounds; round++) {
    for (const [index, job] of inTurn(jobs, (round - 1) / rounds).entries()) {
      const before = outcomes.get(job.name)!;
      if ("reason" in before) continue;
      showProgress(`round ${round} of ${rounds}, ${index + 1} of ${jobs.length}: ${job.name}`);
      const result = await runJob(job);
      outcomes.set(job.name, "reason" in result ? result : { rounds: [...before.rounds, result.figures] });
    }
  }
  showProgress("");
  return outcomes;
}

/**
 * The jobs with each group turned by a share of its length: the first one of a group finds the machine as others left it,
 * for instance memory that the host of a virtual machine has not handed out yet.
 */
export function inTurn(jobs: readonly Job[], share: number): Job[] {
  const ordered: Job[] = [];
  for (let from = 0; from < jobs.length; ) {
    const { group } = jobs[from]!;
    let end = from + 1;
    while (group !== undefined && jobs[end]?.group === group) end++;
    const first = from + Math.floor((end - from) * share);
    ordered.push(...jobs.slice(first, end), ...jobs.slice(from, first));
    from = end;
  }
  return ordered;
}

/** Medians of each figure, by job. Throws if a job had no result. */
export async function medianFigures(jobs: readonly Job[], rounds: number): Promise<Map<string, Figures>> {
  const medians = new Map<string, Figures>();
  for (const [name, outcome] of await runRounds(jobs, rounds)) {
    if ("reason" in outcome) throw new Error(`${name}: ${outcome.reason}`);
    medians.set(name, mediansOf(outcome.rounds));
  }
  return medians;
}

async function runJob(job: Job): Promise<{ figures: Figures } | Exclude<Outcome, { rounds: unknown }>> {
  const { command, environment, mostMs } = job;
  const child = Bun.spawn([...command], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...environment },
    ...(mostMs !== undefined && { timeout: mostMs, killSignal: "SIGKILL" }),
  });
  const [output, complaint] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) {
    if (child.signalCode === "SIGKILL" && mostMs !== undefined) {
      return { reason: `more than ${mostMs / 1000} s`, broken: false };
    }
    const how = child.signalCode ?? `exit code ${child.exitCode}`;
    const what = complaint.split("\n").find((line) => /error/i.test(line)) ?? complaint.split("\n")[0]!;
    return { reason: `${how}: ${what}`, broken: true };
  }
  const result = JSON.parse(output);
  return typeof result.reason === "string"
    ? { reason: result.reason, broken: false }
    : { figures: result as Figures };
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function mediansOf(rounds: readonly Figures[]): Figures {
  return Object.fromEntries(
    Object.keys(rounds[0]!).map((key) => [key, median(rounds.map((round) => round[key]!))]),
  );
}

/** What the figures depend on, in one line. */
export function machine(): string {
  return `Bun ${Bun.version}, ${process.platform} ${process.arch}, ${cpus().length} cores`;
}

/** The same in full, for a result file. Names no host and no user. */
export function machineDetails() {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    system: `${platform()} ${release()} ${process.arch}`,
  };
}
