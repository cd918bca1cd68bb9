/** Blocks with an owner, their tickets, scopes, and views of raw pointers; and what is refused. */
import type { Guide } from "./guide.ts";
import { privateArena } from "./private.ts";

const LARGE = 3 * 2 ** 20;

export function blocks(guide: Guide): void {
  const arena = privateArena(guide, { reserve: 2 ** 23, largeThreshold: 2 ** 20 }, true);
  for (const size of [0, 100, LARGE]) {
    const block = arena.allocate(size);
    block.bytes.fill(1);
    block.view(Uint16Array);
    block.view(DataView);
    block.resize(size + 5000);
    block.buffer.transfer();
    block.bytes.fill(2);
    block[Symbol.dispose]();
    block.dispose();
  }
  arena.allocate(100, { zero: true }).resize(500);
  const aligned = arena.allocate(100, { zero: true, align: 64 });
  aligned.resize(500);
  aligned.byteLength;
  aligned.disposed;
  const { handle } = aligned;
  aligned.byteLength;
  aligned.disposed;
  guide.fails("ArenaError", () => aligned.bytes);
  const adopted = arena.adopt(handle);
  adopted.dispose();
  guide.fails("ArenaError", () => arena.adopt(handle));
  guide.fails("ArenaError", () => arena.adopt({ ...handle, ticket: 7 }));
  guide.fails("ArenaError", () => arena.adopt({ ...handle, arena: 1 }));
  guide.fails("TypeError", () => arena.adopt({} as never));
  guide.fails("TypeError", () => arena.adopt(1 as never));
  for (const options of [1, { zeros: true }, { zero: 1 }])
    guide.fails("TypeError", () => arena.allocate(10, options as never));
  guide.fails("TypeError", () => arena.allocate(10).view(1 as never));
  const left = arena.allocate(10);
  arena.write.u8(left.address, 0, 1);
  left.bytes.fill(1);
  arena.dispose();
}

/** Where even a ticket has a mapping of its own. */
export function mappedTickets(guide: Guide): void {
  const arena = privateArena(guide, { largeThreshold: 0 }, true);
  const { handle } = arena.allocate(10);
  arena.adopt(handle).dispose();
  guide.fails("ArenaError", () => arena.adopt(handle));
  arena.dispose();
}

export function scopes(guide: Guide): void {
  const arena = privateArena(guide, {}, true);
  const scope = arena.scope();
  const pointer = scope.malloc(10);
  scope.calloc(2, 10);
  scope.realloc(scope.realloc(null, 10), 3000);
  scope.alignedAlloc(64, 100);
  scope.cstring("text");
  scope.allocate(20).bytes.fill(1);
  scope.free(scope.malloc(40));
  arena.free(pointer);
  guide.fails("InvalidPointerError", () => scope[Symbol.dispose]());
  scope[Symbol.dispose]();
  scope.malloc(10);
  arena.reset();
  scope.dispose();
  arena.dispose();
}

export function viewed(guide: Guide): void {
  const arena = privateArena(guide, { reserve: 2 ** 23, largeThreshold: 2 ** 20 }, true);
  const small = arena.malloc(100);
  arena.view(small, Uint8Array);
  arena.view(small, Float64Array, 2).buffer.transfer();
  arena.view(small, Uint8Array);
  guide.fails("TypeError", () => arena.view(small, 1 as never));
  guide.fails("RangeError", () => arena.view(small, Uint8Array, 1000));
  guide.fails("RangeError", () => arena.view(0, Uint8Array));
  guide.fails("InvalidPointerError", () => arena.view(small + 16, Uint8Array));
  arena.free(arena.malloc(50));
  arena.free(arena.realloc(small, 6000));
  const large = arena.malloc(LARGE);
  arena.view(large, Uint8Array);
  arena.free(arena.realloc(large, LARGE - 2 ** 20));
  arena.view(arena.malloc(200), Uint8Array);
  arena.reset();
  const last = arena.malloc(200);
  arena.view(last, Uint8Array);
  arena.detach();
  arena.view(last, Uint8Array);
  arena.detach();
  arena.alignedAlloc(64, 100);
  arena.detach();
  arena.realloc(null, 10);
  arena.detach();
  arena.free(last);
  arena.dispose();
}
