/**
 * Every workload for a moment, and chaos, over every policy, each as `bun run stress` of its own:
 *
 *   bun stress/every-policy.ts [--seconds N] [--most N] [--policy NAME...] [workloads or chaos modes...]
 *
 * --seconds  for one workload on one policy; default 0.3. Workloads that end by themselves take as long as they take
 * --most     seconds after which a run is ended as slow, which is no fault: some policies look through a list at every
 *            request. Whoever hangs is found by the watchdog of `bun run stress`. Default 150
 *
 * *refused*: the workload has a limit that the policy cannot keep to, and the allocator said so. --chaos death-point goes
 * over the policies by itself. Exit codes: 0 no fault, 1 fault, 2 wrong usage.
 */
import Table from "cli-table3";
import { Command, CommanderError } from "commander";
import { policyNames } from "../src/index.ts";
import { bareWorkloads, classicWorkloads } from "./workloads/catalogue.ts";

const FAULT = 1;
const WRONG_USAGE = 2;
const WATCHDOG_SECONDS = "120";
/** Its list is walked at every free: with 100,000 free blocks a trim takes minutes, which `--most` ends as slow. */
const QUADRATIC = "husky";
const QUADRATIC_WATCHDOG_SECONDS = "3600";
/** Workloads with a limit that a policy cannot keep to, and must say so: 9 MiB are a block of 16 MiB there. */
const beyond: Record<string, readonly string[]> = { buddy: ["frag", "frag-tight"] };
const main = new URL("./main.ts", import.meta.url).pathname;

/** What is run: a name, and arguments of `bun run stress`. */
function turns(seconds: string): Map<string, readonly string[]> {
  const workloads = [...bareWorkloads, ...classicWorkloads].map(
    ({ name }) => [name, [name, "--seconds", seconds, "--workers", "2", "--tasks", "100"]] as const,
  );
  return new Map<string, readonly string[]>([
    ...workloads,
    ["terminate", ["--chaos", "terminate", "--kills", "40"]],
    ["refuse", ["larson", "--chaos", "refuse"]],
    ["pause", ["--chaos", "pause", "--seconds", "1", "--pause-seconds", "0.3"]],
  ]);
}

type Verdict = "passed" | "refused" | "slow" | "FAULT";

async function run(args: readonly string[], mostMs: number, isBeyond: boolean): Promise<Verdict> {
  const child = Bun.spawn([process.execPath, main, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    // A group: what it has started ends with it.
    detached: true,
  });
  const end = () => process.kill(-child.pid, "SIGKILL");
  const timer = setTimeout(end, mostMs);
  process.once("SIGINT", end);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const code = await child.exited;
  clearTimeout(timer);
  process.off("SIGINT", end);
  if (code === 0) return "passed";
  if (child.signalCode === "SIGKILL") return "slow";
  if (isBeyond && stdout.includes("OutOfMemoryError: out of memory: 9437184 bytes requested, 0 committed")) {
    return "refused";
  }
  process.stderr.write(`${stderr}\n${stdout}\n`);
  return "FAULT";
}

function parse() {
  const program = new Command("bun stress/every-policy.ts")
    .argument("[names...]", "workloads or chaos modes; default: all")
    .option("--seconds <time>", "for one workload on one policy", "0.3")
    .option("--most <seconds>", "after which a run is ended as slow", Number, 150)
    .option("--policy <names...>", "default: all", policyNames as string[])
    .exitOverride();
  program.parse();
  const { seconds, most, policy } = program.opts<{ seconds: string; most: number; policy: string[] }>();
  const known = turns(seconds);
  const names = program.args.length > 0 ? program.args : [...known.keys()];
  for (const name of names) {
    if (!known.has(name)) program.error(`error: unknown ${name}; known: ${[...known.keys()].join(", ")}`);
  }
  if (!(most > 0)) program.error("error: --most must be a number of seconds above 0");
  return { names, known, mostMs: most * 1000, policies: policy };
}

try {
  const { names, known, mostMs, policies } = parse();
  const table = new Table({ head: ["", ...policies], style: { head: [], border: [] } });
  let faults = 0;
  for (const name of names) {
    const verdicts: Verdict[] = [];
    for (const policy of policies) {
      const watchdog = policy === QUADRATIC ? QUADRATIC_WATCHDOG_SECONDS : WATCHDOG_SECONDS;
      const args = [...known.get(name)!, "--policy", policy, "--watchdog", watchdog];
      process.stderr.write(`bun run stress ${args.join(" ")}: `);
      const verdict = await run(args, mostMs, beyond[policy]?.includes(name) ?? false);
      process.stderr.write(`${verdict}\n`);
      verdicts.push(verdict);
    }
    faults += verdicts.filter((verdict) => verdict === "FAULT").length;
    table.push([name, ...verdicts]);
  }
  console.log(table.toString());
  console.log(faults === 0 ? "no fault" : `faults: ${faults}`);
  process.exit(faults === 0 ? 0 : FAULT);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE);
}
