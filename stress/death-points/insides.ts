/**
 * What a trial needs of the allocator's insides, apart from the public API: to refuse system calls to one Worker, to
 * leave a slot behind as a dead Worker would, and to forget the process-wide heap. The test build exports it; the
 * types say only what is used.
 */
type Public = typeof import("../../src/index.ts");
export type Arena = InstanceType<Public["Arena"]>;
export type ArenaHandle = Arena["handle"];

type Call = (...values: number[]) => number;

export interface Pages {
  map: Call;
  reserve: Call;
  commit: Call;
  release: Call;
  remap: Call;
  copy: Call;
  unmap: Call;
  mappingsMost(): number;
  words(address: number, byteLength: number): Int32Array;
  isMapping(address: number, byteLength: number): boolean;
}

export interface Threads {
  current(): number;
  isAlive(thread: number): boolean;
  startTime(thread: number): number;
  yield(): void;
  park(address: number, expected: number, timeoutMs: number): void;
  now(): number;
}

export interface Attachment {
  readonly slot: number;
  readonly caches: readonly Cache[];
  readonly magazines: readonly Magazines[];
  readonly heap: Heap;
  /** Requests of each class that lists serve before it has spans. */
  readonly untilSpans: Int32Array;
  readonly purgeTimer: { look(rest: number): number; fire(mayDrain: boolean): void; catchUp(): void };
  leaveForGood(): void;
}

export interface Cache {
  words: Int32Array;
  readonly base: number;
  readonly entries: number;
}

/** A Worker's magazines in one window. */
export interface Magazines {
  readonly table: SpanTable;
  sync(): void;
  drain(heap: Heap): void;
}

export interface SpanTable {
  readonly states: Uint8Array;
  readonly map: Int32Array;
  readonly records: Int32Array;
  readonly segments: Int32Array;
}

interface Heap {
  readonly hasSpans: boolean;
  /** When it looks at the clock again, and at the other Workers. */
  passages: number;
  watchAt: number;
  readonly control: { readonly words: Int32Array; readonly doubles: Float64Array };
  readonly slots: { countAttachment(slot: number, change: number): number };
  readonly windows: readonly { readonly window: { words: Int32Array } }[];
  /** `viewAddress` 0: the table is looked at through a new view the next time. */
  readonly large: {
    viewAddress: number;
    find(address: number): object | undefined;
    mark(block: object, busy: boolean, slot: number): void;
  };
  readonly passage: { note(address: number, byteLength: number): void };
  readonly lock: { release(): void };
  enter(): void;
  leave(): void;
}

/** Private parts of an Arena object. */
interface ArenaParts {
  attachment: Attachment | undefined;
  fastPath:
    | {
        /** With 63 the next block that is freed and not small goes through the slow path. */
        keeps: number;
        pointTo(cache: Cache, magazines: Magazines, keptMost: number): void;
      }
    | undefined;
}

export interface TestBuild extends Public {
  arm(point: number, visit: number, arrive: () => void): void;
  countVisits(visits: Int32Array | undefined): void;
  nativePlatform(): { readonly pages: Pages; readonly threads: Threads };
  readonly Directory: { open(platform: unknown): unknown };
  claim(heap: Heap, cache: Cache, block: number): boolean;
  freeRemotely(words: Int32Array, table: SpanTable, granule: number): boolean;
  cacheOfSlot(slot: number): number;
  readonly PENDING: number;
  readonly CONTROL_AREA: number;
  readonly SLOT_TABLE: number;
  readonly SLOT_WORDS: number;
  readonly SLOTS: number;
  readonly WindowWord: Record<"top" | "first" | "changing", number>;
  readonly POLICY_AREA: number;
  readonly POLICY_WORDS: number;
  readonly TOUCHED_AREA: number;
  controlWords(pageSize: number): number;
  readonly ControlWord: Record<"version" | "pageSize" | "layout" | "magic" | "slots", number>;
  readonly ControlDouble: Record<"committed" | "largeTable" | "limit", number>;
  readonly CacheWord: Record<"freeing" | "reallocating" | "kept", number>;
}

export const partsOf = (arena: Arena): ArenaParts => arena as unknown as ArenaParts;

export function attachmentOf(arena: Arena): Attachment {
  return partsOf(arena).attachment!;
}

/** From now on spans serve all small requests of this Worker, also those of a class that it has needed little of. */
export function serveFromSpans(arena: Arena): void {
  const { heap, untilSpans } = attachmentOf(arena);
  if (heap.hasSpans) untilSpans.fill(0);
}

/** Above every thread id that Linux gives. */
export const NOBODY: number = 2 ** 26 - 2;
const THREAD_MASK = 2 ** 26 - 1;

/** Makes the calling Worker's slot look as if its thread were dead, and forgets it: the next use attaches anew. */
export function die(build: TestBuild, arena: Arena): void {
  const attachment = attachmentOf(arena);
  const { words } = attachment.heap.control;
  attachment.leaveForGood();
  const owner = ownerWord(build, attachment.slot);
  Atomics.store(words, owner, (words[owner]! & ~THREAD_MASK) | NOBODY);
  forget(arena);
}

/** The Arena object attaches anew at its next use. Its slot stays as it is. */
export function forget(arena: Arena): void {
  partsOf(arena).attachment?.leaveForGood();
  partsOf(arena).attachment = undefined;
  partsOf(arena).fastPath = undefined;
}

/** Frees a block of a span of the calling Worker's as another Worker would. */
export function freeAsAnother(build: TestBuild, arena: Arena, pointer: number): void {
  const { caches, magazines } = attachmentOf(arena);
  const index = caches.findIndex(({ base }) => pointer >= base && pointer < base + 2 ** 32);
  const { base, words } = caches[index]!;
  if (!build.freeRemotely(words, magazines[index]!.table, (pointer - base) / 16))
    throw new Error("the block is not in use");
}

/** The same, by one who dies before it marks the span. It may be any Worker's. */
export function freeUntold(arena: Arena, pointer: number): void {
  const { caches, magazines } = attachmentOf(arena);
  const index = caches.findIndex(({ base }) => pointer >= base && pointer < base + 2 ** 32);
  const granule = (pointer - caches[index]!.base) / 16;
  const { states } = magazines[index]!.table;
  const odd = granule & 1;
  if (
    Atomics.compareExchange(states, granule >>> 1, State.inUse | odd, State.remote | odd) !==
    (State.inUse | odd)
  )
    throw new Error("the block is not in use");
}

/** The first span that this Worker was told of comes behind itself. */
export function loopNotes({ cacheOfSlot, PENDING }: TestBuild, arena: Arena): void {
  const { caches, magazines, slot } = attachmentOf(arena);
  for (const [index, { words }] of caches.entries()) {
    const first = words[cacheOfSlot(slot) + PENDING]!;
    if (first !== 0) magazines[index]!.table.records[first * Record.words + Record.pendingNext] = first;
  }
}

/** As if all who freed this Worker's blocks had died before they told. */
export function loseNotes({ cacheOfSlot, PENDING }: TestBuild, arena: Arena): void {
  const { caches, slot } = attachmentOf(arena);
  for (const { words } of caches) words[cacheOfSlot(slot) + PENDING] = 0;
}

/** What the span table says: see src/memory/span-table.ts. */
const Segment = {
  words: 4,
  kind: 0,
  freeUnits: 1,
  units: 32,
  isThere: 1,
  stale: 2,
  freeUnit: 2 ** 25,
} as const;
const Record = { words: 8, pendingNext: 4 } as const;
const State = { inUse: 2, remote: 6 } as const;
const SEGMENT_WORDS = 2 ** 15;

/** Places of the segments of a window, as words from its base. */
export function segmentsOf({ table: { segments } }: Magazines): number[] {
  const places: number[] = [];
  for (let at = 0; at < segments.length; at += Segment.words)
    if (segments[at + Segment.kind] === Segment.isThere) places.push((at / Segment.words) * SEGMENT_WORDS);
  return places;
}

/** Leaves the segments that are gone as whoever dies in the middle of giving one back. */
export function spoilStale(arena: Arena): void {
  for (const { table } of attachmentOf(arena).magazines) {
    const { map, segments } = table;
    for (let at = 0; at < segments.length; at += Segment.words) {
      if (segments[at + Segment.kind] !== Segment.stale) continue;
      segments[at + Segment.freeUnits] = -1;
      const first = (at / Segment.words) * Segment.units;
      map.fill(Segment.freeUnit, first, first + Segment.units);
    }
  }
}

/** Where a slot's owner stands in the control block's words. */
export function ownerWord({ CONTROL_AREA, SLOT_TABLE, SLOT_WORDS }: TestBuild, slot: number): number {
  return CONTROL_AREA + SLOT_TABLE + slot * SLOT_WORDS;
}

/** The directory of arenas: an entry has eight words, from word 16 on; the first is the process-wide heap's. */
const FIRST_ENTRY = 16;
const ENTRY_WORDS = 8;
/** Words of an entry. */
export const Entry = { state: 0, start: 6, startState: 7 } as const;
/** In the low bits of its state; above them stands a thread id. */
export const Phase = { vacant: 0, building: 1, listed: 2, ending: 4 } as const;
export const stateOf = (phase: number, thread: number): number => (thread << 3) | phase;

export interface DirectoryEntry {
  readonly words: Int32Array;
  readonly at: number;
}

export function heapEntry(build: TestBuild): DirectoryEntry {
  const { words } = build.Directory.open(build.nativePlatform()) as { words: Int32Array };
  return { words, at: FIRST_ENTRY };
}

/** The entry of the arena at an address; for 0 the first private one that is vacant. */
export function directoryEntry(build: TestBuild, address: number): DirectoryEntry {
  const { words } = heapEntry(build);
  for (let at = FIRST_ENTRY + ENTRY_WORDS; at < words.length; at += ENTRY_WORDS) {
    const isThere =
      address === 0
        ? words[at] === Phase.vacant
        : words[at] !== Phase.vacant && addressAt(words, at) === address;
    if (isThere) return { words, at };
  }
  throw new Error(`the directory has no entry for ${address}`);
}

/** The process has no process-wide heap afterwards. Nobody may be attached to it. */
export function forgetHeap(build: TestBuild): void {
  const { words, at } = heapEntry(build);
  const address = addressAt(words, at);
  if (address !== 0) build.nativePlatform().pages.unmap(address, 2 ** 32);
  words.fill(0, at, at + ENTRY_WORDS);
}

function addressAt(words: Int32Array, at: number): number {
  return new Float64Array(words.buffer, words.byteOffset)[at / 2 + 1]!;
}
