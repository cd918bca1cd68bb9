/** A Worker that allocates, writes and frees in an arena, and then ends or blocks without a word to the allocator. */
import { parentPort, workerData } from "node:worker_threads";
import { fillMemory } from "../../native/raw-memory.ts";
import { Arena, type ArenaHandle } from "../../src/index.ts";

export interface IdleOrder {
  readonly handle: ArenaHandle;
  readonly sizes: readonly number[];
  readonly count: number;
  readonly end: "exit" | "block" | "stay";
}

const { handle, sizes, count, end } = workerData as IdleOrder;
const arena = Arena.attach(handle);
for (const size of sizes) {
  const blocks = Array.from({ length: count }, () => arena.malloc(size));
  for (const block of blocks) fillMemory(block, 1, size);
  for (const block of blocks) arena.free(block);
}
parentPort!.postMessage("freed");
if (end === "block") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
if (end === "exit") process.exit(0);
if (end === "stay") setInterval(() => {}, 1000);
