/** The loads of the comparison, as rows of operations that any arena can play. */
import type { ArenaOptions } from "../../src/index.ts";
import { committedRecordings, Operation, readRecording } from "../../stress/recordings/index.ts";
import { recordingNames } from "../recordings/files.ts";

/** Operations in columns: entry i allocates, resizes or frees block `block[i]`. */
export interface Load {
  readonly length: number;
  readonly blocks: number;
  readonly operation: Uint8Array;
  readonly block: Int32Array;
  readonly size: Float64Array;
  readonly alignment: Float64Array;
}

/** What one process measures. */
export interface Task {
  readonly options: ArenaOptions;
  /** The name of a recording, or of a pattern and its number of live blocks: `mixed 4096`. */
  readonly load: string;
  /** Whether a byte of each page of a block is written when it is allocated. */
  readonly touches?: boolean;
  /** Operations after which the arena is trimmed; absent = never. */
  readonly trimEvery?: number;
  /** Milliseconds of rest before the memory at the end is looked at; absent = none. */
  readonly restMs?: number;
}

/** A task as text; JSON alone has no Infinity. */
export const textOf = (task: Omit<Task, "load">): string =>
  JSON.stringify(task, (_, value) => (value === Infinity ? "Infinity" : value));

export const taskOf = (text: string): Task =>
  JSON.parse(text, (_, value) => (value === "Infinity" ? Infinity : value));

const SEED = 20_171_024;
/** Live blocks from which on a pattern is long as it is. */
export const MANY = 100_000;

type Draw = (bound: number) => number;

function generator(seed: number): Draw {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** Whole numbers of bytes, as many in each doubling. */
function sizeBetween(draw: Draw, leastLog: number, mostLog: number): number {
  return Math.floor(2 ** (leastLog + (draw(65_536) / 65_536) * (mostLog - leastLog)));
}

class Writer implements Load {
  length = 0;
  readonly operation: Uint8Array;
  readonly block: Int32Array;
  readonly size: Float64Array;
  readonly alignment: Float64Array;

  constructor(
    readonly blocks: number,
    most: number,
  ) {
    this.operation = new Uint8Array(most);
    this.block = new Int32Array(most);
    this.size = new Float64Array(most);
    this.alignment = new Float64Array(most);
  }

  malloc(block: number, size: number): void {
    this.add(Operation.malloc, block, size);
  }

  free(block: number): void {
    this.add(Operation.free, block, 0);
  }

  private add(operation: number, block: number, size: number): void {
    this.operation[this.length] = operation;
    this.block[this.length] = block;
    this.size[this.length++] = size;
  }
}

/** `live` blocks are made, then blocks drawn at random are replaced. */
function replacement(live: number, leastLog: number, mostLog: number, least = 20_000): Load {
  const draw = generator(SEED);
  const replaced = Math.max(least, live / 4);
  const load = new Writer(live, 2 * live + 2 * replaced);
  for (let block = 0; block < live; block++) load.malloc(block, sizeBetween(draw, leastLog, mostLog));
  for (let turn = 0; turn < replaced; turn++) {
    const block = draw(live);
    load.free(block);
    load.malloc(block, sizeBetween(draw, leastLog, mostLog));
  }
  for (let block = 0; block < live; block++) load.free(block);
  return load;
}

/** Three times, once with very many: `live` small blocks, every other one freed, then half as many of three times the size, then all freed. */
function holes(live: number): Load {
  const draw = generator(SEED);
  const rounds = live < MANY ? 3 : 1;
  const load = new Writer(live + live / 2, rounds * 4 * live);
  for (let round = 0; round < rounds; round++) {
    for (let block = 0; block < live; block++) load.malloc(block, 100 + draw(100));
    for (let block = 0; block < live; block += 2) load.free(block);
    for (let block = live; block < live + live / 2; block++) load.malloc(block, 300 + draw(300));
    for (let block = 1; block < live; block += 2) load.free(block);
    for (let block = live; block < live + live / 2; block++) load.free(block);
  }
  return load;
}

const patterns: Record<string, (live: number) => Load> = {
  /** 16 bytes to 1 KiB. */
  mixed: (live) => replacement(live, 4, 10),
  holes,
  /** 1 KiB to 4 MiB. */
  big: (live) => replacement(live, 10, 22, 1000),
};

/** Makes a load anew: the same name gives the same operations. */
export function makeLoad(name: string): Load {
  const [pattern, live] = name.split(" ") as [string, string?];
  if (live !== undefined) return patterns[pattern]!(Number(live));
  return readRecording(committedRecordings()[recordingNames().indexOf(name)]!);
}

/** The most bytes that are live at once. */
export function peakOf({ length, blocks, block, operation, size }: Load): number {
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
