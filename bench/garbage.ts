/**
 * A program that makes ordinary garbage, beside an arena with many live blocks or without it. Prints `ms`, the time
 * of the program; `cpuMs`, processor time of all its threads, the collector's included; `peak`, the process's resident bytes at most; `committed`, those of the arena. Started by
 * bench/collector.ts.
 *
 *   bun bench/garbage.ts MIB TURNS
 */
import { readFileSync } from "node:fs";
import { fillMemory } from "../native/raw-memory.ts";
import { Arena } from "../src/index.ts";
import { Random } from "../stress/random.ts";

const MIB = 2 ** 20;
const SMALLEST_BYTES = 16;
const LARGEST_BYTES = 496;
const KEPT = 20_000;
const WARM_UP_TURNS = 100_000;

interface Entry {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly number[];
  readonly place: { readonly x: number; readonly y: number };
  readonly bytes: Uint8Array | undefined;
}

/** Records as a server makes them: most die at once, one in eight lives for a while, some are copied as JSON. */
function makeGarbage(turns: number): number {
  const kept: (Entry | undefined)[] = new Array(KEPT).fill(undefined);
  let seen = 0;
  for (let turn = 0; turn < turns; turn++) {
    const entry: Entry = {
      id: turn,
      name: `entry ${turn}`,
      tags: [turn, turn + 1, turn + 2],
      place: { x: turn * 0.5, y: turn * 0.25 },
      bytes: turn % 32 === 0 ? new Uint8Array(2048) : undefined,
    };
    if (turn % 8 === 0) kept[(turn >>> 3) % KEPT] = entry;
    if (turn % 16 === 0) seen += JSON.parse(JSON.stringify(entry.place)).x;
    seen += entry.tags.map((tag) => tag * 2).filter((tag) => tag % 3 === 0).length;
  }
  return seen;
}

function fillArena(arena: Arena, byteLength: number): void {
  const random = new Random(1);
  for (let live = 0; live < byteLength; ) {
    const size = random.between(SMALLEST_BYTES, LARGEST_BYTES);
    fillMemory(arena.malloc(size), 1, size);
    live += size;
  }
}

function peakResidentBytes(): number {
  return Number(readFileSync("/proc/self/status", "latin1").match(/VmHWM:\s+(\d+)/)![1]) * 1024;
}

const [mebibytes, turns] = process.argv.slice(2).map(Number);
const arena = new Arena({ name: "beside garbage" });
if (mebibytes! > 0) fillArena(arena, mebibytes! * MIB);
makeGarbage(WARM_UP_TURNS);
const cpuBefore = process.cpuUsage();
const start = Bun.nanoseconds();
makeGarbage(turns!);
const ms = (Bun.nanoseconds() - start) / 1e6;
const { user, system } = process.cpuUsage(cpuBefore);
const cpuMs = (user + system) / 1000;
const { committedBytes: committed } = arena.stats();
console.log(JSON.stringify({ ms, cpuMs, peak: peakResidentBytes(), committed }));
process.exit(0);
