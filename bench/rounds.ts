/**
 * Rounds of contenders, one process each, interleaved: shared call sites would mix the profiles of the compiler, and
 * a noisy machine is noisy for everybody in turn. Every contender prints one JSON object of numbers.
 */
export interface Contender {
  readonly name: string;
  readonly command: readonly string[];
}

export type Figures = Record<string, number>;

/** Medians of each figure, by contender. Reports each round to standard error. */
export async function runRounds(
  contenders: readonly Contender[],
  rounds: number,
): Promise<Map<string, Figures>> {
  const samples = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const { name, command } of contenders) {
      process.stderr.write(`\rround ${round} of ${rounds}: ${name}          `);
      const child = Bun.spawn([...command], { stdout: "pipe", stderr: "inherit" });
      const text = await new Response(child.stdout).text();
      if ((await child.exited) !== 0) throw new Error(`${name} ended with exit code ${child.exitCode}`);
      samples.get(name)!.push(JSON.parse(text));
    }
  }
  process.stderr.write("\r\n");
  return new Map([...samples].map(([name, runs]) => [name, medians(runs)]));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function medians(runs: readonly Figures[]): Figures {
  return Object.fromEntries(Object.keys(runs[0]!).map((key) => [key, median(runs.map((run) => run[key]!))]));
}

/** What the figures depend on. */
export function machine(): string {
  const cpu = navigator.hardwareConcurrency;
  return `Bun ${Bun.version}, ${process.platform} ${process.arch}, ${cpu} cores`;
}
