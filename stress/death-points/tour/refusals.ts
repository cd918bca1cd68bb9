/** Requests that are refused: by the limit, by the system, because a pointer is none. */
import { attachmentOf } from "../insides.ts";
import type { Guide } from "./guide.ts";
import { privateArena } from "./private.ts";

const LARGE = 150_000;
/** The stock never has it: more is kept of no block in this arena. */
const MAPPED = 2 ** 21;
const TOO_LARGE = 2 ** 27;

export function limit(guide: Guide): void {
  const { arena, ledger } = guide;
  // What is kept goes first.
  guide.freeAll([guide.give(LARGE)]);
  guide.fails("OutOfMemoryError", () => arena.malloc(TOO_LARGE));
  guide.fails("OutOfMemoryError", () => arena.calloc(TOO_LARGE, 2));
  guide.fails("OutOfMemoryError", () => arena.alignedAlloc(64, TOO_LARGE));
  const [small, large] = [guide.give(100), guide.give(LARGE)];
  guide.fails("OutOfMemoryError", () => ledger.realloc(arena, small, TOO_LARGE));
  guide.fails("OutOfMemoryError", () => ledger.realloc(arena, large, TOO_LARGE));
  guide.freeAll([small, large]);
}

/** A window grows up to the limit, and a mapping that is kept ends for it. */
export function narrow(guide: Guide): void {
  const arena = privateArena(guide, { limit: 2 ** 24 });
  arena.free(arena.malloc(LARGE));
  guide.fails("OutOfMemoryError", () => {
    for (;;) arena.malloc(100_000);
  });
  arena.dispose();
}

/** Each system call refused where it can be. The hooks are this Worker's own. */
export function system(guide: Guide): void {
  const { arena, ledger } = guide;
  const numbers: number[] = [];
  const fill = () => {
    for (let i = 0; i < 60; i++) numbers.push(guide.give(120_000));
  };
  guide.freeAll([guide.give(LARGE)]);
  guide.refusing("commit", () => guide.fails("OutOfMemoryError", fill));
  // Only the longer step is refused, the shortest is not.
  guide.refusing("commit", () => numbers.push(guide.give(120_000)), 1);
  guide.refusing("map", () => guide.fails("OutOfMemoryError", () => arena.malloc(MAPPED)));
  guide.freeAll([guide.give(LARGE)]);
  guide.refusing("map", () => guide.fails("OutOfMemoryError", () => arena.malloc(MAPPED)));
  guide.refusing("map", () => guide.fails("OutOfMemoryError", () => arena.alignedAlloc(2 ** 18, MAPPED)));
  const large = guide.give(LARGE);
  // No mremap: copied. Then a move of which the last step is refused.
  guide.refusing("remap", () => guide.refusing("map", () => ledger.realloc(arena, large, LARGE * 2), 1));
  guide.refusing("remap", () => ledger.realloc(arena, large, LARGE * 3));
  ledger.free(arena, large);
  const pages = guide.pages;
  guide.refusing("release", () => arena.trim());
  guide.refusing("reserve", () => guide.fails("OutOfMemoryError", fill));
  guide.refusing("commit", () => guide.fails("OutOfMemoryError", fill));
  // High addresses are taken: reserved elsewhere, and cut to alignment.
  const reserve = pages.reserve.bind(pages);
  const low = (byteLength: number, hint: number) => (hint === 0 ? reserve(byteLength, 0) : -17);
  guide.replacing(pages, "reserve", low as never, () => numbers.push(...guide.giveMany(20, 120_000)));
  guide.freeAll(numbers);
}

export function pointers(guide: Guide): void {
  const { arena, ledger } = guide;
  const frees = (address: number) => guide.fails("InvalidPointerError", () => arena.free(address));
  const [small, middle, large] = [guide.give(100), guide.give(60_000), guide.give(LARGE)];
  const [merged, wall] = [guide.give(60_000), guide.give(60_000)];
  const inMerged = ledger.addressOf(merged);
  const [at, inMiddle, inLarge] = [small, middle, large].map((number) => ledger.addressOf(number)) as [
    number,
    number,
    number,
  ];
  for (const address of [
    at + 16,
    at - 8,
    inMiddle + 4096,
    inLarge + 4096,
    16,
    2 ** 45,
    arena.handle.address + 64,
  ])
    frees(address);
  frees(arena.handle.address + 2_000_000);
  guide.fails("InvalidPointerError", () => arena.usableSize((at + 16) as never));
  guide.fails("InvalidPointerError", () => arena.usableSize((inLarge + 16) as never));
  guide.fails("InvalidPointerError", () => arena.realloc(at + 16, 10));
  guide.fails("InvalidPointerError", () => arena.realloc(inLarge + 16, 10));
  guide.freeAll([small, middle, merged, large]);
  for (const address of [at, inMiddle, inMerged, inLarge, inMiddle + 4096]) frees(address);
  guide.fails("InvalidPointerError", () => arena.usableSize(at as never));
  const inWall = ledger.addressOf(wall);
  ledger.free(arena, wall);
  attachmentOf(arena).purgeTimer.look(0);
  frees(inWall);
}

export function argumentsOf(guide: Guide): void {
  const { arena, build } = guide;
  const { Arena } = build;
  const bad = <Value>(value: unknown): Value => value as Value;
  guide.fails("TypeError", () => arena.malloc(bad("x")));
  guide.fails("TypeError", () => arena.malloc(bad("x".repeat(100))));
  guide.fails("TypeError", () => arena.malloc(bad(undefined)));
  guide.fails("RangeError", () => arena.malloc(-1));
  guide.fails("RangeError", () => arena.malloc(1.5));
  guide.fails("RangeError", () => arena.calloc(2 ** 30, 2 ** 40));
  guide.fails("RangeError", () => arena.alignedAlloc(3, 10));
  guide.fails("TypeError", () => arena.alignedAlloc(bad("x"), 10));
  guide.fails("TypeError", () => arena.free(bad({})));
  guide.fails("RangeError", () => arena.free(-4));
  guide.fails("TypeError", () => new Arena(bad(1)));
  guide.fails("TypeError", () => new Arena(bad({ colour: 1 })));
  guide.fails("TypeError", () => new Arena({ name: bad(1) }));
  const policies = [
    "x",
    "bins:fit=first",
    "unordered:x=1",
    "unordered:fit=first,fit=next",
    "unordered:fit=x",
  ];
  for (const policy of [...policies, "unordered:every=x", "unordered:every=1234567890"])
    guide.fails("RangeError", () => new Arena({ policy }));
  guide.fails("TypeError", () => new Arena({ policy: bad(1) }));
  guide.fails("TypeError", () => new Arena({ workerCache: bad(1) }));
  guide.fails("TypeError", () => new Arena({ purgeDelay: bad("1") }));
  guide.fails("RangeError", () => new Arena({ purgeDelay: -1 }));
  guide.fails("RangeError", () => new Arena({ checks: bad("x") }));
  guide.fails("TypeError", () => new Arena({ limit: bad("x") }));
  guide.fails("RangeError", () => new Arena({ limit: 1 }));
  guide.fails("TypeError", () => Arena.attach(bad(1)));
  guide.fails("TypeError", () => Arena.attach(bad({ a: 1 })));
  guide.fails("TypeError", () => Arena.attach(bad({ ...arena.handle, name: 1 })));
  guide.fails("ArenaError", () => Arena.attach({ ...arena.handle, version: 99 }));
  guide.fails("ArenaError", () => Arena.attach({ ...arena.handle, id: 1 }).malloc(1));
}

export function looking(guide: Guide): void {
  const { arena } = guide;
  const numbers = [guide.give(100), guide.give(60_000), guide.give(LARGE)];
  arena.stats();
  arena.check();
  for (const block of arena.blocks()) if (block.large) break;
  guide.fails("ArenaError", () => arena.reset()); // survivors are attached
  guide.freeAll(numbers);
}
