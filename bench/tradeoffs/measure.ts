/**
 * Measures one task in a process of its own: `bun measure.ts JSON` prints one JSON object of numbers, or `{"reason": ...}`
 * if the contender is too slow for the load. Several passes over the same operations, each on a fresh arena, so that the
 * time does not pay for what is looked at.
 */
import { residentBytesIn } from "../../native/mappings.ts";
import { fillMemory } from "../../native/raw-memory.ts";
import { Arena } from "../../src/index.ts";
import type { Figures } from "../rounds.ts";
import { type Load, makeLoad, peakOf, type Task, taskOf } from "./loads.ts";
import { Player } from "./player.ts";

/** The time is the least of as many passes as take so long in milliseconds. */
const TIME_MS = 150;
/** Samples of what is asked for, handed out and committed. */
const SAMPLES = 32;
/** Who needs more microseconds an operation on average, and has needed so many milliseconds, gives up. */
const SLOW_US = 5;
const SLOW_TOUCHING_US = 1000;
const PATIENCE_MS = 1500;

function playerOf({ options, touches = false, trimEvery }: Task, load: Load): Player {
  const touch = touches ? (address: number) => fillMemory(address, 1, 1) : undefined;
  return new Player(new Arena(options), load, touch, trimEvery);
}

/** Milliseconds of the processor, so that other programs count less. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Gives up when the first pass takes too long. */
class Patience {
  private readonly start = processorMs();
  private readonly slowUs: number;

  constructor({ touches = false }: Task) {
    this.slowUs = touches ? SLOW_TOUCHING_US : SLOW_US;
  }

  check(operations: number): void {
    const spent = processorMs() - this.start;
    if (spent < PATIENCE_MS || (spent * 1000) / operations < this.slowUs) return;
    console.log(JSON.stringify({ reason: `more than ${this.slowUs} µs an operation` }));
    process.exit(0);
  }
}

/** Memory, and the first times of all operations into `quickest`. */
async function memoryPass(task: Task, load: Load, quickest: Float64Array): Promise<Figures> {
  const patience = new Patience(task);
  const player = playerOf(task, load);
  const peakLive = peakOf(load);
  const every = Math.max(1, Math.floor(load.length / SAMPLES));
  let peakRss = 0;
  let samples = 0;
  let internal = 0;
  let external = 0;
  for (let from = 0; from < load.length; from += every) {
    playTimed(player, from, Math.min(from + every, load.length), quickest, patience);
    if (task.touches) peakRss = Math.max(peakRss, residentIn(player.arena));
    // A heap that fills or empties is not fragmented but unused.
    if (player.live < peakLive / 2) continue;
    const { liveBytes, committedBytes } = player.arena.stats();
    samples++;
    internal += 1 - player.live / liveBytes;
    external += 1 - liveBytes / committedBytes;
  }
  const peakCommitted = player.arena.stats().peakCommittedBytes;
  if (task.restMs !== undefined) await Bun.sleep(task.restMs);
  const endRss = residentIn(player.arena);
  player.end();
  return {
    internal: (internal / samples) * 100,
    external: (external / samples) * 100,
    peakRatio: peakCommitted / peakLive,
    peakRssMib: peakRss / 2 ** 20,
    endRssMib: endRss / 2 ** 20,
  };
}

/** Resident bytes of an arena whose blocks are touched, not of the runtime beside it. */
function residentIn(arena: Arena): number {
  return residentBytesIn(arena.handle.address, 2 ** 32) + arena.stats().largeBytes;
}

/** Keeps the least time of each operation: other programs interrupt now this one, now that one. */
function playTimed(
  player: Player,
  from: number,
  to: number,
  quickest: Float64Array,
  patience?: Patience,
): void {
  for (let i = from; i < to; i++) {
    const start = Bun.nanoseconds();
    player.step(i);
    quickest[i] = Math.min(quickest[i]!, Bun.nanoseconds() - start);
    if ((i & 255) === 255) patience?.check(i + 1);
  }
}

function timePasses(task: Task, load: Load): Figures {
  let leastMs = Infinity;
  let systemCalls = 0;
  for (let spent = 0; spent < TIME_MS; ) {
    const player = playerOf(task, load);
    const start = processorMs();
    for (let i = 0; i < load.length; i++) player.step(i);
    const ms = processorMs() - start;
    const { mappings, unmappings, commits, releases } = player.arena.stats();
    player.end();
    leastMs = Math.min(leastMs, ms);
    systemCalls = mappings + unmappings + commits + releases;
    spent += ms;
  }
  return { nsPerOperation: (leastMs * 1e6) / load.length, systemCalls };
}

async function measure(task: Task): Promise<Figures> {
  const load = makeLoad(task.load);
  const quickest = new Float64Array(load.length).fill(Infinity);
  const memory = await memoryPass(task, load, quickest);
  const second = playerOf(task, load);
  playTimed(second, 0, load.length, quickest);
  second.end();
  const longestUs = quickest.reduce((longest, time) => Math.max(longest, time), 0) / 1000;
  return { ...timePasses(task, load), longestUs, ...memory };
}

console.log(JSON.stringify(await measure(taskOf(process.argv[2]!))));
