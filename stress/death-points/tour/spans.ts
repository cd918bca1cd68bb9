/** Spans, their segments and their magazines; blocks that others free; spans that somebody left. */
import {
  attachmentOf,
  die,
  freeAsAnother,
  freeUntold,
  loopNotes,
  loseNotes,
  serveFromSpans,
  spoilStale,
} from "../insides.ts";
import { GIFTS } from "../trial-memory.ts";
import type { Guide } from "./guide.ts";
import { privateArena } from "./private.ts";

/** Sizes of three classes. In the last one a span of the least size has few blocks. */
const [SMALL, MIDDLE, GREAT] = [40, 300, 1000] as const;
const SEGMENT = 2 ** 17;

/** Segments are made, cut, given back to the heap, and made again where one was; their pages go back meanwhile. */
export function segments(guide: Guide): void {
  const { arena } = guide;
  const fill = () => [
    ...guide.giveMany(60, SMALL),
    ...guide.giveMany(60, MIDDLE),
    ...guide.giveMany(330, GREAT),
  ];
  const numbers = fill();
  guide.freeAll(numbers);
  const again = fill();
  // The first of several spans of a class, and one between others.
  guide.freeAll(again.splice(120, 40));
  guide.freeAll(again.splice(200, 40));
  arena.check();
  arena.trim();
  guide.freeAll(again);
  guide.refusing("release", () => arena.trim());
  arena.trim();
}

/** Units that no span has and states of segments that are gone are idle memory: they go back after the delay. */
export function idleSpans(guide: Guide): void {
  const { arena } = guide;
  const numbers = [...guide.giveMany(12, 110_000), ...guide.giveMany(400, GREAT)];
  guide.freeAll(numbers.splice(20, 300));
  guide.freeAll(numbers.splice(0, 12));
  guide.refusing("release", () => guide.purge(arena));
  guide.afterDelay(() => {});
  guide.purge(arena);
  guide.freeAll(guide.giveMany(12, 110_000));
  guide.freeAll(numbers);
  guide.purge(arena);
}

/** Other Workers free blocks; this one is told, or looks because somebody died before it told. */
export function collecting(guide: Guide): void {
  const { arena, build, ledger } = guide;
  const freeRemotely = (numbers: readonly number[]) => {
    for (const number of numbers) freeAsAnother(build, arena, ledger.forget(number));
  };
  for (const size of [MIDDLE, GREAT]) {
    const numbers = guide.giveMany(60, size);
    freeRemotely(numbers.splice(5, 50));
    if (size === GREAT) loopNotes(build, arena);
    numbers.push(...guide.giveMany(70, size));
    freeRemotely(numbers.splice(0, 40));
    loseNotes(build, arena);
    arena.trim();
    guide.freeAll(numbers);
  }
  guide.lend(MIDDLE);
  guide.freeAll(guide.giveMany(20, MIDDLE));
  // All that is in use is freed between the last look and the end.
  const own = privateArena(guide, {}, true);
  const last = own.malloc(GREAT);
  const magazines = attachmentOf(own).magazines[0]!;
  const real = magazines.drain.bind(magazines);
  let drains = 0;
  const drain: typeof real = (heap) => {
    real(heap);
    if (++drains === 2) freeAsAnother(build, own, last);
  };
  guide.replacing(magazines, "drain", drain, () => own.detach());
  own.dispose();
}

/** A block is freed while its span changes hands. */
export function handover(guide: Guide): void {
  const { build } = guide;
  const arena = privateArena(guide, {}, true);
  const [block, other] = [arena.malloc(GREAT), arena.malloc(GREAT)];
  die(build, arena);
  arena.owner;
  serveFromSpans(arena);
  const magazines = attachmentOf(arena).magazines[0]!;
  let syncs = 0;
  const free = () => {
    // The second time, under the lock, it is adopted, but not in the magazines' list yet.
    if (++syncs === 2) freeAsAnother(build, arena, block);
  };
  guide.replacing(magazines, "sync", free, () => arena.free(arena.malloc(GREAT)));
  arena.free(other);
  arena.check();
  arena.dispose();
}

/** Dead Workers' spans are adopted, one by one and by several owners in turn; what is left of them is freed by all. */
export function orphans(guide: Guide): void {
  const { arena } = guide;
  const numbers: number[] = [];
  // More owners than a span can tell apart.
  for (let turn = 0; turn < 11; turn++) {
    numbers.push(...guide.giveMany(2, MIDDLE));
    endTerm(guide);
  }
  const others = guide.giveMany(50, GREAT);
  guide.freeAll(others.splice(3, 3));
  guide.lend(GREAT);
  endTerm(guide);
  // The newest is taken first; most are full.
  others.push(...guide.giveMany(60, GREAT));
  endTerm(guide);
  guide.freeAll(others.splice(0, 15));
  arena.trim();
  guide.freeAll(numbers);
  guide.freeAll(others);
  arena.trim();
}

/** What is left in use of a dead owner, in its own spans and in adopted ones, is listed, and freed, exactly. */
export function exactness(guide: Guide): void {
  const { arena, ledger } = guide;
  const left: { owner: number; numbers: number[] }[] = [];
  for (const size of [MIDDLE, GREAT, MIDDLE]) {
    left.push({ owner: arena.owner, numbers: [...guide.giveMany(9, size), ...guide.giveMany(4, SMALL)] });
    endTerm(guide);
  }
  // Adopts what has room.
  const own = [...guide.giveMany(12, MIDDLE), ...guide.giveMany(12, GREAT), ...guide.giveMany(12, SMALL)];
  for (const { owner, numbers } of left) {
    ledger.free(arena, numbers.pop()!);
    const listed = [...arena.blocks({ owner })].map(({ pointer }) => pointer as number);
    const wanted = numbers.map((number) => ledger.forget(number));
    if (listed.sort((a, b) => a - b).join() !== wanted.sort((a, b) => a - b).join())
      throw new Error(`listed ${listed}, in use ${wanted}`);
    const count = arena.reclaim(owner);
    if (count !== wanted.length) throw new Error(`${count} reclaimed, ${wanted.length} in use`);
  }
  arena.check();
  guide.freeAll(own);
}

/** Leaves with blocks in use, comes back, and takes its own former span. */
export function returning(guide: Guide): void {
  const { arena } = guide;
  const numbers = [...guide.giveMany(7, SMALL), ...guide.giveMany(30, GREAT)];
  arena.detach();
  guide.publishOwner();
  numbers.push(...guide.giveMany(7, SMALL), ...guide.giveMany(7, GREAT));
  guide.freeAll(numbers.splice(0, 20));
  arena.detach();
  guide.publishOwner();
  arena.trim();
  guide.freeAll(numbers);
}

/**
 * The lock's owner dies with ready blocks, with blocks freed by others, with spans that have no owner, and with a segment that is
 * gone but for some words.
 */
export function recovery(guide: Guide): void {
  const { arena, build, ledger } = guide;
  const orphaned = guide.giveMany(30, GREAT);
  endTerm(guide);
  // With segments between whose ends all is free, so that they dissolve.
  guide.freeAll(guide.giveMany(400, GREAT));
  const numbers = [...guide.giveMany(40, MIDDLE), ...guide.giveMany(40, SMALL)];
  for (const number of numbers.splice(10, 10)) freeAsAnother(build, arena, ledger.forget(number));
  guide.freeAll(numbers.splice(0, 15));
  // Of survivors, which have not looked yet.
  guide.freeAll([GIFTS.first + 1, GIFTS.first + 2]);
  // Of a span that nobody has marked: whoever freed it died first.
  freeUntold(arena, ledger.forget(GIFTS.first));
  attachmentOf(arena).heap.enter();
  spoilStale(arena);
  die(build, arena);
  guide.publishOwner();
  numbers.push(...guide.giveMany(50, GREAT), ...guide.giveMany(10, MIDDLE), ...guide.giveMany(2, 100_000));
  arena.trim();
  guide.freeAll(orphaned);
  guide.freeAll(numbers);
  arena.trim();
}

/** More small blocks than a window has room for. Without spans there is one that was freed in another window. */
export function secondWindow(guide: Guide): void {
  const arena = privateArena(guide, {}, true);
  const blocks = Array.from({ length: 2600 }, () => arena.malloc(GREAT));
  for (const block of blocks.splice(0, 40)) arena.free(block);
  for (let i = 0; i < 300; i++) blocks.push(arena.malloc(GREAT));
  for (const block of blocks.splice(0, 1500)) arena.free(block);
  arena.trim();
  arena.reset();
  arena.malloc(GREAT);
  arena.dispose();
}

/** A dead Worker's spans in an arena that is reset. */
export function resetSpans(guide: Guide): void {
  const arena = privateArena(guide, {}, true);
  for (const size of [SMALL, MIDDLE, GREAT]) for (let i = 0; i < 100; i++) arena.malloc(size);
  die(guide.build, arena);
  for (const size of [SMALL, MIDDLE]) arena.free(arena.malloc(size));
  arena.reset();
  for (let i = 0; i < 200; i++) arena.malloc(GREAT);
  arena.check();
  arena.dispose();
}

/** No memory for a table, for a segment, for a unit: blocks with headers serve instead. */
export function refusedSpans(guide: Guide): void {
  // Neither when it attaches, nor when it needs a segment.
  guide.refusing("map", () => {
    const unmapped = privateArena(guide, {}, true);
    unmapped.free(unmapped.malloc(MIDDLE));
    unmapped.dispose();
  });
  const narrow = privateArena(guide, { limit: SEGMENT - 4096 }, true);
  for (let i = 0; i < 8; i++) narrow.alignedAlloc(256, 200);
  narrow.dispose();
  // A segment was had, and most of its pages were not used yet when all else was taken.
  const full = privateArena(guide, { limit: 3 * SEGMENT }, true);
  full.malloc(MIDDLE);
  guide.fails("OutOfMemoryError", () => {
    for (;;) full.malloc(3000);
  });
  guide.fails("OutOfMemoryError", () => {
    for (;;) full.malloc(GREAT);
  });
  full.dispose();
}

/** A block is freed while it is copied. */
export function copies(guide: Guide): void {
  const { arena, ledger, pages } = guide;
  const number = guide.give(SMALL);
  for (const size of [MIDDLE, 3000, GREAT, 200_000, SMALL, MIDDLE]) ledger.realloc(arena, number, size);
  ledger.free(arena, number);
  const own = privateArena(guide, {}, true);
  const block = own.malloc(MIDDLE);
  guide.replacing(
    pages,
    "copy",
    () => {
      own.free(block);
      return 0;
    },
    () => guide.fails("InvalidPointerError", () => own.realloc(block, 3000)),
  );
  own.dispose();
}

/** Another attachment of the thread uses the same magazines, as it seems: the slow path fills and empties them. */
export function shared(guide: Guide): void {
  const own = privateArena(guide, {}, true);
  guide.replacing(
    attachmentOf(own).heap.slots,
    "countAttachment",
    () => 2,
    () => {
      const blocks = Array.from({ length: 200 }, () => own.malloc(SMALL));
      for (const block of blocks) own.free(block);
    },
  );
  own.dispose();
}

/** The victim dies, as it seems, and goes on with another slot. */
function endTerm(guide: Guide): void {
  die(guide.build, guide.arena);
  guide.publishOwner();
}
