/** Rows 53, 126, 127, 144, 147, 148, 152, 160, 161: blocks that cross Workers. */
import assert from "node:assert/strict";
import { bytesAt } from "../../native/raw-memory.ts";
import { Arena, heap, realloc } from "../../src/index.ts";
import { TaskError, withCrew } from "./crew.ts";
import { ALL_SIZES, counters, isInSpan, misused, refusesArena, worksOn } from "./harness.ts";
import type { Cases } from "./subprocess.ts";
import {
  allocate,
  attach,
  churn,
  freeAll,
  freeUnattached,
  growAndFree,
  hasMarks,
  leave,
  MIXED_SIZES,
  reallocateAll,
  SMALL_SIZES,
  TASKS,
  warmUp,
} from "./worker-tasks.ts";

/** Polls until a condition holds. */
async function until(holds: () => boolean): Promise<void> {
  const limit = performance.now() + 8000;
  while (!holds()) {
    assert.ok(performance.now() < limit, `in time: ${holds}`);
    await Bun.sleep(1);
  }
}

export const cases: Cases = {
  "53 realloc across threads: main allocates, another Worker grows and frees": () =>
    withCrew(TASKS, 1, async (hand) => {
      const pointer = realloc(null, 12);
      bytesAt(pointer, 12).fill(9);
      assert.ok(await hand.run(growAndFree, pointer));
      misused(heap, "free", pointer, "double-free", "invalid-pointer");
    }),
  "126 dispose and reset while another Worker is attached: busy, nothing unmapped": () =>
    withCrew(TASKS, 1, async (hand) => {
      const arena = new Arena();
      const block = arena.malloc(100);
      const large = arena.malloc(2 ** 20);
      assert.equal(await hand.run(attach, arena.handle), 2);
      const before = counters(arena);
      for (const call of [() => arena.dispose(), () => arena.reset()]) {
        refusesArena(call, "busy");
        assert.deepEqual(counters(arena), before);
      }
      for (const pointer of [block, large]) {
        bytesAt(pointer, 100).fill(1);
        arena.free(pointer);
      }
      worksOn(arena);
      await hand.run(warmUp, arena.handle);
      await hand.run(leave, arena.handle);
      arena.reset();
      worksOn(arena);
      arena.dispose();
    }),
  "127 dispose while another Worker is inside malloc and free: busy, the other goes on": () =>
    withCrew(TASKS, 1, async (hand) => {
      const arena = new Arena({ workerCache: false });
      const signal = new SharedArrayBuffer(4);
      hand.start(churn, { handle: arena.handle, signal });
      await until(() => Atomics.load(new Int32Array(signal), 0) > 100);
      for (let i = 0; i < 1000; i++) refusesArena(() => arena.dispose(), "busy");
      const seen = Atomics.load(new Int32Array(signal), 0);
      await until(() => Atomics.load(new Int32Array(signal), 0) > seen + 100);
      await hand.terminate();
      worksOn(arena);
      arena.dispose();
    }),
  "144 use in a Worker without attach": () =>
    withCrew(TASKS, 1, async (hand) => {
      const arena = new Arena();
      for (const size of ALL_SIZES) {
        const pointer = arena.malloc(size);
        const before = counters(arena);
        const error = await hand.run(freeUnattached, pointer as number).catch((thrown) => thrown);
        assert.ok(error instanceof TaskError, String(error));
        assert.equal(error.code, "foreign-pointer");
        assert.deepEqual(counters(arena), before);
        arena.free(pointer);
      }
      worksOn(arena);
    }),
  "147 free from another Worker: all of it comes back, the allocating Worker never calls again": () =>
    withCrew(TASKS, 1, async (hand) => {
      const arena = new Arena();
      for (const sizes of [SMALL_SIZES, MIXED_SIZES]) {
        const pointers = await hand.run(allocate, { handle: arena.handle, sizes });
        hasMarks(pointers, sizes);
        for (const pointer of pointers) arena.free(pointer);
        assert.equal(arena.stats().liveBlocks, 0);
        arena.trim();
        const { committedBytes } = arena.stats();
        const again = sizes.map((size) => arena.malloc(size));
        for (const pointer of again) arena.free(pointer);
        arena.trim();
        assert.ok(arena.stats().committedBytes <= committedBytes + 2 ** 16, "memory is used again");
      }
      worksOn(arena);
    }),
  "147 161 free from another Worker: main allocates, the other frees, 20 rounds stay level": () =>
    withCrew(TASKS, 1, async (hand) => {
      const arena = new Arena();
      const committed: number[] = [];
      for (let round = 0; round < 20; round++) {
        const pointers = SMALL_SIZES.map((size) => arena.malloc(size) as number);
        await hand.run(freeAll, { handle: arena.handle, pointers });
        assert.equal(arena.stats().liveBlocks, 0);
        committed.push(arena.stats().committedBytes);
      }
      assert.ok(Math.max(...committed) <= committed[1]! * 1.25, `committed ${committed.join()}`);
      worksOn(arena);
    }),
  "148 realloc from another Worker: contents kept": () =>
    withCrew(TASKS, 1, async (hand) => {
      const arena = new Arena();
      const pointers = MIXED_SIZES.map((size, i) => {
        const pointer = arena.malloc(size);
        bytesAt(pointer, size).fill(i % 251);
        return pointer as number;
      });
      const kept = [...MIXED_SIZES];
      for (const size of [300_000, 2 ** 21]) {
        const moved = await hand.run(reallocateAll, { handle: arena.handle, pointers, size });
        moved.forEach((pointer, i) => {
          kept[i] = Math.min(kept[i]!, size);
          pointers[i] = pointer;
          assert.ok(arena.usableSize(pointer) >= size);
        });
        hasMarks(pointers, kept);
      }
      assert.equal(arena.stats().liveBlocks, pointers.length);
      for (const pointer of pointers) arena.free(pointer);
      worksOn(arena);
    }),
  "148 realloc from another Worker, from span to span: contents kept": () =>
    withCrew(TASKS, 1, async (hand) => {
      const arena = new Arena();
      const pointers = Array.from({ length: 5000 }, (_, i) => {
        const pointer = arena.malloc(40);
        bytesAt(pointer, 40).fill(i % 251);
        return pointer as number;
      });
      assert.ok(isInSpan(arena, pointers.at(-1)!));
      let kept = 40;
      for (const size of [300, 900, 10, 200]) {
        const moved = await hand.run(reallocateAll, { handle: arena.handle, pointers, size });
        kept = Math.min(kept, size);
        moved.forEach((pointer, i) => {
          pointers[i] = pointer;
          assert.ok(arena.usableSize(pointer) >= size);
        });
        hasMarks(
          pointers,
          pointers.map(() => kept),
        );
      }
      assert.equal(arena.stats().liveBlocks, pointers.length);
      for (const pointer of pointers) arena.free(pointer);
      worksOn(arena);
    }),
  "152 stale free: it may hit the new block (as 16), nothing is corrupted": () =>
    withCrew(TASKS, 1, async (hand) => {
      // The last of many small blocks is one of a span.
      for (const [size, count] of [...ALL_SIZES.map((size) => [size, 1] as const), [8, 5000] as const]) {
        const arena = new Arena();
        const { handle } = arena;
        const pointers = await hand.run(allocate, { handle, sizes: new Array<number>(count).fill(size) });
        const stale = pointers.at(-1)!;
        assert.equal(isInSpan(arena, stale), count > 1);
        await hand.run(freeAll, { handle, pointers });
        await hand.run(leave, handle);
        const mine = Array.from({ length: 100 }, () => arena.malloc(size) as number);
        const hit = mine.includes(stale);
        const outcome = await hand
          .run(freeAll, { handle, pointers: [stale] })
          .then(() => "freed")
          .catch((error: TaskError) => error.code);
        if (hit) {
          assert.equal(outcome, "freed");
          misused(arena, "free", stale, "double-free", "invalid-pointer");
        } else assert.notEqual(outcome, "freed");
        for (const pointer of mine) if (!hit || pointer !== stale) arena.free(pointer);
        assert.equal(arena.stats().liveBlocks, 0);
        worksOn(arena);
      }
    }),
  "160 main thread: never waits without bound beside a Worker that is always in the lock": () =>
    withCrew(TASKS, 1, async (hand) => {
      const arena = new Arena({ workerCache: false });
      const signal = new SharedArrayBuffer(4);
      hand.start(churn, { handle: arena.handle, signal });
      await until(() => Atomics.load(new Int32Array(signal), 0) > 0);
      let worstMs = 0;
      for (let i = 0; i < 20_000; i++) {
        const from = performance.now();
        arena.free(arena.malloc(5000));
        worstMs = Math.max(worstMs, performance.now() - from);
      }
      assert.ok(worstMs < 2000, `the slowest pair took ${worstMs} ms`);
    }),
  "160 main thread blocked: Workers go on": () =>
    withCrew(TASKS, 1, async (hand) => {
      const arena = new Arena();
      const signal = new SharedArrayBuffer(4);
      hand.start(churn, { handle: arena.handle, signal });
      await until(() => Atomics.load(new Int32Array(signal), 0) > 0);
      const before = Atomics.load(new Int32Array(signal), 0);
      Bun.sleepSync(200);
      assert.ok(Atomics.load(new Int32Array(signal), 0) > before);
      arena.free(arena.malloc(8));
    }),
};
