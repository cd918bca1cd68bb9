/** Exceptions in the locked parts, as a full stack would be: everything is counted and indexed anew. Private arenas. */
import { attachmentOf, type Pages, partsOf } from "../insides.ts";
import type { Guide } from "./guide.ts";
import { privateArena } from "./private.ts";

const LARGE = 150_000;

export function moves(guide: Guide): void {
  const { pages } = guide;
  const arena = privateArena(guide);
  const large = arena.malloc(LARGE);
  // A large block that moves: before and after the step of the kernel.
  for (const isDone of [false, true]) {
    const real = pages.remap.bind(pages);
    const remap = (...values: number[]) => {
      if (values[3] === 0) return -12;
      if (isDone) real(...values);
      throw new RangeError("in remap");
    };
    guide.replacing(pages, "remap", remap, () =>
      guide.fails("RangeError", () => arena.realloc(large, LARGE * 2)),
    );
  }
  arena.dispose();
}

export function calls(guide: Guide): void {
  const arena = privateArena(guide);
  const [first, large, second] = [arena.malloc(LARGE), arena.malloc(LARGE), arena.malloc(LARGE)];
  raising(guide, "map", () => arena.malloc(LARGE));
  // Into the stock: the next free ends it.
  arena.free(first);
  raising(guide, "release", () => arena.free(large));
  raising(guide, "words", () => arena.usableSize(second));
  arena.free(arena.malloc(100_000));
  raising(guide, "release", () => arena.trim());
  arena.malloc(LARGE);
  raising(guide, "release", () => arena.reset());
  arena.dispose();
}

/** The table of large blocks cannot be looked at: when a block is claimed for a copy, and when it is given back. */
export function claims(guide: Guide): void {
  const { pages } = guide;
  const arena = privateArena(guide);
  const large = arena.malloc(LARGE);
  const { heap } = attachmentOf(arena);
  const real = pages.words.bind(pages);
  let looks = 0;
  const words = (address: number, byteLength: number) => {
    if (++looks === 2) throw new RangeError("in words");
    heap.large.viewAddress = 0;
    return real(address, byteLength);
  };
  guide.replacing(pages, "words", words, () => guide.fails("RangeError", () => arena.realloc(large, 100)));
  arena.free(arena.realloc(large, 100));
  const other = arena.malloc(LARGE);
  let maps = 0;
  const map = () => {
    if (++maps === 3) {
      heap.large.viewAddress = 0;
      pages.words = () => {
        pages.words = real;
        throw new RangeError("in words");
      };
    }
    return -12;
  };
  guide.refusing("remap", () =>
    guide.replacing(pages, "words", real, () =>
      guide.replacing(pages, "map", map, () =>
        guide.fails("RangeError", () => arena.realloc(other, LARGE * 2)),
      ),
    ),
  );
  arena.dispose();
}

/** The view cannot be brought up to date when the lock is taken. */
export function views(guide: Guide): void {
  const arena = privateArena(guide);
  arena.malloc(60_000);
  const { heap } = attachmentOf(arena);
  const { window } = heap.windows[0]!;
  window.words = window.words.subarray(0, window.words.length - 1024);
  raising(guide, "words", () => arena.malloc(60_000));
  arena.dispose();
}

/** The lock cannot be given back. */
export function unheld(guide: Guide): void {
  const arena = privateArena(guide);
  arena.malloc(60_000);
  const release = () => {
    throw new RangeError("in release");
  };
  guide.replacing(attachmentOf(arena).heap.lock, "release", release, () =>
    guide.fails("RangeError", () => arena.malloc(60_000)),
  );
  // Nor by a look that is late.
  const block = arena.malloc(60_000);
  partsOf(arena).fastPath!.keeps = 63;
  guide.replacing(attachmentOf(arena).purgeTimer, "catchUp", release, () =>
    guide.fails("RangeError", () => arena.free(block)),
  );
  arena.dispose();
}

/** `act` fails because a call of the system throws, once. */
function raising(guide: Guide, call: "map" | "release" | "words", act: () => unknown): void {
  const { pages } = guide;
  const real = pages[call].bind(pages) as (...values: number[]) => unknown;
  let hasRaised = false;
  const raise = (...values: number[]) => {
    if (hasRaised) return real(...values);
    hasRaised = true;
    throw new RangeError(`in ${call}`);
  };
  guide.replacing(pages as Record<string, unknown> & Pages, call, raise as never, () =>
    guide.fails("RangeError", act),
  );
}
