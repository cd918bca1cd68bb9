/**
 * Measures one task in a process of its own: `bun measure.ts JSON` prints one JSON object of numbers. Several passes over
 * the same operations, each on a fresh arena: for the memory, for the longest operation, for the time, so that none pays
 * for what another looks at.
 */
import { fillMemory, residentBytes } from "../../native/raw-memory.ts";
import { Arena } from "../../src/index.ts";
import { Operation } from "../../stress/recordings/index.ts";
import type { Figures } from "../rounds.ts";
import { type Load, makeLoad, type Task } from "./loads.ts";

const PAGE = 4096;
/** Passes for the longest operation. */
const PASSES = 3;

class Player {
  readonly pointers: Float64Array;

  constructor(
    readonly arena: Arena,
    readonly load: Load,
    private readonly touches: boolean,
  ) {
    this.pointers = new Float64Array(load.blocks);
  }

  /** Plays operation `i`. */
  step(i: number): void {
    const { arena, load, pointers } = this;
    const block = load.block[i]!;
    if (block < 0) return;
    const size = load.size[i]!;
    switch (load.operation[i]) {
      case Operation.free:
        arena.free(pointers[block]!);
        pointers[block] = 0;
        return;
      case Operation.realloc:
        pointers[block] = arena.realloc(pointers[block]!, size);
        break;
      case Operation.alignedAlloc:
        pointers[block] = arena.alignedAlloc(load.alignment[i]!, size);
        break;
      case Operation.calloc:
        pointers[block] = arena.calloc(1, size);
        break;
      case Operation.malloc:
        pointers[block] = arena.malloc(size);
    }
    if (this.touches) for (let at = 0; at < size; at += PAGE) fillMemory(pointers[block]! + at, 1, 1);
  }

  end(): void {
    for (const pointer of this.pointers) this.arena.free(pointer);
    this.arena.dispose();
  }
}

function playerOf({ options, touches = false }: Task, load: Load): Player {
  return new Player(new Arena(options), load, touches);
}

/** Processor time, so that other programs count less. */
function timePass(task: Task, load: Load): Figures {
  const player = playerOf(task, load);
  const trimEvery = task.trimEvery ?? Number.POSITIVE_INFINITY;
  const before = process.cpuUsage();
  for (let i = 0; i < load.length; i++) {
    player.step(i);
    if (i % trimEvery === trimEvery - 1) player.arena.trim();
  }
  const { user, system } = process.cpuUsage(before);
  const { mappings, unmappings } = player.arena.stats();
  player.end();
  return { nsPerOperation: ((user + system) * 1000) / load.length, mappings: mappings + unmappings };
}

/**
 * The longest operation in microseconds. Of each operation the quickest of all passes counts: other programs interrupt
 * now this one, now that one.
 */
function longestOf(task: Task, load: Load): number {
  const quickest = new Float64Array(load.length).fill(Number.POSITIVE_INFINITY);
  for (let pass = 0; pass < PASSES; pass++) {
    const player = playerOf(task, load);
    for (let i = 0; i < load.length; i++) {
      const start = Bun.nanoseconds();
      player.step(i);
      quickest[i] = Math.min(quickest[i]!, Bun.nanoseconds() - start);
    }
    player.end();
  }
  return quickest.reduce((longest, time) => Math.max(longest, time), 0) / 1000;
}

/** Samples of what is asked for, handed out and committed. */
const SAMPLES = 64;

function memoryPass(task: Task, load: Load): Figures {
  const player = playerOf(task, load);
  const { arena, pointers } = player;
  const asked = new Float64Array(load.blocks);
  const trimEvery = task.trimEvery ?? Number.POSITIVE_INFINITY;
  const rssBefore = residentBytes();
  const peakLive = peakOf(load);
  let live = 0;
  let peakRss = rssBefore;
  let samples = 0;
  let internal = 0;
  let external = 0;
  const every = Math.max(1, Math.floor(load.length / SAMPLES));
  for (let i = 0; i < load.length; i++) {
    const block = load.block[i]!;
    player.step(i);
    if (i % trimEvery === trimEvery - 1) arena.trim();
    if (block >= 0) {
      live -= asked[block]!;
      asked[block] = pointers[block] === 0 ? 0 : load.size[i]!;
      live += asked[block]!;
    }
    if (i % every !== 0) continue;
    peakRss = Math.max(peakRss, residentBytes());
    // A heap that fills or empties is not fragmented but unused.
    if (live < peakLive / 2) continue;
    const { liveBytes, committedBytes } = arena.stats();
    samples++;
    internal += 1 - live / liveBytes;
    external += 1 - liveBytes / committedBytes;
  }
  const peakCommitted = arena.stats().peakCommittedBytes;
  const rssAfter = residentBytes();
  player.end();
  return {
    internal: (internal / samples) * 100,
    external: (external / samples) * 100,
    peakRatio: peakCommitted / peakLive,
    peakRssMib: (peakRss - rssBefore) / 2 ** 20,
    endRssMib: (rssAfter - rssBefore) / 2 ** 20,
  };
}

/** The most bytes that are live at once. */
function peakOf({ length, blocks, block, operation, size }: Load): number {
  const asked = new Float64Array(blocks);
  let live = 0;
  let peak = 0;
  for (let i = 0; i < length; i++) {
    const at = block[i]!;
    if (at < 0) continue;
    live -= asked[at]!;
    asked[at] = operation[i] === Operation.free ? 0 : size[i]!;
    live += asked[at]!;
    peak = Math.max(peak, live);
  }
  return peak;
}

function measure(task: Task): Figures {
  const load = makeLoad(task.load);
  const memory = memoryPass(task, load);
  const longestUs = longestOf(task, load);
  return { ...timePass(task, load), longestUs, ...memory };
}

console.log(JSON.stringify(measure(JSON.parse(process.argv[2]!))));
