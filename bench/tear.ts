/**
 * Where does `worker.terminate()` cut? The ground that docs/concurrency.md stands on, measured.
 *
 *   bun bench/tear.ts [terminations] [longest life in ms, 6 unless told otherwise]
 *
 * A Worker writes the same number into twenty words again and again: by plain stores, by two functions
 * that are called, with an Atomics operation in the middle, in a loop. It is terminated at a random instant; a group whose words differ was
 * torn. Once as the compiler likes it, once in the interpreter alone.
 */
import Table from "cli-table3";
import { nativePlatform } from "../native/index.ts";
import { bytesAt } from "../native/raw-memory.ts";
import { malloc } from "../src/index.ts";
import { machine } from "./rounds.ts";

declare const self: Worker;

const { threads } = nativePlatform();

const WORDS = 20;
const kinds = ["plain stores", "two calls", "an Atomics operation between", "a loop"] as const;
/** No function is ever compiled. */
const INTERPRETER = {
  BUN_JSC_thresholdForJITAfterWarmUp: "2000000000",
  BUN_JSC_thresholdForJITSoon: "2000000000",
};

type Thread = ReturnType<typeof threads.current>;

const wordsAt = (address: number) => new Int32Array(bytesAt(address, WORDS * 4).buffer);

function firstHalf(v: Int32Array, i: number): void {
  v[0] = v[1] = v[2] = v[3] = v[4] = v[5] = v[6] = v[7] = v[8] = v[9] = i;
}

function secondHalf(v: Int32Array, i: number): void {
  v[10] = v[11] = v[12] = v[13] = v[14] = v[15] = v[16] = v[17] = v[18] = v[19] = i;
}

const writers: readonly ((v: Int32Array, i: number) => void)[] = [
  (v, i) => {
    v[0] = v[1] = v[2] = v[3] = v[4] = v[5] = v[6] = v[7] = v[8] = v[9] = i;
    v[10] = v[11] = v[12] = v[13] = v[14] = v[15] = v[16] = v[17] = v[18] = v[19] = i;
  },
  (v, i) => {
    firstHalf(v, i);
    secondHalf(v, i);
  },
  (v, i) => {
    v[0] = v[1] = v[2] = v[3] = v[4] = v[5] = v[6] = v[7] = v[8] = v[9] = i;
    Atomics.store(v, 10, i);
    v[11] = v[12] = v[13] = v[14] = v[15] = v[16] = v[17] = v[18] = v[19] = i;
  },
  (v, i) => {
    for (let k = 0; k < WORDS; k++) v[k] = i;
  },
];

async function tornOf(kind: number, terminations: number, longestMs: number): Promise<number> {
  const address = malloc(WORDS * 4);
  const words = wordsAt(address);
  let torn = 0;
  for (let turn = 0; turn < terminations; turn++) {
    const worker = new Worker(import.meta.url);
    const thread = await new Promise<Thread>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<Thread>) => resolve(data);
      worker.postMessage({ address, kind });
    });
    await Bun.sleep(Math.random() * longestMs);
    worker.terminate();
    while (threads.isAlive(thread)) await Bun.sleep(1);
    if (words.some((word) => word !== words[0])) torn++;
    words.fill(0);
  }
  return torn;
}

async function report(terminations: number, longestMs: number): Promise<void> {
  const table = new Table({
    head: ["torn groups", "compiled", "interpreted"],
    style: { head: [], border: [] },
  });
  for (const [kind, name] of kinds.entries()) {
    const torn: string[] = [];
    for (const env of [{}, INTERPRETER]) {
      process.stderr.write(`\r${name}          `);
      const child = Bun.spawn(
        [process.execPath, import.meta.path, "--kind", `${kind}`, `${terminations}`, `${longestMs}`],
        {
          stdout: "pipe",
          stderr: "inherit",
          env: { ...process.env, ...env },
        },
      );
      torn.push(`${(await new Response(child.stdout).text()).trim()} of ${terminations}`);
    }
    table.push([name, ...torn]);
  }
  process.stderr.write("\r\n");
  console.log(machine());
  console.log(table.toString());
}

if (!Bun.isMainThread) {
  self.onmessage = ({ data: { address, kind } }: MessageEvent<{ address: number; kind: number }>) => {
    const words = wordsAt(address);
    self.postMessage(threads.current());
    const write = writers[kind]!;
    for (let i = 1; ; i++) write(words, i);
  };
} else if (process.argv[2] === "--kind") {
  console.log(await tornOf(Number(process.argv[3]), Number(process.argv[4]), Number(process.argv[5])));
  process.exit(0);
} else {
  await report(Number(process.argv[2] ?? 200), Number(process.argv[3] ?? 6));
  process.exit(0);
}
