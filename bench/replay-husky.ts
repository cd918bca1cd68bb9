/**
 * Replays a recording on an arena of Husky through the public API, as native/replay.c does with malloc. Started by
 * bench/memory.ts. Prints bytes: `committed` at most, by Husky's own count; `peak`, the resident pages of the arena's
 * mappings, control block included, looked at when the most is live and at the end, since during a replay no timer
 * gives pages back; `left`, the same one second after everything was freed; `processLeft`, what the whole process
 * has then more than before, the runtime's own memory included.
 */
import { residentBytesIn } from "../native/mappings.ts";
import { fillMemory } from "../native/raw-memory.ts";
import { Arena } from "../src/index.ts";
import { Operation, type Recording, readRecording } from "../stress/recordings/index.ts";
import { settledRss } from "../stress/report/rss.ts";

const WARM_UPS = 2;
const LEFT_AFTER_MS = 1000;

/** One window: no recording comes near its end. */
const WINDOW_BYTES = 2 ** 32;

function residentIn(arena: Arena): number {
  return residentBytesIn(arena.handle.address, WINDOW_BYTES) + arena.stats().largeBytes;
}

/** The operation after which the most bytes are live. */
function peakOf({ operation, block, size, blocks, length }: Recording): number {
  const sizes = new Float64Array(blocks);
  let [live, most, at] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const number = block[i]!;
    if (number < 0 || operation[i] === Operation.threadDone) continue;
    live += size[i]! - sizes[number]!;
    sizes[number] = size[i]!;
    if (live > most) [most, at] = [live, i];
  }
  return at;
}

/** Leaves nothing allocated; returns the resident pages at most. */
function replay(arena: Arena, recording: Recording, pointers: Float64Array, sizes: Float64Array): number {
  const { operation, block, size, alignment, length } = recording;
  const peakAt = peakOf(recording);
  let residentAtPeak = 0;
  for (let i = 0; i < length; i++) {
    const at = block[i]!;
    const bytes = size[i]!;
    const kind = operation[i];
    if (at < 0 || kind === Operation.threadDone) continue;
    if (kind === Operation.free) {
      arena.free(pointers[at]!);
      pointers[at] = 0;
      sizes[at] = 0;
      continue;
    }
    let written = 0;
    if (kind === Operation.realloc) {
      written = Math.min(sizes[at]!, bytes);
      pointers[at] = arena.realloc(pointers[at]!, bytes);
    } else if (kind === Operation.calloc) pointers[at] = arena.calloc(1, bytes);
    else if (kind === Operation.alignedAlloc) pointers[at] = arena.alignedAlloc(alignment[i]!, bytes);
    else pointers[at] = arena.malloc(bytes);
    fillMemory(pointers[at]! + written, 1, bytes - written);
    sizes[at] = bytes;
    if (i === peakAt) residentAtPeak = residentIn(arena);
  }
  const peak = Math.max(residentAtPeak, residentIn(arena));
  for (const pointer of pointers) arena.free(pointer);
  pointers.fill(0);
  sizes.fill(0);
  return peak;
}

const [, , file, policy] = process.argv;
const recording = readRecording(file!);
const pointers = new Float64Array(recording.blocks);
const sizes = new Float64Array(recording.blocks);
// Before it counts: the compiler and its code are to be a part of the base.
for (let time = 0; time < WARM_UPS; time++) {
  using before = new Arena({ policy: policy! });
  replay(before, recording, pointers, sizes);
  await settledRss();
}
const arena = new Arena({ policy: policy! });
const base = await settledRss();
const peak = replay(arena, recording, pointers, sizes);
const committed = arena.stats().peakCommittedBytes;
await Bun.sleep(LEFT_AFTER_MS);
const processLeft = (await settledRss()) - base;
console.log(JSON.stringify({ peak, committed, left: residentIn(arena), processLeft }));
process.exit(0);
