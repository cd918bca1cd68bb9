/**
 * More small blocks than one window holds: live at once, each stamped with its number, checked, freed, and the memory
 * back with the system.
 *
 *   bun bench/capacity.ts [GiB] [bytes]       default: 6 GiB in blocks of 1000 bytes
 *
 * Exit code 1 if a stamp is wrong, the heap is damaged, or more of it than its control blocks is resident at the end. What
 * the process has more is the runtime's, and only told.
 */
import { residentBytesIn } from "../native/mappings.ts";
import { addressOf, copyMemory, residentBytes } from "../native/raw-memory.ts";
import { Arena } from "../src/index.ts";
import { EMPTY_HEAP_BYTES } from "../stress/kept-memory.ts";
import { trimmedRss } from "../stress/report/rss.ts";
import { machine } from "./rounds.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const WINDOW_BYTES = 2 ** 32;
const total = Number(process.argv[2] ?? 6) * GIB;
const size = Number(process.argv[3] ?? 1000);
const count = Math.ceil(total / size);

const pointers = new Float64Array(count).fill(1);
const stamp = new Float64Array(1);
const stampAddress = addressOf(stamp);
using arena = new Arena({ name: "capacity" });
arena.free(arena.malloc(size));
arena.trim();
const before = trimmedRss();

console.log(`${machine()}: ${count} blocks of ${size} bytes`);
const started = Bun.nanoseconds();
for (let i = 0; i < count; i++) {
  pointers[i] = arena.malloc(size);
  stamp[0] = i;
  copyMemory(pointers[i]!, stampAddress, 8);
  if (i % 1_000_000 === 0) process.stderr.write(`\r${Math.floor((i / count) * 100)} % allocated`);
}
const allocated = Bun.nanoseconds();
const { windows, liveBlocks, largeBlocks, committedBytes } = arena.stats();
console.log(
  `\nlive ${liveBlocks} blocks in ${windows} windows, ${show(committedBytes)} committed, ${show(residentBytes() - before)} resident`,
);
arena.check();

let wrong = 0;
const freeing = Bun.nanoseconds();
for (const parity of [0, 1]) {
  for (let i = parity; i < count; i += 2) {
    copyMemory(stampAddress, pointers[i]!, 8);
    if (stamp[0] !== i) wrong++;
    arena.free(pointers[i]!);
  }
}
const freed = Bun.nanoseconds();
arena.check();
arena.trim();
const left = residentInWindows();
const more = trimmedRss() - before;
console.log(
  `${((allocated - started) / count).toFixed(0)} ns to allocate and touch a block, ${((freed - freeing) / count).toFixed(0)} ns to check and free it`,
);
console.log(
  `wrong stamps ${wrong}, live ${arena.stats().liveBlocks}, committed ${show(arena.stats().committedBytes)}, resident in ${windows} windows ${show(left)}; the process has ${show(more)} more than before`,
);
if (wrong > 0 || arena.stats().liveBlocks > 0 || left > windows * EMPTY_HEAP_BYTES) process.exit(1);

/** Of the windows that the blocks were in; without Linux, or with mappings for each block, what the arena counts. */
function residentInWindows(): number {
  if (process.platform !== "linux" || largeBlocks > 0) return arena.stats().committedBytes;
  const bases = new Set<number>();
  for (const pointer of pointers) bases.add(Math.floor(pointer / WINDOW_BYTES) * WINDOW_BYTES);
  return [...bases].reduce((bytes, base) => bytes + residentBytesIn(base, WINDOW_BYTES), 0);
}

function show(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
