/** Several Workers on one arena: no handshake, exchange, ends of Workers, private arenas by handle. */
import { afterEach, expect, test } from "bun:test";
import { Arena, type ArenaHandle, free, heap, malloc } from "../../src/index.ts";
import type { Order } from "./crew.ts";

const started: Worker[] = [];

function start(): (order: Order) => Promise<unknown> {
  const worker = new Worker(new URL("./crew.ts", import.meta.url));
  started.push(worker);
  return (order) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) =>
        data.error === undefined ? resolve(data.result) : reject(new Error(data.error));
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(order);
    });
}

/** Ends all Workers. A thread is gone some milliseconds after `terminate`: waits until the arena sees that. */
async function stopAll(arena: Arena = heap): Promise<void> {
  for (const worker of started.splice(0)) worker.terminate();
  while (arena.stats().workers > 1) await Bun.sleep(5);
}

afterEach(() => stopAll());

const SIZES = [1, 16, 24, 100, 500, 1000, 5000, 40_000];

test("every Worker finds the same process-wide heap", async () => {
  const here = heap.handle;
  const [first, second] = await Promise.all([start()({ do: "heap" }), start()({ do: "heap" })]);
  expect(first).toEqual(here);
  expect(second).toEqual(here);
});

test("free-remote: blocks of one Worker are freed by another and used again", async () => {
  const base = heap.stats().liveBlocks;
  const [producer, consumer] = [start(), start()];
  let peak = 0;
  for (let round = 0; round < 20; round++) {
    const pointers = (await producer({ do: "malloc", sizes: Array(2000).fill(64) })) as number[];
    expect(new Set(pointers).size).toBe(2000);
    await consumer({ do: "free", pointers });
    peak = Math.max(peak, heap.stats().committedBytes);
  }
  expect(heap.stats().liveBlocks).toBe(base);
  expect(peak).toBeLessThan(2 ** 20);
  heap.check();
});

test("32 Workers attach, allocate, exchange, exit", async () => {
  using arena = new Arena({ name: "thirty-two" });
  const table = new SharedArrayBuffer(256 * 4);
  const crew = Array.from({ length: 32 }, start);
  const exchanged = await Promise.all(
    crew.map((ask, index) =>
      ask({ do: "churn", sizes: SIZES, seed: 77 + index, arena: arena.handle, table }),
    ),
  );
  expect(Math.min(...(exchanged as number[]))).toBeGreaterThan(0);
  expect(arena.stats().workers).toBe(33);
  arena.check();
  for (const unit of new Int32Array(table))
    if (unit !== 0) arena.free(arena.handle.address + (unit - 1) * 16);
  expect(arena.stats().liveBlocks).toBe(0);
  await stopAll(arena);
  arena.trim();
  arena.check();
  const { cachedBlocks, freeBlocks, committedBytes, adoptions, workers } = arena.stats();
  expect({ cachedBlocks, freeBlocks, committedBytes, workers }).toEqual({
    cachedBlocks: 0,
    freeBlocks: 0,
    committedBytes: 0,
    workers: 1,
  });
  expect(adoptions).toBe(32);
});

test("the cache of a Worker that ended serves the next one", async () => {
  using arena = new Arena();
  const first = start();
  const pointers = (await first({
    do: "malloc",
    sizes: Array(100).fill(48),
    arena: arena.handle,
  })) as number[];
  await first({ do: "free", pointers, arena: arena.handle });
  expect(arena.stats().cachedBlocks).toBeGreaterThan(0);
  await stopAll(arena);
  const { committedBytes } = arena.stats();
  const second = start();
  const again = (await second({ do: "malloc", sizes: Array(100).fill(48), arena: arena.handle })) as number[];
  expect(arena.stats().committedBytes).toBe(committedBytes);
  expect(arena.stats().adoptions).toBe(1);
  for (const pointer of again) arena.free(pointer);
  await stopAll(arena);
});

test("a detached Worker leaves no cache behind and may come again", async () => {
  using arena = new Arena();
  const worker = start();
  for (let turn = 0; turn < 50; turn++) {
    const pointers = (await worker({
      do: "malloc",
      sizes: [10, 200, 3000],
      arena: arena.handle,
    })) as number[];
    await worker({ do: "free", pointers, arena: arena.handle });
    await worker({ do: "detach", arena: arena.handle });
    expect(arena.stats().workers).toBe(1);
  }
  expect(arena.stats().cachedBlocks).toBe(0);
  await stopAll(arena);
});

test("dispose is refused while a Worker is attached, and works after it ended", async () => {
  const arena = new Arena({ name: "shared" });
  const handle: ArenaHandle = arena.handle;
  await start()({ do: "malloc", sizes: [100], arena: handle });
  expect(() => arena.dispose()).toThrow(expect.objectContaining({ code: "busy" }));
  free(malloc(1));
  arena.check();
  await stopAll(arena);
  arena.dispose();
  expect(() => Arena.attach(handle)).toThrow(expect.objectContaining({ code: "disposed" }));
});
