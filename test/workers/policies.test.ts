/**
 * Every policy under Workers that are terminated in the middle of what they do, with and without caches: nobody hangs, the
 * arena stays sound, and what the dead had is found again.
 */
import { expect, test } from "bun:test";
import { Arena } from "../../src/index.ts";
import { expectNothingLeft } from "../support/nothing-left.ts";
import { policyVariants } from "../support/policy-variants.ts";
import type { Order } from "./crew.ts";

/** None has a mapping of its own on any policy: the crew exchanges places within the window. */
const SIZES = [1, 16, 24, 100, 300, 1000, 3000];
const ROUNDS = 5;
const WORKERS = 2;

/** Starts a Worker that churns until it is terminated; what goes wrong in it is noted. */
function start(arena: Arena, seed: number, table: SharedArrayBuffer, faults: string[]): Worker {
  const worker = new Worker(new URL("./crew.ts", import.meta.url));
  const order = (): Order => ({ do: "churn", sizes: SIZES, seed, arena: arena.handle, table });
  worker.onmessage = ({ data }) => {
    if (data.error === undefined) worker.postMessage(order());
    else faults.push(data.error);
  };
  worker.postMessage(order());
  return worker;
}

async function isAlone(arena: Arena): Promise<void> {
  while (arena.stats().workers > 1) await Bun.sleep(5);
}

for (const policy of policyVariants) {
  for (const workerCache of [true, false]) {
    test(`${policy}, ${workerCache ? "caches" : "no caches"}: terminated Workers leave a sound arena`, async () => {
      using arena = new Arena({ policy, workerCache });
      const faults: string[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const table = new SharedArrayBuffer(64 * 4);
        const crew = Array.from({ length: WORKERS }, (_, at) =>
          start(arena, 17 * round + at + 1, table, faults),
        );
        while (arena.stats().liveBlocks === 0) await Bun.sleep(1);
        await Bun.sleep(5 + 7 * round);
        for (const worker of crew) worker.terminate();
        const mine = Array.from({ length: 200 }, (_, i) => arena.malloc(SIZES[i % SIZES.length]!));
        arena.check();
        for (const pointer of mine) arena.free(pointer);
        expect(faults).toEqual([]);
        await isAlone(arena);
        for (const { pointer } of arena.blocks()) arena.free(pointer);
        arena.trim();
        arena.check();
        expectNothingLeft(arena);
      }
    }, 60_000);
  }
}
