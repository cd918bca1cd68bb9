/** Blocks with a mapping of their own. */
import type { Guide } from "./guide.ts";
import { privateArena } from "./private.ts";

const LARGE = 150_000;

export function mappings(guide: Guide): void {
  const { arena, ledger } = guide;
  const number = guide.give(LARGE);
  arena.usableSize(ledger.addressOf(number) as never);
  ledger.realloc(arena, number, LARGE + 100); // in the same pages
  ledger.realloc(arena, number, 400_000);
  ledger.realloc(arena, number, LARGE); // leaves a hole behind
  ledger.realloc(arena, number, LARGE * 2); // into it
  // In place it is refused once: the pages move.
  const { pages } = guide;
  const real = pages.remap.bind(pages);
  guide.replacing(
    pages,
    "remap",
    (...values) => (values[3] === 0 ? -12 : real(...values)),
    () => {
      ledger.realloc(arena, number, LARGE * 3);
    },
  );
  ledger.realloc(arena, number, 1000); // into a window
  ledger.realloc(arena, number, LARGE); // and out again
  ledger.free(arena, number);
  for (const alignment of [64, 2 ** 18]) {
    const aligned = guide.number();
    ledger.alignedAlloc(arena, aligned, alignment, LARGE);
    ledger.free(arena, aligned);
  }
  const zeros = guide.number();
  ledger.calloc(arena, zeros, LARGE);
  ledger.free(arena, zeros);
}

/** A freed mapping serves the next block of its size, and goes back when it has been idle or another one is freed. */
export function stock(guide: Guide): void {
  guide.freeAll(guide.giveMany(2, LARGE));
  guide.freeAll([guide.give(LARGE), guide.give(LARGE * 2)]);
  guide.freeAll(guide.giveMany(2, 60_000));
  guide.afterDelay(() => guide.freeAll(guide.giveMany(2, 60_000)));
}

/** Mappings that may not be ended, or whose end the system refuses: parked, taken again, and ended later. */
export function parking(guide: Guide): void {
  const { arena, ledger, pages } = guide;
  guide.refusing("unmap", () => {
    const number = guide.give(LARGE * 2);
    ledger.realloc(arena, number, LARGE); // the rest of it
    ledger.free(arena, number);
    const aligned = guide.number();
    ledger.alignedAlloc(arena, aligned, 2 ** 18, LARGE); // both ends
    ledger.free(arena, aligned);
    arena.trim();
    guide.freeAll(guide.giveMany(100, LARGE)); // former tables
  });
  arena.trim();
  const few = () => 1;
  const numbers = guide.giveMany(80, LARGE);
  guide.replacing(pages, "mappingsMost", few, () => {
    const parked = ledger.addressOf(numbers[0]!);
    guide.freeAll(numbers.slice(0, 4));
    guide.fails("InvalidPointerError", () => arena.free(parked));
    numbers.splice(0, 4, ...guide.giveMany(4, LARGE));
    guide.refusing("release", () => guide.freeAll(numbers.splice(0, 4)));
    arena.trim();
  });
  guide.purge(arena);
  guide.freeAll(numbers);
  const own = privateArena(guide);
  own.free(own.malloc(LARGE));
  for (let i = 0; i < 3; i++) own.malloc(LARGE);
  guide.refusing("unmap", () => own.reset(), 2);
  own.reset();
  own.dispose();
  // Where nothing is kept for the next block.
  const strict = privateArena(guide, { workerCache: false });
  const blocks = Array.from({ length: 68 }, () => strict.malloc(LARGE));
  guide.replacing(pages, "mappingsMost", few, () => strict.free(blocks[1]!));
  strict.dispose();
}

/** More blocks than a table has room for; then a renewal because of removed entries. */
export function table(guide: Guide): void {
  guide.freeAll(guide.giveMany(110, LARGE));
  for (let i = 0; i < 3; i++) guide.freeAll(guide.giveMany(40, LARGE));
}
