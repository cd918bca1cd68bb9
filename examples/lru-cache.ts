/**
 * An LRU cache off the collected heap against a `Map` of Buffers: the same operations, each in a process of its own.
 *
 *   bun examples/lru-cache.ts [entries]
 */
import { heap, read } from "../src/index.ts"; // elsewhere: "husky-alloc"
import { OffHeapCache } from "./off-heap-cache.ts";

/** What is measured: `get` gives the first word of the value. */
interface Cache {
  get(key: number): number | undefined;
  set(key: number, value: Uint8Array): void;
  dispose(): void;
}

function offHeap(capacity: number): Cache {
  const cache = new OffHeapCache(capacity);
  return {
    get: (key) => {
      const pointer = cache.get(key);
      return pointer === undefined ? undefined : read.u32(pointer);
    },
    set: (key, value) => cache.set(key, value),
    dispose: () => cache.dispose(),
  };
}

/** A Map keeps the order in which keys were set. One iterator for all: a new one would walk over all that was deleted. */
function mapOfBuffers(capacity: number): Cache {
  const map = new Map<number, Buffer>();
  const oldest = map.keys();
  return {
    get: (key) => {
      const value = map.get(key);
      if (value === undefined) return undefined;
      map.delete(key);
      map.set(key, value);
      return value.readUInt32LE(0);
    },
    set: (key, value) => {
      if (!map.delete(key) && map.size === capacity) map.delete(oldest.next().value!);
      map.set(key, Buffer.from(value));
    },
    dispose: () => map.clear(),
  };
}

const caches: Record<string, (capacity: number) => Cache> = { offHeap, mapOfBuffers };

type Result = Record<
  "hits" | "sum" | "fill" | "use" | "longest" | "collection" | "rss" | "blocksLeft",
  number
>;

function measure(make: (capacity: number) => Cache, entries: number): Result {
  const rssBefore = process.memoryUsage().rss;
  const cache = make(entries);
  const values = Array.from({ length: 128 }, (_, i) => Buffer.alloc(32 + i));
  const set = (key: number) => {
    const value = values[key % 128]!;
    value.writeUInt32LE(key);
    cache.set(key, value);
  };
  let [hits, sum, seed, longest] = [0, 0, 1, 0];
  const milliseconds = (operations: number, operation: (i: number) => void) => {
    const start = performance.now();
    for (let i = 0; i < operations; ) {
      const since = process.cpuUsage(); // the process's own time, its collector's too: not what other programs take
      for (const end = Math.min(operations, i + 100); i < end; i++) operation(i);
      const { user, system } = process.cpuUsage(since);
      longest = Math.max(longest, (user + system) / 1000);
    }
    return performance.now() - start;
  };
  const fill = milliseconds(entries, set);
  // Keys out of a quarter more than there is room for: one in five is a miss, and is set.
  const use = milliseconds(2 * entries, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const key = Math.floor((seed / 2 ** 32) * entries * 1.25);
    const found = cache.get(key);
    if (found === undefined) return set(key);
    hits++;
    sum += found - key;
  });
  const rss = process.memoryUsage().rss - rssBefore;
  const start = performance.now();
  Bun.gc(true);
  const collection = performance.now() - start;
  cache.dispose();
  const blocksLeft = heap.stats().liveBlocks;
  return { hits, sum, fill, use, longest, collection, rss, blocksLeft };
}

async function inProcessOfItsOwn(name: string, entries: number): Promise<Result> {
  const child = Bun.spawn([process.execPath, import.meta.path, String(entries), name], { stdout: "pipe" });
  return JSON.parse(await child.stdout.text());
}

const entries = Number(process.argv[2] ?? 1_000_000);
const name = process.argv[3];
if (name !== undefined) console.log(JSON.stringify(measure(caches[name]!, entries)));
else {
  const off = await inProcessOfItsOwn("offHeap", entries);
  const map = await inProcessOfItsOwn("mapOfBuffers", entries);
  const row = (label: string, of: (result: Result) => number, unit: string) =>
    console.log(
      `${label.padEnd(28)}${[off, map].map((each) => of(each).toFixed(1).padStart(10)).join("")} ${unit}`,
    );
  console.log(`${`${entries} entries`.padEnd(28)}  off heap       Map`);
  row("fill, operations a second", ({ fill }) => entries / fill / 1000, "M");
  row("use, operations a second", ({ use }) => (2 * entries) / use / 1000, "M");
  row("longest 100 operations", ({ longest }) => longest, "ms");
  row("a full collection", ({ collection }) => collection, "ms");
  row("RSS", ({ rss }) => rss / 2 ** 20, "MiB");
  console.log(
    `same hits: ${off.hits === map.hits && off.hits > 0}, values right: ${off.sum === 0 && map.sum === 0}`,
  );
  console.log(`blocks left: ${off.blocksLeft}`);
}
