/**
 * A Worker that does what it is told, one order at a time, and answers with the result. Orders name an allocator
 * function; pointers are numbers.
 */
import {
  Arena,
  type ArenaHandle,
  alignedAlloc,
  calloc,
  free,
  heap,
  malloc,
  realloc,
} from "../../src/index.ts";

export type Order =
  | { do: "malloc" | "churn"; sizes: number[]; arena?: ArenaHandle; seed?: number; table?: SharedArrayBuffer }
  | { do: "free"; pointers: number[]; arena?: ArenaHandle }
  | { do: "slot" | "detach" | "heap"; arena?: ArenaHandle };

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<Order>) => {
  try {
    self.postMessage({ result: obey(data) });
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    self.postMessage({ error: `${name} ${code}: ${message}` });
  }
};

function obey(order: Order): unknown {
  const arena = order.arena === undefined ? heap : Arena.attach(order.arena);
  switch (order.do) {
    case "malloc":
      return order.sizes.map((size) => arena.malloc(size));
    case "free":
      for (const pointer of order.pointers) arena.free(pointer);
      return order.pointers.length;
    case "churn":
      return churn(arena, order.sizes, order.seed!, new Int32Array(order.table!));
    case "detach":
      arena.detach();
      return true;
    case "slot":
      return arena.stats().workers;
    case "heap":
      return [malloc, free, calloc, realloc, alignedAlloc].length > 0 ? heap.handle : undefined;
  }
}

/** Random operations, with blocks exchanged through a table of 16-byte units relative to the arena's window. */
function churn(arena: Arena, sizes: number[], seed: number, table: Int32Array): number {
  const base = arena.handle.address;
  let state = seed | 1;
  const draw = (bound: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  const mine: number[] = [];
  let exchanged = 0;
  for (let step = 0; step < 20_000; step++) {
    const size = sizes[draw(sizes.length)]!;
    mine.push(draw(8) === 0 ? arena.alignedAlloc(2 ** (5 + draw(4)), size) : arena.malloc(size));
    if (draw(3) === 0) mine.push(arena.realloc(mine.pop()!, sizes[draw(sizes.length)]!));
    if (draw(2) === 0) {
      const given = (mine.splice(draw(mine.length), 1)[0]! - base) / 16 + 1;
      const taken = Atomics.exchange(table, draw(table.length), given);
      if (taken !== 0) {
        arena.free(base + (taken - 1) * 16);
        exchanged++;
      }
    }
    if (mine.length > 200 || (draw(3) === 0 && mine.length > 0))
      arena.free(mine.splice(draw(mine.length), 1)[0]!);
  }
  for (const pointer of mine) arena.free(pointer);
  return exchanged;
}
