/**
 * A ring buffer between two Workers: one writes numbers, the other reads them, and nothing is sent but one pointer.
 *
 *   bun examples/ring-buffer.ts [numbers]
 */
import { heap, type Pointer } from "../src/index.ts"; // elsewhere: "husky-alloc"

declare const self: Worker;

/** Numbers in the ring: a power of two. */
const CAPACITY = 4096;
/** Words of the head, a cache line each: how many numbers were ever written, how many read. */
const [WRITTEN, READ, FIRST] = [0, 16, 32];
const BATCH = 256;

interface Task {
  readonly role: "producer" | "consumer";
  readonly ring: Pointer;
  /** Who has nothing to do sleeps here: only a SharedArrayBuffer can be waited on. */
  readonly bell: SharedArrayBuffer;
  readonly count: number;
}

class Ring {
  private readonly words: Int32Array;
  private readonly bell: Int32Array;

  constructor({ ring, bell }: Task) {
    this.words = heap.view(ring, Int32Array, FIRST + CAPACITY);
    this.bell = new Int32Array(bell);
  }

  /** Writes `count` numbers from `first` on. Each side changes one counter alone, after the numbers that it stands for. */
  produce(first: number, count: number): void {
    const { words } = this;
    const from = words[WRITTEN]!;
    this.sleepWhile(() => ((from + count - Atomics.load(words, READ)) | 0) > CAPACITY);
    for (let i = 0; i < count; i++) words[FIRST + ((from + i) & (CAPACITY - 1))] = first + i;
    this.advance(WRITTEN, from + count);
  }

  /** Takes what is there, at least one number, and gives how many there were. */
  consume(take: (number: number) => void): number {
    const { words } = this;
    const from = words[READ]!;
    this.sleepWhile(() => Atomics.load(words, WRITTEN) === from);
    const count = (Atomics.load(words, WRITTEN) - from) | 0;
    for (let i = 0; i < count; i++) take(words[FIRST + ((from + i) & (CAPACITY - 1))]!);
    this.advance(READ, from + count);
    return count;
  }

  private advance(counter: number, to: number): void {
    Atomics.store(this.words, counter, to);
    Atomics.add(this.bell, 0, 1);
    Atomics.notify(this.bell, 0);
  }

  private sleepWhile(condition: () => boolean): void {
    for (;;) {
      const rung = Atomics.load(this.bell, 0);
      if (!condition()) return;
      Atomics.wait(this.bell, 0, rung);
    }
  }
}

/** The consumer gives how many numbers came in their order. */
function work(task: Task): number {
  const ring = new Ring(task);
  let right = 0;
  const take = (number: number) => {
    if (number === right) right++;
  };
  for (let done = 0; done < task.count; ) {
    if (task.role === "consumer") done += ring.consume(take);
    else {
      const count = Math.min(BATCH, task.count - done);
      ring.produce(done, count);
      done += count;
    }
  }
  return right;
}

function start(task: Task): { worker: Worker; right: Promise<number> } {
  const worker = new Worker(import.meta.url);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(task);
  return { worker, right: promise };
}

if (Bun.isMainThread) {
  const count = Number(process.argv[2] ?? 2_000_000);
  const ring = heap.calloc(FIRST + CAPACITY, 4);
  const bell = new SharedArrayBuffer(4);
  const began = performance.now();
  const sides = (["producer", "consumer"] as const).map((role) => start({ role, ring, bell, count }));
  const [, right] = await Promise.all(sides.map((side) => side.right));
  const seconds = (performance.now() - began) / 1000;
  for (const { worker } of sides) worker.terminate();
  console.log(`${count} numbers in ${seconds.toFixed(2)} s, start of the Workers included`);
  console.log(`all of them in order: ${right === count}`);
  heap.free(ring);
  console.log(`blocks left: ${heap.stats().liveBlocks}`);
} else {
  self.onmessage = ({ data }: MessageEvent<Task>) => self.postMessage(work(data));
}
