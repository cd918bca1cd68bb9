/**
 * Where large blocks should begin to have a mapping of their own: time and memory for several thresholds.
 *
 *   bun bench/threshold.ts [rounds]
 *
 * Replays the committed recording with the largest blocks and a synthetic load (random replacement of 64 blocks of 16
 * KiB to 4 MiB), writing one byte of each page of every block, in one process a threshold. Prints nanoseconds an
 * operation and peak committed over peak live bytes.
 */
import Table from "cli-table3";
import { fillMemory } from "../native/raw-memory.ts";
import { Arena } from "../src/index.ts";
import { committedRecordings, Operation, type Recording, readRecording } from "../stress/recordings/index.ts";
import { type Figures, machine, medianFigures } from "./rounds.ts";

const THRESHOLDS = [2 ** 15, 2 ** 17, 2 ** 19, 2 ** 20, 2 ** 22, 2 ** 24];
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

function replaceAtRandom(arena: Arena): { ns: number; peakLiveBytes: number } {
  const operations = 20_000;
  const pointers = new Float64Array(64);
  const sizes = new Float64Array(64);
  let state = 99;
  let live = 0;
  let peakLiveBytes = 0;
  const draw = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32;
  };
  const start = Bun.nanoseconds();
  for (let i = 0; i < operations; i++) {
    const slot = Math.floor(draw() * 64);
    const bytes = Math.floor(2 ** (14 + draw() * 8));
    live += bytes - sizes[slot]!;
    peakLiveBytes = Math.max(peakLiveBytes, live);
    arena.free(pointers[slot]!);
    pointers[slot] = arena.malloc(bytes);
    sizes[slot] = bytes;
    touch(pointers[slot]!, bytes);
  }
  return { ns: (Bun.nanoseconds() - start) / operations, peakLiveBytes };
}

function measure(largeThreshold: number): Figures {
  const path = committedRecordings().find((file) => file.includes("python-buffers"))!;
  const recording = readRecording(path);
  const replayed = new Arena({ largeThreshold });
  const replayNs = replay(replayed, recording);
  const synthetic = new Arena({ largeThreshold });
  const { ns, peakLiveBytes } = replaceAtRandom(synthetic);
  return {
    "recording, ns": replayNs,
    "recording, memory": replayed.stats().peakCommittedBytes / recording.peakLiveBytes,
    "random, ns": ns,
    "random, memory": synthetic.stats().peakCommittedBytes / peakLiveBytes,
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
