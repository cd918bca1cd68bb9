/** Overwrites what the allocator keeps in free memory: it is found, reported, and indexed anew. In private arenas. */
import { copyMemory } from "../../../native/raw-memory.ts";
import { type Arena, attachmentOf, die, partsOf } from "../insides.ts";
import type { Guide } from "./guide.ts";
import { privateArena } from "./private.ts";

const LARGE = 150_000;
const BIG = 60_000;
const PREVIOUS_FREE = 1;

/** An arena with blocks side by side, and hands to damage it. */
class Scene {
  readonly arena: Arena;

  constructor(private readonly guide: Guide) {
    this.arena = privateArena(guide);
  }

  /** Blocks in a row. */
  row(...sizes: number[]): number[] {
    return sizes.map((size) => this.arena.malloc(size));
  }

  /** Frees a block into the index, where it is not kept. */
  file(pointer: number): void {
    this.arena.free(pointer);
    attachmentOf(this.arena).purgeTimer.look(true);
  }

  overwrite(pointer: number, offset: number, value: number): void {
    this.words[this.indexOf(pointer) + offset] = value;
  }

  indexOf(pointer: number): number {
    return (pointer - attachmentOf(this.arena).caches[0]!.base) / 4;
  }

  get words(): Int32Array {
    return attachmentOf(this.arena).caches[0]!.words;
  }

  /** Also when the damage is still there. */
  end(): void {
    for (let tries = 0; tries < 2; tries++) {
      try {
        this.arena.detach();
      } catch {}
    }
    this.arena.dispose();
  }

  fails(act: () => unknown): void {
    this.guide.fails("InvalidPointerError", act);
  }
}

/** Links of free blocks. */
export function links(guide: Guide): void {
  const finds: ((arena: Arena, before: number, behind: number) => unknown)[] = [
    (arena) => arena.malloc(BIG - 100),
    (arena) => arena.malloc(700),
    (arena) => arena.alignedAlloc(64, BIG - 2000),
    (arena, before, behind) => {
      arena.free(before);
      arena.free(behind);
    },
    (arena, before) => arena.realloc(before, BIG + 20_000),
    (arena) => arena.check(),
  ];
  for (const find of finds) {
    for (const link of [0, 1]) {
      const scene = new Scene(guide);
      const [before, free, behind] = scene.row(BIG, BIG, BIG) as [number, number, number];
      scene.file(free);
      scene.overwrite(free, link, 0x7770);
      scene.fails(() => find(scene.arena, before, behind));
      scene.arena.dispose();
    }
  }
}

/** Heads and bitmaps of the free lists. */
export function index(guide: Guide): void {
  const { POLICY_AREA, POLICY_WORDS } = guide.build;
  const heads = (scene: Scene, head: number) =>
    scene.words.subarray(POLICY_AREA, POLICY_AREA + POLICY_WORDS).indexOf(head) + POLICY_AREA;
  for (const size of [BIG - 100, BIG - 20_000]) {
    const scene = new Scene(guide);
    const [wall, free] = scene.row(BIG, BIG, BIG) as [number, number];
    scene.file(free);
    scene.words[heads(scene, scene.indexOf(free))] = scene.indexOf(wall);
    scene.fails(() => scene.arena.malloc(size));
    scene.arena.dispose();
  }
  const scene = new Scene(guide);
  const [longer, , shorter, wall] = scene.row(BIG + 800, BIG, BIG, BIG) as [number, number, number, number];
  scene.file(longer);
  scene.file(shorter);
  scene.overwrite(shorter, 0, scene.indexOf(wall));
  scene.fails(() => scene.arena.malloc(BIG + 500));
  scene.arena.free(scene.arena.malloc(BIG + 500));
  scene.words.fill(0, POLICY_AREA, POLICY_AREA + 32);
  scene.fails(() => scene.arena.check());
  scene.arena.dispose();
}

/** Cached blocks and their lists. */
export function caches(guide: Guide): void {
  const finds: ((arena: Arena) => unknown)[] = [
    (arena) => arena.malloc(100),
    (arena) => arena.check(),
    (arena) => arena.detach(),
    (arena) => arena.trim(),
  ];
  for (const find of finds) {
    const scene = new Scene(guide);
    const [cached] = scene.row(100) as [number];
    scene.arena.free(cached);
    scene.overwrite(cached, -1, 0x12345);
    scene.fails(() => find(scene.arena));
    scene.end();
  }
  // A repair files the cache of a dead Worker, whatever its links say.
  for (const look of [(arena: Arena) => arena.owner, (arena: Arena, owner: number) => arena.reclaim(owner)]) {
    const scene = new Scene(guide);
    const [cached] = scene.row(100) as [number];
    const { owner } = scene.arena;
    scene.arena.free(cached);
    scene.overwrite(cached, 0, 0x12345);
    die(guide.build, scene.arena);
    look(scene.arena, owner);
    scene.end();
  }
  // In the list that is full when the stash is full too.
  const scene = new Scene(guide);
  const blocks = scene.row(...Array.from({ length: 1200 }, () => 100));
  for (const block of blocks.slice(0, 950)) scene.arena.free(block);
  scene.overwrite(blocks[940]!, -1, 0);
  scene.fails(() => {
    for (const block of blocks.slice(950)) scene.arena.free(block);
  });
  scene.arena.dispose();
}

/** The stash: headers, links in a circle, and a view that ends before its newest list. */
export function stash(guide: Guide): void {
  const { STASH } = guide.build;
  const fill = () => {
    const scene = new Scene(guide);
    for (const block of scene.row(...Array.from({ length: 200 }, () => 100))) scene.arena.free(block);
    const { entries, words } = attachmentOf(scene.arena).caches[0]!;
    const heads = words.subarray(entries + STASH, entries + STASH * 2);
    return { scene, first: Math.max(...heads) };
  };
  const drainLists = ({ arena }: Scene) => {
    for (let i = 0; i < 200; i++) arena.malloc(100);
  };
  const damages: [offset: number, value: (first: number) => number, find: (scene: Scene) => unknown][] = [
    [-1, () => 0x12345, drainLists],
    [0, (first) => first, ({ arena }) => arena.check()],
    [0, () => 0x12340, ({ arena }) => arena.trim()],
  ];
  for (const [offset, value, find] of damages) {
    const { scene, first } = fill();
    scene.words[first + offset] = value(first);
    scene.fails(() => find(scene));
    scene.end();
  }
  const { scene, first } = fill();
  const cache = attachmentOf(scene.arena).caches[0]!;
  // Blocks of 100 bytes have 7 granules. Without their list the stash is asked.
  cache.words[cache.entries + 2 * 7] = 0;
  cache.words = cache.words.subarray(0, first - 4);
  partsOf(scene.arena).fastPath.pointTo(cache);
  scene.arena.malloc(100);
  scene.arena.dispose();
}

/** The kept block: its header, its link. */
export function kept(guide: Guide): void {
  const finds: ((scene: Scene, other: number) => unknown)[] = [
    ({ arena }, other) => arena.realloc(other, BIG + 20_000),
    ({ arena }) => arena.check(),
    ({ arena }) => arena.malloc(BIG),
  ];
  for (const find of finds) {
    for (const word of [-1, 0]) {
      const scene = new Scene(guide);
      const [block, other] = scene.row(BIG, BIG, BIG) as [number, number];
      scene.arena.free(block);
      scene.overwrite(block, word, 0x12345);
      scene.fails(() => find(scene, other));
      scene.end();
    }
  }
  // Nobody called the timer: it repairs, and throws nothing.
  const scene = new Scene(guide);
  const [block] = scene.row(BIG, BIG) as [number];
  scene.arena.free(block);
  scene.overwrite(block, 0, 0x12345);
  attachmentOf(scene.arena).purgeTimer.look(true);
  scene.arena.check();
  scene.end();
}

/** Batches in the depot. */
export function batches(guide: Guide): void {
  const { DEPOT_AREA, DEPOT_WORDS } = guide.build;
  const header = (first: number) => first - 1;
  const link = (first: number) => first;
  const nextBatch = (first: number) => first + 1;
  const refill = (arena: Arena) => {
    for (let i = 0; i < 400; i++) arena.malloc(400);
  };
  const cases: [
    word: (first: number) => number,
    value: number | "first",
    find: (arena: Arena, live: number) => unknown,
  ][] = [
    [header, 0x12345, refill],
    [link, "first", (arena) => arena.check()],
    [nextBatch, 0, (arena) => arena.check()],
    [nextBatch, 0, (arena) => arena.trim()],
    [header, 0x12345, (arena, live) => arena.free(live + 16)],
  ];
  for (const [word, value, find] of cases) {
    const scene = new Scene(guide);
    const blocks = scene.row(...Array.from({ length: 400 }, () => 400));
    for (const block of blocks.slice(1)) scene.arena.free(block);
    const places = blocks.map((block) => scene.indexOf(block));
    const depot = scene.words.subarray(DEPOT_AREA, DEPOT_AREA + DEPOT_WORDS);
    const first = depot.find((head) => places.includes(head))!;
    scene.words[word(first)] = value === "first" ? first : value;
    scene.fails(() => find(scene.arena, blocks[0]!));
    scene.end();
  }
}

/** A list that goes in a circle, a head that leads nowhere, a view that ends too early. */
export function lists(guide: Guide): void {
  const scene = new Scene(guide);
  const { arena } = scene;
  const [cached] = scene.row(100) as [number];
  arena.free(cached);
  scene.overwrite(cached, 0, scene.indexOf(cached));
  scene.fails(() => arena.check());
  scene.fails(() => arena.trim());
  const shorten = () => {
    const [block] = scene.row(100) as [number];
    arena.free(block);
    const cache = attachmentOf(arena).caches[0]!;
    cache.words = cache.words.subarray(0, scene.indexOf(block) - 4);
    partsOf(arena).fastPath.pointTo(cache);
    return cache;
  };
  shorten();
  arena.malloc(100);
  const cache = shorten();
  const entries = cache.words.subarray(cache.entries, cache.entries + 200);
  entries[entries.findIndex((word) => word >= cache.words.length)] = 0x3fff_fff0;
  scene.fails(() => arena.malloc(100));
  arena.dispose();
}

/** A claim that stands, because an exception cut a free short; and one whose block has a damaged neighbour. */
export function stale(guide: Guide): void {
  for (const isDamaged of [false, true]) {
    const scene = new Scene(guide);
    const { arena } = scene;
    const [claimed, free, other, last] = scene.row(BIG, BIG, BIG, BIG) as [number, number, number, number];
    scene.file(free);
    arena.free(last); // is kept, so that the next one is not
    if (isDamaged) scene.overwrite(free, 0, 0x7770);
    const attachment = attachmentOf(arena);
    const cache = attachment.caches[0]!;
    cache.words[cache.entries + guide.build.CacheWord.freeing] = scene.indexOf(claimed);
    guide.build.claim(attachment.heap, cache, scene.indexOf(claimed));
    if (isDamaged) scene.fails(() => arena.free(other));
    else arena.free(other);
    arena.dispose();
  }
}

/** Headers, footers, counters, what stands in front of a large block. */
export function headers(guide: Guide): void {
  const { ControlDouble } = guide.build;
  const scene = new Scene(guide);
  const { arena } = scene;
  const [free, behind, first] = scene.row(BIG, BIG, BIG, BIG, BIG) as [number, number, number];
  // A page of a block counts as untouched.
  const page = scene.indexOf(first) >>> 10;
  const bits = guide.build.TOUCHED_AREA + (page >>> 5);
  const marks = scene.words[bits]!;
  scene.words[bits] = 0;
  scene.fails(() => arena.check());
  scene.words[bits] = marks;
  scene.overwrite(behind, -2, scene.words[scene.indexOf(behind) - 2]! | PREVIOUS_FREE);
  scene.fails(() => arena.check());
  scene.overwrite(behind, -2, scene.words[scene.indexOf(behind) - 2]! & ~PREVIOUS_FREE);
  scene.file(free);
  scene.overwrite(behind, -3, 5);
  scene.fails(() => arena.check());
  const { doubles } = attachmentOf(arena).heap.control;
  doubles[ControlDouble.committed] = doubles[ControlDouble.committed]! + 4096;
  scene.overwrite(behind, -3, scene.words[scene.indexOf(free) - 2]! >>> 4);
  guide.fails("ArenaError", () => arena.check());
  const large = arena.malloc(LARGE);
  copyMemory(large - 8, arena.malloc(100), 8);
  scene.fails(() => arena.check());
  scene.fails(() => arena.free(large));
  scene.overwrite(first, -1, 0);
  scene.overwrite(first, -2, 0x40);
  scene.fails(() => arena.check());
  scene.fails(() => arena.stats());
  scene.fails(() => arena.free(first));
  // Whoever repairs goes on behind it.
  attachmentOf(arena).heap.enter();
  die(guide.build, arena);
  arena.malloc(BIG);
  arena.dispose();
}
