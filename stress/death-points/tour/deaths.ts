/**
 * What other Workers' deaths make the victim do. It leaves slots behind itself as a dead Worker would (insides.ts), each
 * time in another state, and goes on as a new one.
 */
import { type Arena, attachmentOf, die } from "../insides.ts";
import { Hold, tell, Word } from "../trial-memory.ts";
import type { Guide } from "./guide.ts";

const LARGE = 150_000;

/** Waits for the lock: until it spins no more, and until it has been parked. */
export function contention(guide: Guide): void {
  const { arena, threads } = guide;
  const waitFor = (name: "yield" | "park") => {
    const real = threads[name].bind(threads) as (...values: number[]) => void;
    let hasWaited = false;
    const letGo = (...values: number[]) => {
      hasWaited = true;
      endHold(guide, name === "yield");
      real(...values);
    };
    // On a busy machine a hold may be over before it is noticed.
    while (!hasWaited) {
      startHold(guide);
      guide.replacing(threads, name, letGo, () => arena.trim());
    }
  };
  waitFor("park");
  waitFor("yield");
  // A timer does not wait.
  do {
    startHold(guide);
    attachmentOf(arena).purgeTimer.fire(true);
  } while (!isHeld(guide));
  endHold(guide, true);
}

/** A cache, claims of all kinds and nothing else: cleaned by whoever attaches next. */
export function adoption(guide: Guide): void {
  leaveClaims(guide, guide.arena);
  die(guide.build, guide.arena);
  guide.publishOwner();
  guide.freeAll(guide.giveMany(10, 40));
}

/** The same with the lock held, just after a window or a table was registered, while the last block grows: taken over. */
export function takeover(guide: Guide): void {
  const { arena, build } = guide;
  for (const isTable of [false, true]) {
    leaveClaims(guide, arena);
    const { caches, heap } = attachmentOf(arena);
    heap.enter();
    const table = heap.control.doubles[build.ControlDouble.largeTable]!;
    heap.passage.note(isTable ? table : caches[0]!.base, 4096);
    tear(guide);
    die(build, arena);
    guide.publishOwner();
    guide.freeAll(guide.giveMany(10, 40));
  }
}

/** A fragmented arena, indexed anew because the owner of the lock died. */
export function rebuild(guide: Guide): void {
  const { arena } = guide;
  const numbers = [40, 40, 1000, 8000, 4087, 200].flatMap((size) => guide.giveMany(40, size));
  const gone = guide.giveMany(60, 3000);
  const full = guide.giveMany(40, 5000);
  guide.freeAll(numbers.filter((_, i) => i % 3 !== 0));
  guide.freeAll(gone);
  arena.trim();
  attachmentOf(arena).heap.enter();
  die(guide.build, arena);
  guide.publishOwner();
  guide.freeAll(guide.giveMany(20, 500));
  guide.freeAll(numbers.filter((_, i) => i % 3 === 0));
  guide.freeAll(full);
  arena.trim();
}

/** The same, found by a free of what the dead one had claimed, by `blocks` and by `trim`. */
export function reaping(guide: Guide): void {
  const { arena } = guide;
  const reaps: ((claimed: number) => unknown)[] = [
    (claimed) => arena.free(claimed),
    (claimed) => arena.realloc(claimed, 100),
    (claimed) => arena.usableSize(claimed as never),
    () => arena.trim(),
    () => [...arena.blocks()],
  ];
  for (const reap of reaps) {
    const { owner } = arena;
    const claimed = leaveClaims(guide, arena);
    dieWithSuccessor(guide);
    reap(claimed);
    arena.reclaim(owner);
  }
}

/** The same, found by this Worker's timer, and by a batch that is moved when it is time to ask. */
export function watching(guide: Guide): void {
  const { arena } = guide;
  for (const notices of [
    () => attachmentOf(arena).purgeTimer.look(Infinity),
    () => {
      const { heap } = attachmentOf(arena);
      heap.passages = 0;
      heap.watchAt = 0;
      guide.freeAll(guide.giveMany(1, 3500));
    },
  ]) {
    const { owner } = arena;
    leaveClaims(guide, arena);
    dieWithSuccessor(guide);
    notices();
    arena.reclaim(owner);
  }
}

/** What a dead owner had not freed. */
export function inheritance(guide: Guide): void {
  const { arena } = guide;
  const { owner } = arena;
  guide.fails("ArenaError", () => arena.reclaim(owner));
  guide.fails("RangeError", () => arena.reclaim(2 ** 30));
  guide.fails("RangeError", () => arena.reclaim(-1));
  guide.fails("TypeError", () => arena.reclaim("x" as never));
  for (const size of [100, 60_000, LARGE]) arena.malloc(size);
  dieWithSuccessor(guide);
  for (const block of arena.blocks({ owner })) if (block.large) break;
  arena.reclaim(owner);
  arena.reclaim(owner);
}

/** Leaves, comes back, and leaves for good. */
export function leaving(guide: Guide): void {
  const { arena, build } = guide;
  guide.freeAll(guide.giveMany(5, 100));
  const kept = guide.give(100);
  arena.detach();
  guide.publishOwner();
  guide.ledger.free(arena, kept);
  build.Arena.attach(arena.handle).dispose();
  arena.dispose();
  arena[Symbol.dispose]();
  guide.fails("ArenaError", () => arena.malloc(10));
}

/** Cached blocks, a block being freed, one being reallocated, and a large one, moved. The second is returned. */
export function leaveClaims({ build: { CacheWord, claim }, placed }: Guide, arena: Arena): number {
  const attachment = attachmentOf(arena);
  for (let i = 0; i < 6; i++) arena.free(arena.malloc(100));
  const [freeing, reallocating, large] = [placed, placed, LARGE].map((size) =>
    arena.malloc(size),
  ) as number[] as [number, number, number];
  for (const [pointer, word] of [
    [freeing, CacheWord.freeing],
    [reallocating, CacheWord.reallocating],
  ] as const) {
    const cache = attachment.caches.find(({ base }) => pointer >= base && pointer < base + 2 ** 32)!;
    cache.words[cache.entries + word] = (pointer - cache.base) / 4;
    claim(attachment.heap, cache, (pointer - cache.base) / 4);
  }
  const { heap, slot } = attachment;
  heap.enter();
  heap.large.mark(heap.large.find(large)!, true, slot);
  heap.leave();
  return reallocating;
}

/** The last block of the chain has a new size, and the end of the chain is where it was. */
function tear({ arena, build: { WindowWord } }: Guide): void {
  const { words } = attachmentOf(arena).heap.windows[0]!.window;
  const top = words[WindowWord.top]!;
  let last = words[WindowWord.first]!;
  const behind = () => last + ((words[last - 2]! >>> 4) << 2);
  while (behind() < top) last = behind();
  words[WindowWord.changing] = last;
  words[WindowWord.top] = top - 4;
}

/** Dies after another slot was taken by this thread, and goes on with that. */
function dieWithSuccessor(guide: Guide): void {
  die(guide.build, guide.arena);
  // With every thread taken for alive, nobody cleans up at the attachment.
  guide.replacing(
    guide.threads,
    "isAlive",
    () => true,
    () => guide.publishOwner(),
  );
}

/** Has the first survivor hold the lock. */
function startHold({ memory: { words } }: Guide): void {
  while (Atomics.load(words, Word.hold) !== Hold.none) Atomics.wait(words, Word.hold, Hold.letGo, 1);
  tell(words, Word.hold, Hold.wanted);
  while (Atomics.load(words, Word.hold) === Hold.wanted) Atomics.wait(words, Word.hold, Hold.wanted, 100);
}

function isHeld({ memory: { words } }: Guide): boolean {
  return Atomics.load(words, Word.hold) === Hold.held;
}

/** `untilDone`: returns when the lock is free. */
function endHold({ memory: { words } }: Guide, untilDone: boolean): void {
  if (Atomics.load(words, Word.hold) === Hold.held) tell(words, Word.hold, Hold.letGo);
  while (untilDone && Atomics.load(words, Word.hold) === Hold.letGo)
    Atomics.wait(words, Word.hold, Hold.letGo, 1);
}
