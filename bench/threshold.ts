/**
 * Where large blocks should begin to have a mapping of their own: time and memory for several thresholds.
 *
 *   bun bench/threshold.ts [rounds]
 *
 * Replays the committed recording with the largest blocks and two synthetic loads (random replacement of 64 blocks of 16
 * KiB to 4 MiB, and of 12 blocks of 4 to 64 MiB), writing one byte of each page of every block, in one process a
 * threshold. Prints nanoseconds an operation and peak committed over peak live bytes.
 */
import Table from "cli-table3";
import { fillMemory } from "../native/raw-memory.ts";
import { Arena } from "../src/index.ts";
import { committedRecordings, Operation, type Recording, readRecording } from "../stress/recordings/index.ts";
import { type Figures, machine, medianFigures } from "./rounds.ts";

const THRESHOLDS = [2 ** 15, 2 ** 17, 2 ** 19, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 26];
const PAGE = 4096;

function touch(pointer: number, byteLength: number): void {
  for (let at = 0; at < byteLength; at += PAGE) fillMemory(pointer + at, 1, 1);
}

function replay(arena: Arena, recording: Recording): number {
  const pointers = new Float64Array(recording.blocks);
  const { operation, block, size, alignment, length } = recording;
  const start = Bun.nanoseconds();
  for (let i = 0; i < length; i++) {
    const at = block[i]!;
    const bytes = size[i]!;
    if (operation[i] === Operation.threadDone || at < 0) continue;
    if (operation[i] === Operation.free) {
      arena.free(pointers[at]!);
      pointers[at] = 0;
    } else {
      if (operation[i] === Operation.realloc) pointers[at] = arena.realloc(pointers[at]!, bytes);
      else if (operation[i] === Operation.alignedAlloc)
        pointers[at] = arena.alignedAlloc(alignment[i]!, bytes);
      else pointers[at] = arena.malloc(bytes);
      touch(pointers[at]!, bytes);
    }
  }
  const elapsed = Bun.nanoseconds() - start;
  for (const pointer of pointers) arena.free(pointer);
  return elapsed / length;
}

interface Load {
  readonly operations: number;
  readonly blocks: number;
  readonly leastBytes: number;
  /** The largest block is so many times doubled the least. */
  readonly doublings: number;
}

const MIDDLE: Load = { operations: 20_000, blocks: 64, leastBytes: 2 ** 14, doublings: 8 };
const BIG: Load = { operations: 300, blocks: 12, leastBytes: 2 ** 22, doublings: 4 };

/** Nanoseconds an operation, and peak committed over peak live bytes. */
function replaceAtRandom(arena: Arena, load: Load): { ns: number; memory: number } {
  const { operations, blocks, leastBytes, doublings } = load;
  const pointers = new Float64Array(blocks);
  const sizes = new Float64Array(blocks);
  let state = 99;
  let live = 0;
  let peakLiveBytes = 0;
  const draw = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
  const start = Bun.nanoseconds();
  for (let i = 0; i < operations; i++) {
    const slot = Math.floor(draw() * blocks);
    const bytes = Math.floor(leastBytes * 2 ** (draw() * doublings));
    live += bytes - sizes[slot]!;
    peakLiveBytes = Math.max(peakLiveBytes, live);
    arena.free(pointers[slot]!);
    pointers[slot] = arena.malloc(bytes);
    sizes[slot] = bytes;
    touch(pointers[slot]!, bytes);
  }
  const ns = (Bun.nanoseconds() - start) / operations;
  const memory = arena.stats().peakCommittedBytes / peakLiveBytes;
  arena.dispose();
  return { ns, memory };
}

function measure(largeThreshold: number): Figures {
  const path = committedRecordings().find((file) => file.includes("python-buffers"))!;
  const recording = readRecording(path);
  const replayed = new Arena({ largeThreshold });
  const replayNs = replay(replayed, recording);
  const middle = replaceAtRandom(new Arena({ largeThreshold }), MIDDLE);
  const big = replaceAtRandom(new Arena({ largeThreshold }), BIG);
  return {
    "recording, ns": replayNs,
    "recording, memory": replayed.stats().peakCommittedBytes / recording.peakLiveBytes,
    "to 4 MiB, ns": middle.ns,
    "to 4 MiB, memory": middle.memory,
    "to 64 MiB, ns": big.ns,
    "to 64 MiB, memory": big.memory,
  };
}

if (process.argv[2] === "--one") console.log(JSON.stringify(measure(Number(process.argv[3]))));
else {
  const rounds = Number(process.argv[2] ?? 5);
  const contenders = THRESHOLDS.map((threshold) => ({
    name: `${threshold / 1024} KiB`,
    command: [process.execPath, import.meta.path, "--one", String(threshold)],
  }));
  const medians = await medianFigures(contenders, rounds);
  const columns = Object.keys([...medians.values()][0]!);
  const table = new Table({ head: ["threshold", ...columns], style: { head: [], border: [] } });
  for (const [name, figures] of medians) {
    table.push([name, ...columns.map((column) => figures[column]!.toFixed(column.endsWith("ns") ? 0 : 2))]);
  }
  console.log(`${machine()}, medians of ${rounds} rounds`);
  console.log(table.toString());
}
