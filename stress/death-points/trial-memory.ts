/**
 * The memory that the main thread, the survivors, the newcomer and the victim of a trial share. It serves all trials;
 * between two of them `clear` makes it new.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { createPatternMemory, type PatternMemory } from "../oracle/pattern.ts";
import { createShadowMemory, type ShadowMemory } from "../oracle/shadow.ts";

export const MOST_SURVIVORS = 4;
export const NEWCOMER: number = MOST_SURVIVORS;
export const VICTIM: number = MOST_SURVIVORS + 1;
const SEATS = MOST_SURVIVORS + 2;

/** What the table's block numbers are for. */
export const OWN_BLOCKS = 24;
/** Numbers that go round by `Atomics.exchange`. */
export const EXCHANGE: { readonly first: number; readonly count: number } = {
  first: SEATS * OWN_BLOCKS,
  count: 32,
};
/** Blocks that survivors allocate for the victim. */
export const GIFTS: { readonly first: number; readonly count: number } = {
  first: EXCHANGE.first + EXCHANGE.count,
  count: 32,
};
/** The victim's own. */
export const TOUR: { readonly first: number; readonly count: number } = {
  first: GIFTS.first + GIFTS.count,
  count: 512,
};
/** The victim's, in the place of numbers that go round: the survivors' when it has stopped. */
export const LENT: { readonly first: number; readonly count: number } = {
  first: TOUR.first + TOUR.count,
  count: 16,
};
const BLOCKS = LENT.first + LENT.count;

/** Words that one waits for. */
export const Word = {
  /** State of the victim. */
  victim: 0,
  /** State of the survivors. */
  crew: 1,
  /** A survivor is to hold the lock for the victim to wait for. */
  hold: 2,
  /** How many owners the victim has had. */
  owners: 3,
  /** 1 when the victim uses the process-wide heap. */
  usesHeap: 4,
  /** Always 0: the place to wait. */
  never: 5,
} as const;

export const Victim = { runs: 0, stopped: 1, finished: 2, failed: 3 } as const;
export const Crew = { quiet: 0, works: 1, rests: 2 } as const;
export const Hold = { none: 0, wanted: 1, held: 2, letGo: 3 } as const;

/** What the victim is just doing to a block: the table cannot say then whether it is in use. */
export const Doing = { nothing: 0, free: 1, realloc: 2 } as const;

const FIRST_OWNER = 16;
const FIRST_SEAT = 64;
const SEAT_WORDS = 32;
const WORDS = FIRST_SEAT + SEATS * SEAT_WORDS;

const SHADOW_CHUNKS = 256;

export interface TrialMemory {
  readonly words: Int32Array;
  /** The victim's private arena, address 0 = none, and what it is doing: see `Double`. */
  readonly doubles: Float64Array;
  readonly exchange: Int32Array;
  readonly blocks: BlockTable;
  readonly shadow: ShadowMemory;
  readonly pattern: PatternMemory;
}

export const Double = {
  arenaAddress: 0,
  arenaId: 1,
  arenaVersion: 2,
  doing: 3,
  address: 4,
  bytes: 5,
  tag: 6,
  /** 1: survivors find nothing damaged in the private arena. */
  arenaIsSound: 7,
} as const;

export function createTrialMemory(seed: number): TrialMemory {
  return {
    words: new Int32Array(new SharedArrayBuffer(WORDS * 4)),
    doubles: new Float64Array(new SharedArrayBuffer(64)),
    exchange: new Int32Array(new SharedArrayBuffer(EXCHANGE.count * 4)),
    blocks: createBlockTable(BLOCKS),
    shadow: createShadowMemory(SHADOW_CHUNKS),
    pattern: createPatternMemory(seed),
  };
}

/** Before a trial. No block is held then: the shadow map may forget where the last arena was. */
export function clearTrialMemory({ words, doubles, exchange, blocks, shadow }: TrialMemory): void {
  new Int32Array(shadow.directory).fill(0);
  words.fill(0);
  doubles.fill(0);
  blocks.address.fill(0);
  for (let i = 0; i < EXCHANGE.count; i++) exchange[i] = EXCHANGE.first + i;
}

/** Sets a word and wakes who waits for it. */
export function tell(words: Int32Array, word: number, value: number): void {
  Atomics.store(words, word, value);
  Atomics.notify(words, word);
}

/** The owners that the victim has published. */
export function addOwner(words: Int32Array, owner: number): void {
  const count = words[Word.owners]!;
  words[FIRST_OWNER + count] = owner;
  Atomics.store(words, Word.owners, count + 1);
}

export function ownersOf(words: Int32Array): number[] {
  return [...words.subarray(FIRST_OWNER, FIRST_OWNER + Atomics.load(words, Word.owners))];
}

/** Rounds that a Worker has done. */
export function roundsWord(seat: number): number {
  return FIRST_SEAT + seat * SEAT_WORDS;
}

/** What a Worker is doing, as a number of `activities`. */
export function activityWord(seat: number): number {
  return FIRST_SEAT + seat * SEAT_WORDS + 1;
}

export const activities = [
  "waiting",
  "malloc",
  "alignedAlloc",
  "realloc",
  "free",
  "usableSize",
  "trim",
  "check",
  "blocks",
  "attach",
  "detach",
  "the victim's arena",
  "the process-wide heap",
] as const;
export type Activity = (typeof activities)[number];
