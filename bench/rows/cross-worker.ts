/** One Worker allocates, another frees: batches of pointers travel over a ring. */
import { addressOf } from "../../native/raw-memory.ts";
import type { Calls } from "../contenders/calls.ts";
import { draw, SIZE_MASK } from "./draws.ts";
import { type Place, type Row, SHARED_BYTES } from "./row.ts";

const COUNT = 1024;
const RING = 8;
const BATCHES = 256;

/** Words of the shared memory: batches that were filled, and emptied, since the start. The ring comes behind them. */
const PRODUCED = 0;
const CONSUMED = 1;
const RING_AT = 64;

if (RING_AT + COUNT * RING * 8 > SHARED_BYTES) throw new Error("the ring does not fit the shared memory");

const SPINS = 2000;

/** Waits until the word is no longer `value`. Spins first: the other Worker is usually close. */
function awaitChange(words: Int32Array, index: number, value: number): void {
  for (let i = 0; i < SPINS; i++) if (Atomics.load(words, index) !== value) return;
  while (Atomics.load(words, index) === value) Atomics.wait(words, index, value);
}

function countOn(words: Int32Array, index: number): void {
  Atomics.add(words, index, 1);
  Atomics.notify(words, index);
}

interface Ring {
  readonly words: Int32Array;
  readonly blocks: Float64Array;
}

function produce({ malloc }: Calls<number>, { words, blocks }: Ring, sizes: Int32Array): () => void {
  let batch = 0;
  return () => {
    for (const end = batch + BATCHES; batch < end; batch++) {
      if (batch >= RING) awaitChange(words, CONSUMED, batch - RING);
      const first = (batch % RING) * COUNT;
      for (let i = 0; i < COUNT; i++) blocks[first + i] = malloc(sizes[i & SIZE_MASK]!);
      countOn(words, PRODUCED);
    }
  };
}

function consume({ free }: Calls<number>, { words, blocks }: Ring): () => void {
  let batch = 0;
  return () => {
    for (const end = batch + BATCHES; batch < end; batch++) {
      awaitChange(words, PRODUCED, batch);
      const first = (batch % RING) * COUNT;
      for (let i = 0; i < COUNT; i++) free(blocks[first + i]!);
      countOn(words, CONSUMED);
    }
  };
}

export const crossWorker: Row = {
  name: "cross-Worker free, batches of 1024",
  unit: "malloc here, free there",
  operations: COUNT * BATCHES,
  workers: 2,
  needs: ["free", "Workers", "sharing"],
  script<Block>(calls: Calls<Block>, { seed, worker, shared }: Place) {
    // Who can share blocks between Workers names them by numbers.
    const numbers = calls as unknown as Calls<number>;
    const ring = {
      words: new Int32Array(shared, 0, 2),
      blocks: new Float64Array(shared, RING_AT, COUNT * RING),
    };
    return worker === 0 ? produce(numbers, ring, draw(seed).sizes) : consume(numbers, ring);
  },
  native(floor, { seed }) {
    const { sizes } = draw(seed);
    const blocks = new BigUint64Array(COUNT * RING);
    return () => floor.floor_cross(BATCHES, COUNT, RING, addressOf(sizes), addressOf(blocks));
  },
};
