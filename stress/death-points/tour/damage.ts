/** Overwrites what the allocator keeps in free memory: it is found, reported, and indexed anew. In private arenas. */
import { copyMemory } from "../../../native/raw-memory.ts";
import { type Arena, attachmentOf, die, segmentsOf } from "../insides.ts";
import type { Guide } from "./guide.ts";
import { Scene } from "./scene.ts";

const LARGE = 150_000;
const BIG = 60_000;
/** Of a block with a header that a list of the cache serves, whose links can be overwritten. */
const LISTED = 1500;
const PREVIOUS_FREE = 1;
/** More blocks than a Worker keeps in a scene. */
const SPARE: readonly number[] = new Array(20).fill(5000);

/** Links of free blocks. */
export function links(guide: Guide): void {
  const finds: ((scene: Scene, before: number, behind: number, spare: readonly number[]) => unknown)[] = [
    ({ arena }) => arena.malloc(BIG - 100),
    ({ arena }) => arena.malloc(LISTED),
    ({ arena }) => arena.alignedAlloc(64, BIG - 2000),
    (scene, before, behind, spare) => {
      // Is kept first, so that it goes back first.
      scene.arena.free(before);
      scene.fillKept(spare);
      scene.arena.free(behind);
    },
    ({ arena }, before) => arena.realloc(before, BIG + 20_000),
    ({ arena }) => arena.check(),
  ];
  for (const find of finds) {
    for (const link of [0, 1]) {
      const scene = new Scene(guide);
      const [before, free, behind, ...spare] = scene.row(BIG, BIG, BIG, ...SPARE) as [
        number,
        number,
        number,
        ...number[],
      ];
      scene.file(free);
      scene.overwrite(free, link, 0x7770);
      scene.fails(() => find(scene, before, behind, spare));
      scene.arena.dispose();
    }
  }
  // Beside one that is too large to be kept.
  const scene = new Scene(guide);
  const [large, free] = scene.row(100_000, BIG, BIG) as [number, number];
  scene.file(free);
  scene.overwrite(free, 0, 0x7770);
  scene.fails(() => scene.arena.free(large));
  scene.arena.dispose();
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
    (arena) => arena.malloc(LISTED),
    (arena) => arena.check(),
    (arena) => arena.detach(),
    (arena) => arena.trim(),
  ];
  for (const find of finds) {
    const scene = new Scene(guide);
    const [cached] = scene.row(LISTED) as [number];
    scene.arena.free(cached);
    scene.overwrite(cached, -1, 0x12345);
    scene.fails(() => find(scene.arena));
    scene.end();
  }
  // A repair files the cache of a dead Worker, whatever its links say.
  for (const look of [(arena: Arena) => arena.owner, (arena: Arena, owner: number) => arena.reclaim(owner)]) {
    const scene = new Scene(guide);
    const [cached] = scene.row(LISTED) as [number];
    const { owner } = scene.arena;
    scene.arena.free(cached);
    scene.overwrite(cached, 0, 0x12345);
    die(guide.build, scene.arena);
    look(scene.arena, owner);
    scene.end();
  }
  // In the list of which a part goes back.
  const scene = new Scene(guide);
  const [last, ...blocks] = scene.row(...Array.from({ length: 60 }, () => LISTED)) as [number, ...number[]];
  scene.fillKept(blocks);
  scene.overwrite(blocks[35]!, -1, 0x12345);
  scene.fails(() => scene.arena.free(last));
  scene.end();
  // A link that leads nowhere: what stood behind it is found again.
  const cut = new Scene(guide);
  const [first, second] = cut.row(LISTED, LISTED) as [number, number];
  for (const block of [first, second]) cut.arena.free(block);
  cut.overwrite(second, 0, 0);
  cut.arena.trim();
  cut.end();
}

/** The kept block: its header, its link. */
export function kept(guide: Guide): void {
  for (const find of [
    (arena: Arena) => arena.check(),
    (arena: Arena) => [arena.malloc(BIG), arena.malloc(BIG)],
  ]) {
    for (const word of [-1, 0]) {
      const scene = new Scene(guide);
      const [block] = scene.row(BIG, BIG, BIG) as [number];
      scene.arena.free(block);
      scene.overwrite(block, word, 0x12345);
      scene.fails(() => find(scene.arena));
      scene.end();
    }
  }
  // In front of one, in its list, that stands behind a block which grows.
  const growing = new Scene(guide);
  const [grows, behind, first] = growing.row(BIG, BIG, BIG, BIG) as [number, number, number];
  for (const block of [behind, first]) growing.arena.free(block);
  growing.overwrite(first, -1, 0x12345);
  growing.fails(() => growing.arena.realloc(grows, BIG * 1.5));
  growing.end();
  // Nobody called the timer: it repairs, and throws nothing.
  const scene = new Scene(guide);
  const [block] = scene.row(BIG, BIG) as [number];
  scene.arena.free(block);
  scene.overwrite(block, 0, 0x12345);
  attachmentOf(scene.arena).purgeTimer.look(0);
  scene.arena.check();
  scene.end();
}

/** Links of the free memory that a segment is cut from, and of that which one merges with in the end. */
export function segments(guide: Guide): void {
  const cut = new Scene(guide);
  const [free, ...others] = cut.row(110_000, 110_000, 110_000, BIG) as [number, number, number];
  for (const pointer of [free, ...others.slice(0, 2)]) cut.file(pointer);
  cut.overwrite(free, 0, 0x7770);
  cut.fails(() => cut.arena.malloc(100));
  cut.arena.dispose();
  const merged = new Scene(guide);
  const blocks = merged.row(...Array.from({ length: 400 }, () => 1000));
  // Between the control block and the first segment.
  const gap = merged.words[guide.build.WindowWord.first]!;
  merged.words[gap] = 0x7770;
  merged.fails(() => {
    for (const block of blocks) merged.arena.free(block);
  });
  merged.arena.dispose();
  // Headers of segments: written anew when all is indexed anew, also where the next one is damaged too.
  const torn = new Scene(guide);
  torn.row(...Array.from({ length: 400 }, () => 1000));
  const { heap, magazines } = attachmentOf(torn.arena);
  for (const place of segmentsOf(magazines[0]!)) torn.words[place - 1] = 0x12345;
  heap.enter();
  die(guide.build, torn.arena);
  torn.arena.malloc(100);
  torn.arena.check();
  torn.arena.dispose();
}

/** A list that goes in a circle, a head that leads nowhere, a view that ends too early. */
export function lists(guide: Guide): void {
  const scene = new Scene(guide);
  const { arena } = scene;
  const [cached] = scene.row(LISTED) as [number];
  arena.free(cached);
  scene.overwrite(cached, 0, scene.indexOf(cached));
  scene.fails(() => arena.check());
  scene.fails(() => arena.trim());
  const shorten = () => {
    const [block] = scene.row(LISTED) as [number];
    arena.free(block);
    return scene.shorten(scene.indexOf(block) - 4);
  };
  shorten();
  arena.malloc(LISTED);
  const cache = shorten();
  const entries = cache.words.subarray(cache.entries, cache.entries + 200);
  entries[entries.findIndex((word) => word >= cache.words.length)] = 0x3fff_fff0;
  scene.fails(() => arena.malloc(LISTED));
  arena.dispose();
}

/** A claim that stands, because an exception cut a free short; and one whose block has a damaged neighbour. */
export function stale(guide: Guide): void {
  for (const isDamaged of [false, true]) {
    const scene = new Scene(guide);
    const { arena } = scene;
    const [claimed, free, other, ...spare] = scene.row(BIG, BIG, BIG, ...SPARE) as [
      number,
      number,
      number,
      ...number[],
    ];
    scene.file(free);
    scene.fillKept(spare);
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
