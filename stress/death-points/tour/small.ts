/** Blocks in windows: caches, batches, realloc in place and by copy, alignment, growth, a second window. */
import { attachmentOf } from "../insides.ts";
import { GIFTS } from "../trial-memory.ts";
import type { Guide } from "./guide.ts";
import { privateArena } from "./private.ts";

export function caches(guide: Guide): void {
  const { arena, ledger } = guide;
  guide.freeAll([0, 1, 24, 100, 512, 700, 5000, 32_000].map((size) => guide.give(size)));
  for (const size of [40, 1100]) guide.freeAll(guide.giveMany(70, size));
  // The class is empty, and the blocks that served it may be another one's.
  guide.freeAll([guide.give(1100), ...guide.giveMany(30, 1100)]);
  guide.freeAll(guide.giveMany(6, 30_000));
  const number = guide.number();
  ledger.calloc(arena, number, 300);
  arena.usableSize(ledger.addressOf(number) as never);
  ledger.free(arena, number);
  arena.free(null);
  arena.free(arena.realloc(null, 50));
  arena.usableSize(null);
}

/** Blocks of exact sizes: kept, checked, taken again out of the list of their class and of those above. */
export function kept(guide: Guide): void {
  for (const size of [30_000, 60_000]) {
    guide.freeAll([guide.give(size)]);
    guide.arena.check();
    guide.freeAll(guide.giveMany(2, size));
  }
  // The first one of its class is too short.
  for (const sizes of [[9300], [9300, 10_300], [9300, 11_500]]) {
    guide.freeAll(sizes.map((size) => guide.give(size)));
    guide.freeAll([guide.give(9900)]);
    attachmentOf(guide.arena).purgeTimer.look(0);
  }
}

/** More than may be kept: a part goes back. The rest is merged before the window grows, and cut into pieces again. */
export function flushes(guide: Guide): void {
  const { arena, ledger } = guide;
  const fill = () => guide.freeAll(guide.giveMany(500, 3000));
  fill();
  arena.check();
  fill();
  guide.freeAll(guide.giveMany(20, 110_000));
  const pieces = guide.giveMany(60, 1500);
  guide.freeAll(pieces.filter((_, i) => i % 2 === 0));
  attachmentOf(arena).purgeTimer.look(0);
  guide.freeAll(guide.giveMany(60, 1500));
  guide.freeAll(pieces.filter((_, i) => i % 2 === 1));
  const numbers = Array.from({ length: 20 }, () => {
    const number = guide.number();
    ledger.alignedAlloc(arena, number, 4096, 100_000);
    return number;
  });
  guide.freeAll(numbers);
}

/** Blocks that survivors allocated. */
export function gifts(guide: Guide): void {
  const { arena, ledger } = guide;
  for (let i = 0; i < GIFTS.count; i++) {
    const number = GIFTS.first + i;
    const act = i % 4;
    if (act === 0) ledger.free(arena, number);
    else if (act === 1) ledger.realloc(arena, number, 500 + i * 100);
    else if (act === 2) arena.usableSize(ledger.addressOf(number) as never);
  }
}

/** A block grows into a ready one, and one does that was freed while it was copied. */
export function ready(guide: Guide): void {
  const { arena, ledger } = guide;
  const own = privateArena(guide);
  // Of spans, and with headers.
  for (const [small, large] of [
    [100, 200],
    [1500, 2500],
  ] as const) {
    guide.freeAll([guide.give(large)]);
    const number = guide.give(small);
    ledger.realloc(arena, number, large);
    ledger.free(arena, number);
    own.free(own.malloc(large));
    const block = own.malloc(small);
    // The stack is full; another Worker frees it.
    const full = () => {
      throw new RangeError("Maximum call stack size exceeded.");
    };
    guide.replacing(guide.pages, "copy", full, () =>
      guide.fails("RangeError", () => own.realloc(block, large)),
    );
    const freed = () => {
      own.free(block);
      return 0;
    };
    guide.replacing(guide.pages, "copy", freed, () =>
      guide.fails("InvalidPointerError", () => own.realloc(block, large)),
    );
  }
  own.dispose();
}

/** Without a class, so that neighbours are known. */
export function places(guide: Guide): void {
  const { arena, ledger } = guide;
  const [low, middle, high] = [guide.give(60_000), guide.give(60_000), guide.give(60_000)];
  ledger.realloc(arena, high, 70_000); // at the end of the chain
  ledger.realloc(arena, high, 40_000); // shrinks
  ledger.free(arena, middle);
  ledger.realloc(arena, low, 90_000); // into the free neighbour
  const wall = guide.give(60_000);
  ledger.realloc(arena, low, 120_000); // has to move
  const between = guide.give(60_000);
  guide.freeAll([between, wall, high, low]);
  const small = guide.give(200);
  ledger.realloc(arena, small, 190); // stays
  ledger.realloc(arena, small, 40); // is cut
  ledger.realloc(arena, small, 3000); // is copied
  ledger.free(arena, small);
}

export function alignment(guide: Guide): void {
  const { arena, ledger } = guide;
  const give = (alignment: number) => {
    const number = guide.number();
    ledger.alignedAlloc(arena, number, alignment, 1000);
    return number;
  };
  guide.freeAll([16, 32, 32, 32, 32, 32, 32, 64, 4096, 2 ** 16].map(give));
  guide.freeAll([give(32)]); // ready in the cache
  for (let turn = 0; turn < 2; turn++) {
    // The second one is there already, with a header.
    const number = guide.number();
    ledger.alignedAlloc(arena, number, 64, 2000);
    ledger.free(arena, number);
  }
}

/** Windows are full: at the beginning of a batch for a cache, without one. */
export function windows(guide: Guide): void {
  guide.freeAll(guide.giveMany(140, 32_000));
  guide.freeAll(guide.giveMany(30, 120_000));
}

/** Pages and runs of small blocks come, empty, stay or go, and are used again for another size. */
export function churn(guide: Guide): void {
  for (const size of [40, 3000, 200, 4000, 1000, 4087, 40, 8000]) {
    const numbers = guide.giveMany(80, size);
    // Behind them, so that what gets empty is not the end of the chain.
    const wall = guide.giveMany(40, 500);
    guide.freeAll(numbers.filter((_, i) => i % 2 === 0));
    guide.arena.trim();
    const others = guide.giveMany(30, size);
    guide.freeAll(numbers.filter((_, i) => i % 2 === 1));
    guide.freeAll(others);
    guide.arena.trim();
    guide.freeAll(guide.giveMany(20, size * 2));
    guide.freeAll(wall);
    guide.arena.trim();
  }
  guide.freeAll(guide.giveMany(10, 4087));
  guide.arena.trim();
}

/** Free memory goes back: by `trim`, and by a free after it has been idle. */
export function idle(guide: Guide): void {
  const { arena } = guide;
  const free = () => {
    const numbers = guide.giveMany(12, 110_000);
    const hole = numbers.splice(3, 2);
    guide.freeAll(hole);
    guide.freeAll(numbers);
  };
  free();
  arena.trim();
  // A block above the hole keeps the hole from joining the untouched rest.
  const numbers = guide.giveMany(4, 110_000);
  guide.freeAll(numbers.splice(1, 2));
  arena.trim();
  guide.freeAll(numbers);
  free();
  guide.afterDelay(() => guide.freeAll(guide.giveMany(2, 60_000)));
  guide.refusing("release", () => guide.purge(arena));
  guide.purge(arena);
  // What is kept is idle while nobody takes it.
  const pass = () => guide.freeAll(guide.giveMany(500, 3500));
  pass();
  guide.purge(arena);
  pass();
  guide.afterDelay(() => attachmentOf(arena).purgeTimer.look(0));
  // Much is idle in pages that are partly in use, and a little more than at the last look.
  const own = privateArena(guide);
  const blocks = Array.from({ length: 800 }, () => own.malloc(4000));
  for (let i = 0; i < 780; i += 2) own.free(blocks[i]!);
  guide.purge(own);
  for (let i = 780; i < 800; i += 2) own.free(blocks[i]!);
  guide.purge(own);
  own.dispose();
}
