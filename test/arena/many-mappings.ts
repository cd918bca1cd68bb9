/** Allocates more blocks with mappings of their own than a process may have mappings, and prints how many there were. */
import { readFileSync } from "node:fs";
import { Arena } from "../../src/index.ts";

const COUNT = 150_000;
const countMappings = () => readFileSync("/proc/self/maps", "latin1").split("\n").length - 1;

const before = countMappings();
const arena = new Arena({ policy: "slabs", purgeDelay: 0 });
const blocks = Array.from({ length: COUNT }, () => arena.malloc(9000));
for (let i = 0; i < COUNT; i += 2) arena.free(blocks[i]!);
const halfFreed = countMappings();
const workerStarted = await new Promise<boolean>((resolve) => {
  try {
    const worker = new Worker("data:text/javascript,postMessage(1)");
    worker.onmessage = () => {
      worker.terminate();
      resolve(true);
    };
    worker.onerror = () => resolve(false);
  } catch {
    resolve(false);
  }
});
for (let i = 1; i < COUNT; i += 2) arena.free(blocks[i]!);
const allFreed = countMappings();
arena.check();
arena.dispose();
const disposed = countMappings();
const limit = Number(readFileSync("/proc/sys/vm/max_map_count", "latin1"));
console.log(JSON.stringify({ before, halfFreed, allFreed, disposed, limit, workerStarted }));
process.exit(0);
