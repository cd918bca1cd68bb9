/** What is called often makes no garbage: beside views of gigabytes the collector hardly ever comes for it. */

import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { Arena } from "../../src/index.ts";

const CALLS = 20_000;

/** Closures and their scopes that exist, those not collected yet among them. */
function closures(): number {
  const { Function: functions = 0, JSLexicalEnvironment: scopes = 0 } = heapStats().objectTypeCounts;
  return functions + scopes;
}

const calls: Record<string, (arena: Arena, pointer: number) => void> = {
  "malloc and free": (arena) => arena.free(arena.malloc(100)),
  usableSize: (arena, pointer) => arena.usableSize(pointer),
  realloc: (arena) => arena.free(arena.realloc(arena.malloc(100), 600)),
  alignedAlloc: (arena) => arena.free(arena.alignedAlloc(64, 100)),
  "alignedAlloc under the lock": (arena) => arena.free(arena.alignedAlloc(4096, 100_000)),
  "copy, fill and compare": (arena, pointer) => {
    arena.copy(pointer, pointer + 10, 30);
    arena.fill(pointer, 1, 40);
    arena.compare(pointer, pointer + 20, 20);
  },
  "unaligned read and write": (arena, pointer) => arena.write.u32(pointer, 1, arena.read.u32(pointer, 3)),
  "malloc under the lock": (arena) => arena.free(arena.malloc(100_000)),
};

for (const [name, call] of Object.entries(calls)) {
  test(`${name}: no closure is made`, () => {
    using arena = new Arena();
    const pointer = arena.malloc(100);
    for (let i = 0; i < 100; i++) call(arena, pointer);
    Bun.gc(true);
    const before = closures();
    for (let i = 0; i < CALLS; i++) call(arena, pointer);
    expect(closures() - before).toBeLessThan(CALLS / 10);
  });
}
