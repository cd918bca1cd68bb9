/** Rows 145, 154, 155, 158, 162: how many Workers there may be, and what they leave behind. */
import assert from "node:assert/strict";
import { SLOTS } from "../../src/core/tunables.ts";
import { Arena } from "../../src/index.ts";
import { Hand, TaskError } from "./crew.ts";
import { worksOn } from "./harness.ts";
import { type Cases, runScript } from "./subprocess.ts";
import { allocate, attach, hasMarks, MIXED_SIZES, TASKS, warmUp } from "./worker-tasks.ts";

export const cases: Cases = {
  "145 more participants than slots: refused, others unaffected, slots of ended Workers are used again":
    async () => {
      const arena = new Arena();
      const block = arena.malloc(100);
      const hands: Hand[] = [];
      for (let i = 1; i < SLOTS; i++) {
        const hand = await Hand.hire(TASKS);
        hands.push(hand);
        assert.equal(await hand.run(attach, arena.handle), i + 1);
      }
      const late = await Hand.hire(TASKS);
      const error = await late.run(attach, arena.handle).catch((thrown) => thrown);
      assert.ok(error instanceof TaskError, String(error));
      assert.equal(error.code, "too-many-workers");
      assert.equal(arena.stats().workers, SLOTS);
      arena.free(block);
      worksOn(arena);
      await hands[60]!.run(warmUp, arena.handle);
      await hands[60]!.terminate();
      assert.equal(await late.run(attach, arena.handle), SLOTS);
      worksOn(arena);
      process.exit(0);
    },
  "154 155 Worker ended with live blocks and a full cache: blocks stay valid, its cache and slot come back":
    async () => {
      const arena = new Arena();
      const { handle } = arena;
      for (let turn = 0; turn < 5; turn++) {
        const hand = await Hand.hire(TASKS);
        const pointers = await hand.run(allocate, { handle, sizes: MIXED_SIZES });
        await hand.run(warmUp, handle);
        await hand.terminate();
        hasMarks(pointers, MIXED_SIZES);
        assert.equal(arena.stats().workers, 1);
        for (const pointer of pointers) arena.free(pointer);
        const heir = await Hand.hire(TASKS);
        assert.equal(await heir.run(attach, handle), 2);
        assert.equal(arena.stats().adoptions, turn * 2 + 1, "the slot and its cache were adopted");
        await heir.terminate();
        arena.trim();
        const { liveBlocks, cachedBlocks } = arena.stats();
        assert.deepEqual({ liveBlocks, cachedBlocks }, { liveBlocks: 0, cachedBlocks: 0 });
      }
      worksOn(arena);
      arena.dispose();
    },
  "158 two hundred attach/terminate turns: committed memory stays level": async () => {
    const arena = new Arena();
    const { handle } = arena;
    const committed: number[] = [];
    const turn = async () => {
      const hand = await Hand.hire(TASKS);
      await hand.run(warmUp, handle);
      await hand.terminate();
    };
    for (let turns = 0; turns < 200; turns += 4) {
      await Promise.all([turn(), turn(), turn(), turn()]);
      committed.push(arena.stats().committedBytes);
    }
    assert.ok(Math.max(...committed) <= committed[5]! * 1.5, `committed ${committed.join()}`);
    assert.equal(arena.stats().workers, 1);
    worksOn(arena);
    arena.dispose();
  },
  "162 shutdown of the process while Workers allocate: clean exit": async () => {
    const script = new URL("./shutdown-script.ts", import.meta.url).pathname;
    for (let turn = 0; turn < 10; turn++) {
      const { exitCode, signal, output } = await runScript([script, String(turn * 3)], 5000);
      assert.deepEqual({ exitCode, signal, output }, { exitCode: 7, signal: null, output: "" });
    }
  },
};
