/**
 * What does a Worker that has ended leave in the process? Memory without the pages of files, for each Worker, by what
 * it had done. The ground on which `--chaos terminate` judges memory (docs/stress.md).
 *
 *   bun bench/endings.ts [terminations of each kind, 3000 unless told otherwise]
 *
 * Each kind in a process of its own. Workers are terminated when they have done it, two at a time; a tenth of the
 * terminations is warm-up. The figure is the slope of a line through the samples, with its standard error.
 */
import Table from "cli-table3";
import { openLibrary } from "../native/libc.ts";
import { systemFor } from "../native/system.ts";
import { trimmedAnonymous } from "../stress/report/rss.ts";
import { machine } from "./rounds.ts";

declare const self: Worker;

const AT_A_TIME = 2;
const SAMPLES = 30;
const WARM_UP = SAMPLES / 10;

const names = [
  ["malloc", "calloc", "realloc", "free", "memmove", "memset", "memcmp", "mmap", "munmap", "mprotect"],
  [
    "madvise",
    "getpagesize",
    "getpid",
    "getppid",
    "getuid",
    "getgid",
    "geteuid",
    "getegid",
    "sched_yield",
    "kill",
  ],
].flat();

const signature = { args: ["ptr", "ptr"], returns: "i32" } as const;

function open(functions: readonly string[]) {
  const { libraries } = systemFor(process.platform, process.arch);
  return openLibrary(libraries, Object.fromEntries(functions.map((name) => [name, signature])));
}

/** What the Worker does; what is returned stays reachable until its end. */
const kinds: Record<string, (handle: never) => unknown> = {
  "nothing (with bun:ffi imported)": () => 0,
  "dlopen of 1 function": () => open(names.slice(0, 1)),
  "dlopen of 5 functions": () => open(names.slice(0, 5)),
  "dlopen of 20 functions": () => open(names),
  "20 times dlopen of 1 function": () => names.map((name) => open([name])),
  "100 views of one mapping": async (handle: { address: number }) => {
    const { bytesAt } = await import("../native/raw-memory.ts");
    return Array.from({ length: 100 }, () => bytesAt(handle.address, 64));
  },
  "20 timers": () => Array.from({ length: 20 }, () => setTimeout(() => {}, 1e6)),
  "libc() of native/": async () => (await import("../native/libc.ts")).libc(),
  "import of the package": () => import("../src/index.ts"),
  "attached to an arena": async (handle) => (await import("../src/index.ts")).Arena.attach(handle),
};

async function endOne(kind: string, handle: unknown): Promise<void> {
  const worker = new Worker(import.meta.url);
  const closed = new Promise((resolve) => worker.addEventListener("close", resolve));
  worker.onmessage = () => worker.terminate();
  worker.postMessage({ kind, handle });
  await closed;
}

/** Bytes, one sample each so many terminations. */
async function sample(kind: string, terminations: number): Promise<number[]> {
  const { Arena } = await import("../src/index.ts");
  const { handle } = new Arena({ name: "endings" });
  const samples: number[] = [];
  for (let round = 0; round < SAMPLES; round++) {
    let left = Math.round(terminations / SAMPLES);
    const seat = async () => {
      while (left-- > 0) await endOne(kind, handle);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, seat));
    samples.push(trimmedAnonymous());
  }
  return samples;
}

/** Of the line with the least squares: how much it rises from sample to sample, and the standard error of that. */
function slopeOf(samples: readonly number[]): { slope: number; error: number } {
  const n = samples.length;
  const middle = (n - 1) / 2;
  const mean = samples.reduce((sum, y) => sum + y, 0) / n;
  const spread = (n * (n * n - 1)) / 12;
  const slope = samples.reduce((sum, y, x) => sum + (x - middle) * (y - mean), 0) / spread;
  const rest = samples.reduce((sum, y, x) => sum + (y - mean - slope * (x - middle)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / (n - 2) / spread) };
}

async function report(terminations: number): Promise<void> {
  const table = new Table({
    head: ["a Worker that had done", "leaves KiB", "standard error"],
    style: { head: [], border: [] },
  });
  for (const kind of Object.keys(kinds)) {
    process.stderr.write(`\r${kind.padEnd(40)}`);
    const child = Bun.spawn([process.execPath, import.meta.path, "--kind", kind, `${terminations}`], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const samples = JSON.parse(await new Response(child.stdout).text()) as number[];
    const { slope, error } = slopeOf(samples.slice(WARM_UP));
    const each = 1024 * Math.round(terminations / SAMPLES);
    table.push([kind, (slope / each).toFixed(1), (error / each).toFixed(1)]);
  }
  process.stderr.write("\r\n");
  console.log(`${machine()}, ${terminations} terminations of each kind`);
  console.log(table.toString());
}

if (!Bun.isMainThread) {
  self.onmessage = async ({ data: { kind, handle } }: MessageEvent<{ kind: string; handle: never }>) => {
    Object.assign(self, { kept: await kinds[kind]!(handle) });
    self.postMessage("done");
  };
} else if (process.argv[2] === "--kind") {
  console.log(JSON.stringify(await sample(process.argv[3]!, Number(process.argv[4]))));
  process.exit(0);
} else {
  await report(Number(process.argv[2] ?? 3000));
  process.exit(0);
}
