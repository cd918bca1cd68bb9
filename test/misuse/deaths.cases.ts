/**
 * Rows 156, 157: a Worker is terminated in the middle of malloc, free, realloc, growth or dispose. Each case kills
 * many Workers at moments that vary and looks at the arena after each: nobody hangs, `check()` is clean, at most one
 * block is lost.
 */
import assert from "node:assert/strict";
import { addressOf, bytesAt, compareMemory } from "../../native/raw-memory.ts";
import { Arena, type ArenaHandle, type ArenaOptions, heap, InvalidPointerError } from "../../src/index.ts";
import { Hand } from "./crew.ts";
import { worksOn } from "./harness.ts";
import type { Cases } from "./subprocess.ts";

const DEATHS = 30;
const HELD = 64;

export interface Life {
  readonly handle: ArenaHandle;
  /** The Worker's live blocks, as doubles, written right after each call; element 0 counts the calls. */
  readonly held: SharedArrayBuffer;
  readonly sizes: readonly number[];
  readonly kind: "malloc" | "realloc" | "grow";
}

/** Allocates, frees and reallocates until it is terminated. */
export function live({ handle, held, sizes, kind }: Life): void {
  const arena = Arena.attach(handle);
  const blocks = new Float64Array(held);
  for (let i = 0; ; i++) {
    const at = 1 + ((i * 7) % HELD);
    const size = sizes[i % sizes.length]!;
    const block = blocks[at]!;
    if (block === 0) blocks[at] = arena.malloc(size);
    else if (kind === "realloc") blocks[at] = arena.realloc(block, size);
    else if (kind === "grow") blocks[1 + HELD + (i % 4096)] = arena.malloc(size);
    else {
      arena.free(block);
      blocks[at] = 0;
    }
    blocks[0] = i;
    if (kind === "grow" && i % 256 === 255) {
      for (let j = 1; j < blocks.length; j++) {
        const old = blocks[j]!;
        if (old === 0) continue;
        arena.free(old);
        blocks[j] = 0;
      }
    }
  }
}

/** Reallocates one block to and fro between lengths that never fit in place; its bytes are all the same. */
export function copyOn(input: {
  handle: ArenaHandle;
  held: SharedArrayBuffer;
  sizes: readonly number[];
}): void {
  const arena = Arena.attach(input.handle);
  const shared = new Float64Array(input.held);
  for (let i = 0; ; i++) {
    // In the way of growing in place.
    const wall = arena.malloc(70_000);
    shared[1] = arena.realloc(shared[1]!, input.sizes[i % input.sizes.length]!);
    arena.free(wall);
    shared[0] = i;
  }
}

/** Makes and disposes arenas until it is terminated. */
export function makeArenas(signal: SharedArrayBuffer): void {
  const counter = new Int32Array(signal);
  for (;;) {
    const arena = new Arena({ largeThreshold: 2 ** 19 });
    arena.malloc(100);
    arena.malloc(2 ** 20);
    arena.dispose();
    Atomics.add(counter, 0, 1);
  }
}

const COPIED = 2 ** 22;
const MARK = 0x6b;

/** Waits for a while that differs from turn to turn, in steps of 30 microseconds. */
async function someTime(turn: number): Promise<void> {
  await Bun.sleep(turn % 3);
  const until = Bun.nanoseconds() + (turn % 50) * 30_000;
  while (Bun.nanoseconds() < until);
}

async function until(holds: () => boolean): Promise<void> {
  const limit = performance.now() + 8000;
  while (!holds()) {
    assert.ok(performance.now() < limit, "the Worker got to work");
    await Bun.sleep(0);
  }
}

/** Frees what a dead Worker held. A block whose free had begun may be gone: at most one. */
function bury(arena: Arena, blocks: Float64Array): void {
  let gone = 0;
  for (let i = 1; i < blocks.length; i++) {
    const block = blocks[i]!;
    if (block === 0) continue;
    blocks[i] = 0;
    try {
      arena.free(block);
    } catch (error) {
      assert.ok(error instanceof InvalidPointerError, String(error));
      assert.ok(["double-free", "invalid-pointer"].includes(error.code), error.message);
      assert.ok(++gone <= 1, `${gone} blocks were gone: ${error.message}`);
    }
  }
}

async function killAgainAndAgain(kind: Life["kind"], sizes: readonly number[], options: ArenaOptions) {
  const arena = new Arena(options);
  const mine = Array.from({ length: 50 }, (_, i) => {
    const pointer = arena.malloc(100 + i);
    bytesAt(pointer, 100 + i).fill(i);
    return pointer;
  });
  let lost = 0;
  for (let turn = 0; turn < DEATHS; turn++) {
    const held = new SharedArrayBuffer((1 + HELD + 4096) * 8);
    const blocks = new Float64Array(held);
    const hand = await Hand.hire(import.meta.url);
    hand.start(live, { handle: arena.handle, held, sizes, kind });
    await until(() => blocks[0]! > 50);
    await someTime(turn);
    await hand.terminate();
    arena.check();
    arena.trim();
    bury(arena, blocks);
    arena.trim();
    const stats = arena.stats();
    const lostNow = stats.liveBlocks + stats.cachedBlocks - mine.length;
    assert.ok(lostNow <= lost + 1, `turn ${turn}: ${lostNow - lost} blocks lost by one death`);
    lost = lostNow;
    worksOn(arena);
  }
  mine.forEach((pointer, i) => {
    assert.ok(bytesAt(pointer, 100 + i).every((byte) => byte === i));
    arena.free(pointer);
  });
  assert.equal(arena.stats().workers, 1);
  arena.dispose();
}

/** After a death in a realloc that moves, the old block or the new one is in use and has the contents. */
async function killInCopy(options: ArenaOptions, sizes: readonly number[], settle: (arena: Arena) => void) {
  // So much of the block is there whatever length it has at the moment.
  const kept = Math.min(COPIED, ...sizes);
  const contents = new Uint8Array(kept).fill(MARK);
  for (let turn = 0; turn < DEATHS; turn++) {
    const arena = new Arena(options);
    const held = new SharedArrayBuffer(16);
    const shared = new Float64Array(held);
    const block = arena.malloc(COPIED);
    bytesAt(block, COPIED).fill(MARK);
    shared[1] = block;
    const hand = await Hand.hire(import.meta.url);
    hand.start(copyOn, { handle: arena.handle, held, sizes });
    await until(() => shared[0]! > 0);
    await Bun.sleep(turn % 7);
    await someTime(turn);
    await hand.terminate();
    arena.check();
    settle(arena);
    const intact = [...arena.blocks()].filter(
      ({ pointer, byteLength }) =>
        byteLength >= kept && compareMemory(pointer, addressOf(contents), kept) === 0,
    );
    assert.ok(intact.length > 0, `turn ${turn}: neither the old nor the new block is intact`);
    for (const { pointer } of intact) arena.free(pointer);
    worksOn(arena);
    arena.dispose();
  }
}

/** All blocks in windows: realloc copies. */
const IN_WINDOW: ArenaOptions = { largeThreshold: 2 ** 28 };
/** Large blocks have a mapping of their own: realloc remaps. */
const MAPPED: ArenaOptions = { largeThreshold: 2 ** 19 };
const SMALL = [16, 40, 100, 200, 600, 1200, 5000];
const MIDDLE = [40_000, 100_000, 300_000, 70_000];
const LARGE_SIZES = [600_000, 2 ** 20, 3_000_000];

export const cases: Cases = {
  "156 157 terminated in malloc and free: cached sizes": () => killAgainAndAgain("malloc", SMALL, {}),
  "156 157 terminated in malloc and free: without a cache": () =>
    killAgainAndAgain("malloc", [...SMALL, ...MIDDLE], { workerCache: false }),
  "156 157 terminated in malloc and free: large blocks": () =>
    killAgainAndAgain("malloc", LARGE_SIZES, MAPPED),
  "156 157 terminated while the arena grows": () => killAgainAndAgain("grow", [...SMALL, ...MIDDLE], {}),
  "157 terminated in realloc: small blocks": () => killAgainAndAgain("realloc", SMALL, {}),
  "157 terminated in realloc: middle blocks": () =>
    killAgainAndAgain("realloc", MIDDLE, { workerCache: false }),
  "157 terminated in realloc: large blocks": () => killAgainAndAgain("realloc", LARGE_SIZES, MAPPED),
  "157 terminated in the copy of realloc: after trim() the old or the new block is intact": () =>
    killInCopy(IN_WINDOW, [2 * COPIED, COPIED / 4, COPIED], (arena) => arena.trim()),
  "157 terminated in the copy of realloc: at once the old or the new block is intact": () =>
    killInCopy(IN_WINDOW, [2 * COPIED, COPIED / 4, COPIED], () => {}),
  "157 terminated in the copy of realloc between window and mapping: after trim() one is intact": () =>
    killInCopy({ largeThreshold: 2 ** 25 }, [2 ** 24, 2 ** 26], (arena) => arena.trim()),
  "157 terminated in the remapping of realloc: after trim() the old or the new block is intact": () =>
    killInCopy(MAPPED, [2 * COPIED, COPIED / 4, COPIED], (arena) => arena.trim()),
  "157 terminated in making and disposing arenas: others can": async () => {
    for (let turn = 0; turn < DEATHS; turn++) {
      const signal = new SharedArrayBuffer(4);
      const hand = await Hand.hire(import.meta.url);
      hand.start(makeArenas, signal);
      await until(() => Atomics.load(new Int32Array(signal), 0) > 2);
      await someTime(turn);
      await hand.terminate();
      const arena = new Arena();
      worksOn(arena);
      arena.dispose();
    }
    worksOn(heap);
  },
};
