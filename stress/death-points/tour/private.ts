/** The victim makes arenas of its own, alone in them, and ends them. */
import {
  type Arena,
  attachmentOf,
  die,
  directoryEntry,
  Entry,
  forget,
  NOBODY,
  ownerWord,
  Phase,
  serveFromSpans,
  stateOf,
} from "../insides.ts";
import { leaveClaims } from "./deaths.ts";
import type { Guide } from "./guide.ts";

const LARGE = 150_000;
const OPTIONS = { name: "victim's", reserve: 2 ** 21, largeThreshold: 2 ** 17 };

/** `isSound`: the victim damages nothing in it. */
export function privateArena(guide: Guide, options: object = {}, isSound = false): Arena {
  const arena = new guide.build.Arena({ ...OPTIONS, policy: guide.policy, ...options });
  guide.publishArena(arena, isSound);
  serveFromSpans(arena);
  return arena;
}

export function creation(guide: Guide): void {
  const { Arena } = guide.build;
  guide.refusing("reserve", () => guide.fails("OutOfMemoryError", () => new Arena(OPTIONS)));
  guide.refusing("commit", () => guide.fails("OutOfMemoryError", () => new Arena(OPTIONS)));
  guide.refusing("map", () =>
    guide.fails("OutOfMemoryError", () => guide.build.Directory.open(guide.build.nativePlatform())),
  );
  const arena = privateArena(guide, { workerCache: false, limit: 2 ** 26 });
  const pointers = [10, 1000, 60_000, LARGE].map((size) => arena.malloc(size));
  arena.free(arena.realloc(pointers[0]!, 500));
  arena.free(pointers[1]!);
  arena.reset();
  for (let i = 0; i < 20; i++) arena.malloc(120_000);
  arena.malloc(LARGE);
  die(guide.build, arena);
  arena.malloc(100);
  arena.reset();
  arena.check();
  arena.malloc(100);
  const { handle } = arena;
  arena.dispose();
  guide.fails("ArenaError", () => Arena.attach(handle));
}

/** Without caches, where every block's neighbours are known: each second block takes in the one behind. */
export function neighbours(guide: Guide): void {
  const arena = privateArena(guide, { workerCache: false });
  for (const pointer of [8000, 10, 100, 1000, 3000].map((size) => arena.malloc(size))) arena.free(pointer);
  for (const first of [0, 1]) {
    const row = Array.from({ length: 5 }, () => arena.malloc(guide.placed)).sort((a, b) => a - b);
    for (let i = first; i < 4; i += 2) {
      arena.free(row[i + 1]!);
      row[i] = arena.realloc(row[i]!, guide.placed * 1.8);
    }
    for (let i = first; i < 4; i += 2) arena.free(row[i]!);
  }
  arena.dispose();
  // Whole pages: one that waits and is taken again, one that waits until the end of the chain falls.
  const pages = privateArena(guide, { workerCache: false });
  const [low, waiting, ...high] = Array.from({ length: 4 }, () => pages.malloc(4087));
  pages.free(waiting!);
  pages.free(pages.malloc(4087));
  for (const pointer of high.reverse()) pages.free(pointer);
  pages.trim();
  pages.free(low!);
  pages.dispose();
}

/** A window that ends in the middle of a batch of blocks for a cache. */
export function fullWindow(guide: Guide): void {
  const arena = privateArena(guide);
  const { words } = attachmentOf(arena).caches[0]!;
  const left = () => OPTIONS.reserve - words[guide.build.WindowWord.top]! * 4;
  while (left() > 110_000) arena.malloc(60_000);
  arena.malloc(left() - 6000);
  for (let i = 0; i < 20; i++) arena.malloc(400);
  arena.dispose();
}

/** A heap that becomes large enough for huge pages. */
export function growth(guide: Guide): void {
  const arena = privateArena(guide, { reserve: 2 ** 26 });
  const pointers = Array.from({ length: 300 }, () => arena.malloc(120_000));
  arena.free(pointers[298]!);
  // The hole keeps huge pages away, until the end of the chain falls.
  arena.trim();
  for (const pointer of pointers.slice(100)) if (pointer !== pointers[298]) arena.free(pointer);
  arena.trim();
  arena.dispose();
}

/** A part of a window that is skipped; free memory that was given back, for which the limit has no room any more. */
export function holes(guide: Guide): void {
  const wide = privateArena(guide, { reserve: 2 ** 24, largeThreshold: 2 ** 21 });
  wide.alignedAlloc(2 ** 20, 1000);
  wide.dispose();
  const limit = 2 ** 20;
  const arena = privateArena(guide, { reserve: 2 ** 22, limit, largeThreshold: 2 ** 19 });
  const row = Array.from({ length: 8 }, () => arena.malloc(110_000)) as number[];
  for (const index of [1, 5]) arena.free(row[index]!);
  arena.trim();
  // No hole has room for this: hardly anything is left of the limit.
  arena.malloc(limit - arena.stats().committedBytes - 9000);
  guide.fails("OutOfMemoryError", () => arena.malloc(100_000));
  guide.fails("OutOfMemoryError", () => arena.realloc(row[4]!, 140_000));
  // A batch that begins in a touched page and ends in another.
  guide.fails("OutOfMemoryError", () => {
    for (;;) arena.malloc(100);
  });
  // Cells that are free again keep their headers: the limit is kept by filing all free memory anew.
  const cells = privateArena(guide, { policy: "slabs", limit: 2 ** 18, workerCache: false });
  const fill = () => {
    const taken: number[] = [];
    guide.fails("OutOfMemoryError", () => {
      for (;;) taken.push(cells.malloc(3900));
    });
    return taken;
  };
  for (const [at, cell] of fill().entries()) if (at % 3 === 0) cells.free(cell);
  cells.trim();
  fill();
  cells.dispose();
  // A buddy grows to twice its size, for which the limit has no room.
  const buddies = privateArena(guide, { policy: "buddy", limit, workerCache: false });
  const blocks = Array.from({ length: 5 }, () => buddies.malloc(65_000) as number);
  const left = blocks.find((pointer) => pointer % 2 ** 17 === 0)!;
  buddies.free(left + 2 ** 16);
  buddies.trim();
  const { doubles } = attachmentOf(buddies).heap.control;
  doubles[guide.build.ControlDouble.limit] = buddies.stats().committedBytes + 4 * 4096;
  guide.fails("OutOfMemoryError", () => buddies.realloc(left, 66_000));
  buddies.dispose();
  // Whoever takes the lock over finds more charged than the limit allows.
  const { heap } = attachmentOf(arena);
  heap.enter();
  heap.control.doubles[guide.build.ControlDouble.limit] = 2 ** 16;
  die(guide.build, arena);
  arena.free(row[0]!);
  arena.dispose();
}

/** The first run of a window of slabs is too short for one cell of some sizes: then the second one serves. */
export function shortRun(guide: Guide): void {
  const size = 6500;
  const arena = privateArena(guide, { policy: "slabs" });
  for (let i = 0; i < 12; i++) arena.malloc(size);
  arena.free(arena.malloc(7000));
  arena.dispose();
  // A window ends before the second one.
  const reserve = guide.build.controlWords(4096) * 4 + 2 ** 16;
  const narrow = privateArena(guide, { policy: "slabs", reserve, largeThreshold: 2 ** 14 });
  guide.refusing("reserve", () => guide.fails("OutOfMemoryError", () => narrow.malloc(size)));
  narrow.dispose();
}

/** Other threads in the directory: waited for, and taken for dead by everybody else. */
export function directory(guide: Guide): void {
  const { build, threads } = guide;
  const arena = privateArena(guide);
  const { words, at } = directoryEntry(build, arena.handle.address);
  const visited = stateOf(Phase.listed, NOBODY);
  words[at] = visited;
  guide.replacing(
    threads,
    "isAlive",
    () => true,
    () => {
      guide.fails("ArenaError", () => arena.reset());
      guide.fails("ArenaError", () => arena.dispose());
      arena.detach();
      const leaves = () => void Atomics.store(words, at, Phase.listed);
      guide.replacing(threads, "yield", leaves, () => arena.owner);
      // The id is there, but it is another thread's.
      arena.detach();
      words[at + Entry.start] = 1;
      words[at + Entry.startState] = visited;
      words[at] = visited;
      guide.replacing(
        threads,
        "startTime",
        () => 2,
        () => arena.owner,
      );
    },
  );
  arena.detach();
  words[at] = visited;
  arena.owner;
  arena.detach();
  words[at + Entry.startState] = stateOf(Phase.listed, threads.current());
  arena.owner;
  // Somebody died while making an arena, somebody while ending one.
  const vacant = directoryEntry(build, 0);
  vacant.words[vacant.at] = stateOf(Phase.building, NOBODY);
  privateArena(guide).dispose();
  die(build, arena);
  words[at] = stateOf(Phase.ending, NOBODY);
  privateArena(guide).dispose();
}

/** All slots taken: by living Workers, by dead ones, by ones that left blocks behind. */
export function crowd(guide: Guide): void {
  const { build, threads } = guide;
  const arena = privateArena(guide);
  // Of a span, and with a header.
  const allocate = () => {
    arena.owner;
    serveFromSpans(arena);
    arena.malloc(100);
    arena.malloc(1500);
  };
  allocate();
  arena.malloc(LARGE);
  const { words } = attachmentOf(arena).heap.control;
  // The same thread twice, with a class that both ask for.
  forget(arena);
  allocate();
  arena.malloc(300);
  arena.detach();
  arena.owner;
  die(build, arena);
  const fill = (thread: number, from: number) => {
    for (let slot = from; slot <= build.SLOTS; slot++) words[ownerWord(build, slot)] = thread;
    words[build.CONTROL_AREA + build.ControlWord.slots] = build.SLOTS;
  };
  fill(NOBODY, 1);
  guide.replacing(
    threads,
    "isAlive",
    () => true,
    () => guide.fails("ArenaError", () => arena.owner),
  );
  allocate();
  const RETIRED = NOBODY + 1;
  arena.detach();
  fill(RETIRED, 1);
  allocate();
  arena.malloc(LARGE);
  arena.detach();
  // Two have left blocks behind, the others live.
  fill(NOBODY, 1);
  for (const slot of [1, 2]) words[ownerWord(build, slot)] = 0;
  guide.replacing(
    threads,
    "isAlive",
    () => true,
    () => {
      for (let turn = 0; turn < 3; turn++) {
        allocate();
        arena.detach();
      }
    },
  );
  // One is vacant: taken, and the retired ones are looked through.
  fill(RETIRED, 2);
  words[ownerWord(build, 1)] = 0;
  arena.owner;
  arena.dispose();
}

/** A control block that this package cannot read. */
export function strangers(guide: Guide): void {
  const { build } = guide;
  const arena = privateArena(guide);
  const { words } = attachmentOf(arena).heap.control;
  arena.detach();
  for (const field of ["magic", "version", "layout", "pageSize"] as const) {
    const at = build.CONTROL_AREA + build.ControlWord[field];
    const right = words[at]!;
    words[at] = right + 1;
    guide.fails("ArenaError", () => arena.owner);
    words[at] = right;
  }
  arena.dispose();
}

/** An idle arena gives its memory back when its timer says so; the event loop turns meanwhile. */
export async function timers(guide: Guide): Promise<void> {
  const { pages } = guide;
  const arena = privateArena(guide, { purgeDelay: 10 });
  const pointers = Array.from({ length: 14 }, () => arena.malloc(110_000));
  const again = () => {
    for (const pointer of pointers.map(() => arena.malloc(110_000))) arena.free(pointer);
  };
  for (const pointer of pointers) arena.free(pointer);
  // Its timer comes once; then it is late, and the requests do what it should have done.
  await Bun.sleep(25);
  guide.afterDelay(() => {});
  for (let turn = 0; turn < 3; turn++) again();
  guide.purge(arena);
  again();
  const raise = () => {
    throw new RangeError("in release");
  };
  guide.replacing(pages, "release", raise, () => guide.fails("RangeError", () => guide.purge(arena)));
  // It finds a small block that the fast path has kept.
  const { purgeTimer } = attachmentOf(arena);
  const small = arena.malloc(2000);
  purgeTimer.look(0);
  arena.free(small);
  purgeTimer.fire(true);
  arena.dispose();
}

/** No memory is left for a copy: a small block grows where it stands. */
export function noCopy(guide: Guide): void {
  const arena = privateArena(guide, { limit: 2 ** 20 });
  const pointers: number[] = [];
  guide.fails("OutOfMemoryError", () => {
    for (;;) pointers.push(arena.malloc(3000));
  });
  arena.free(pointers[11]!);
  arena.realloc(pointers[10]!, 3900);
  arena.dispose();
}

/** What dead Workers had claimed in an arena that is reset. */
export function claimed(guide: Guide): void {
  const arena = privateArena(guide);
  leaveClaims(guide, arena);
  die(guide.build, arena);
  arena.reset();
  arena.dispose();
}
