/** What is checked of the span protocol (model/spans), and the mistakes that are planted in it. */
import type { Search } from "./configurations.ts";

/** How a run begins: see `begin` in spans/state.pml. */
export type Start = "empty" | "half" | "full" | "orphan" | "adopted";

export interface SpanConfiguration extends Search {
  readonly protocol: "spans";
  /** Workers; where a run begins as "orphan" or "adopted", the first is dead already. */
  readonly workers: 2 | 3;
  readonly spans: 1 | 2;
  /** Blocks of each span, and room of a magazine. */
  readonly blocks: 2 | 3;
  readonly room: 1 | 2;
  readonly start: Start;
  /** Requests that each Worker makes. */
  readonly operations: number;
  /** Workers that are terminated at any step. */
  readonly deaths: number;
  /** What else Workers do or what else is checked: see `extrasInWords`. */
  readonly extras?: readonly Extra[];
}

/** Names that are defined in the model. */
export type Extra = "TRIM" | "RECLAIM" | "LEAVE" | "DOUBLE" | "TOLD";

export const extrasInWords: Record<Extra, string> = {
  TRIM: "trim",
  RECLAIM: "reclaim",
  LEAVE: "Workers leave",
  DOUBLE: "blocks freed by two at once",
  TOLD: "owners are told of all",
};

const pair = {
  protocol: "spans",
  workers: 2,
  spans: 1,
  blocks: 2,
  room: 1,
  start: "half",
  operations: 1,
  deaths: 1,
} as const;
/** A Worker died; one of two others adopts its span while the other frees in it. */
const orphan = { ...pair, workers: 3, start: "orphan", deaths: 0 } as const;
const told = {
  ...pair,
  spans: 2,
  start: "full",
  operations: 3,
  deaths: 0,
  extras: ["TOLD"],
} as const;
const double = { ...pair, workers: 3, start: "full", deaths: 0, extras: ["DOUBLE"] } as const;
const trimming = {
  ...pair,
  start: "full",
  operations: 2,
  deaths: 0,
  extras: ["TRIM"],
  cycles: true,
} as const;
const reclaiming = { ...orphan, start: "adopted", operations: 2, extras: ["RECLAIM"] } as const;

export const spanConfigurations: readonly SpanConfiguration[] = [
  { ...pair, name: "spans", start: "empty", quick: true },
  { ...pair, name: "spans-both-die", start: "empty", operations: 2, deaths: 2 },
  { ...pair, name: "spans-three-blocks", blocks: 3, room: 2, operations: 2 },
  { ...pair, name: "two-spans", spans: 2, operations: 2 },
  { ...trimming, name: "spans-trim-ends" },
  { ...told, name: "told" },
  { ...double, name: "double-free" },
  { ...pair, name: "adopt", workers: 3 },
  { ...orphan, name: "adopt-twice", deaths: 2 },
  { ...orphan, name: "adopt-told", extras: ["TOLD"], quick: true },
  { ...orphan, name: "leave", start: "half", extras: ["LEAVE"] },
  { ...reclaiming, name: "reclaim-spans", deaths: 1 },
];

/** A configuration with a mistake that must be found. */
export interface SpanPlant extends SpanConfiguration {
  readonly define: string;
  readonly mistake: string;
  /** Look for the shortest counterexample; where that takes too long, for any. */
  readonly shortest?: true;
}

export const spanPlants: readonly SpanPlant[] = [
  {
    ...double,
    name: "plain-remote",
    define: "PLAIN_REMOTE",
    mistake: "another Worker's block is freed by a plain store",
    shortest: true,
  },
  {
    ...trimming,
    name: "mark-late",
    define: "MARK_LATE",
    mistake: "a span's mark is taken away after its states were looked at, and not before",
    extras: [],
    cycles: undefined,
    shortest: true,
  },
  {
    ...told,
    name: "next-late",
    define: "NEXT_LATE",
    mistake: "the next span of the list is read after the mark was taken away",
  },
  {
    ...orphan,
    name: "plain-former",
    define: "PLAIN_FORMER",
    mistake: "an adoption marks the blocks of the former owner by plain stores",
    shortest: true,
  },
  {
    ...pair,
    name: "forget-ready",
    define: "FORGET_READY",
    mistake: "a repair does not make free what a dead Worker had ready",
    shortest: true,
    quick: true,
  },
  {
    ...pair,
    name: "forget-remote",
    define: "FORGET_REMOTE",
    mistake: "a repair does not make free what others had freed in a dead Worker's spans",
    start: "full",
    shortest: true,
  },
  {
    ...reclaiming,
    name: "plain-reclaim",
    define: "PLAIN_RECLAIM",
    mistake: "`reclaim` frees by plain stores",
  },
  {
    ...pair,
    name: "unseen",
    define: "UNSEEN",
    mistake: "a repair does not tell of what was freed, but not marked, in a living Worker's spans",
    shortest: true,
  },
  {
    ...orphan,
    name: "try-once",
    define: "TRY_ONCE",
    mistake: "a free gives up when an adoption marks the block between its load and its exchange",
    shortest: true,
  },
  {
    ...orphan,
    name: "untold",
    define: "UNTOLD",
    mistake: "an adopter does not look whether its span was marked while nobody owned it",
    extras: ["TOLD"],
    shortest: true,
  },
  {
    ...trimming,
    name: "follow-all",
    define: "FOLLOW_ALL",
    mistake: "a list is followed through spans that are not marked any more",
  },
];
