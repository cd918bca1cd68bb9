/**
 * How long the first Worker waits that takes the lock over from a dead one: the rebuild of every index from the header
 * chain, against the size of the heap.
 *
 *   bun bench/recovery.ts [rounds]
 *
 * A heap of blocks of 16 to 2000 bytes, every third of them free. A Worker that does nothing but hold the lock is
 * terminated; then one request is timed. One process for each size and round.
 */
import Table from "cli-table3";
import { Arena, type ArenaHandle } from "../src/index.ts";
import { machine, median } from "./rounds.ts";

declare const self: Worker;

const MEBIBYTE = 2 ** 20;
const SIZES_MIB = [1, 4, 16, 64, 256, 1024, 4096];
const LARGEST_BLOCK = 2000;

interface Sample {
  readonly blocks: number;
  readonly recoveryMs: number;
  /** A request of the same kind when nothing is to be repaired. */
  readonly requestMs: number;
}

function fill(arena: Arena, bytes: number): void {
  let state = 12345;
  let turn = 0;
  for (let used = 0; used < bytes; turn++) {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    const size = 16 + ((state >>> 8) % (LARGEST_BLOCK - 15));
    used += size + 8;
    const block = arena.malloc(size);
    if (turn % 3 === 0) arena.free(block);
  }
  // What is cached counts as taken: the free third is to lie in the free lists.
  arena.trim();
}

let turn = 0;

/** Milliseconds of a request that no list serves: of the sizes in turn, none that is kept is near the next one. */
function timeRequest(arena: Arena): number {
  const size = 40_000 * (1 + (turn++ % 4));
  const start = Bun.nanoseconds();
  const block = arena.malloc(size);
  const elapsed = Bun.nanoseconds() - start;
  arena.free(block);
  return elapsed / 1e6;
}

async function sample(mebibytes: number): Promise<Sample> {
  const arena = new Arena({ name: "recovery" });
  fill(arena, mebibytes * MEBIBYTE);
  const { liveBlocks, freeBlocks } = arena.stats();
  timeRequest(arena);
  const requestMs = timeRequest(arena);
  for (;;) {
    const { takeovers } = arena.stats();
    const worker = new Worker(import.meta.url);
    await new Promise((resolve) => {
      worker.addEventListener("message", resolve);
      worker.postMessage(arena.handle);
    });
    const closed = new Promise((resolve) => worker.addEventListener("close", resolve));
    await Bun.sleep(5);
    worker.terminate();
    await closed;
    // The thread is gone a few milliseconds after its last event.
    await Bun.sleep(100);
    const recoveryMs = timeRequest(arena);
    if (arena.stats().takeovers > takeovers)
      return { blocks: liveBlocks + freeBlocks, recoveryMs, requestMs };
  }
}

async function report(rounds: number): Promise<void> {
  const table = new Table({
    head: ["heap", "blocks", "recovery", "a block", "request without"],
    style: { head: [], border: [] },
    colAligns: ["right", "right", "right", "right", "right"],
  });
  for (const mebibytes of SIZES_MIB) {
    const samples: Sample[] = [];
    for (let round = 1; round <= rounds; round++) {
      process.stderr.write(`\r${mebibytes} MiB, round ${round} of ${rounds}     `);
      const child = Bun.spawn([process.execPath, import.meta.path, "--sample", `${mebibytes}`], {
        stdout: "pipe",
        stderr: "inherit",
      });
      samples.push(JSON.parse(await new Response(child.stdout).text()));
    }
    const recoveryMs = median(samples.map((each) => each.recoveryMs));
    const { blocks } = samples[0]!;
    table.push([
      `${mebibytes} MiB`,
      blocks.toLocaleString("en"),
      `${recoveryMs.toFixed(1)} ms`,
      `${((recoveryMs * 1e6) / blocks).toFixed(0)} ns`,
      `${median(samples.map((each) => each.requestMs)).toFixed(3)} ms`,
    ]);
  }
  process.stderr.write("\r\n");
  console.log(`${machine()}, medians of ${rounds} rounds`);
  console.log(table.toString());
}

if (!Bun.isMainThread) {
  self.onmessage = ({ data }: MessageEvent<ArenaHandle>) => {
    const arena = Arena.attach(data);
    self.postMessage("attached");
    for (;;) arena.stats();
  };
} else if (process.argv[2] === "--sample") {
  console.log(JSON.stringify(await sample(Number(process.argv[3]))));
  process.exit(0);
} else {
  await report(Number(process.argv[2] ?? 3));
}
