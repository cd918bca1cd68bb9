/** What is checked: numbers for the model, small enough that all states are visited, and mistakes planted in it. */

import {
  type SpanConfiguration,
  type SpanPlant,
  spanConfigurations,
  spanPlants,
} from "./span-configurations.ts";

/** What every search has. */
export interface Search {
  readonly name: string;
  /** Look for cycles instead of wrong states: without any, each run ends. */
  readonly cycles?: true | undefined;
  /** In `--quick` too. */
  readonly quick?: true;
}

/** Of the lock, the slots and the blocks with headers (model/protocol). */
export interface BlockConfiguration extends Search {
  readonly protocol: "blocks";
  /** Workers from the start, and newcomers that come when somebody is gone. */
  readonly workers: 2 | 3;
  readonly newcomers: 0 | 1;
  readonly slots: number;
  readonly cells: number;
  /** Requests are for 1 to `sizes` cells; freed blocks of up to `classes` cells are kept, small ones are of one cell. */
  readonly sizes: number;
  readonly classes: number;
  /** A Worker keeps one block more as long as all have fewer cells together. */
  readonly most: number;
  /** Requests that each Worker makes. */
  readonly operations: number;
  /** Workers that are terminated at any step. */
  readonly deaths: number;
  /** Whether Workers call `reclaim` too. */
  readonly reclaim?: true;
  /** Whether several free what Worker 1 got, instead of making requests of their own. */
  readonly twoFrees?: true;
}

/** A configuration with a mistake that must be found. */
export interface BlockPlant extends BlockConfiguration {
  /** What is defined in the model to plant it. */
  readonly define: string;
  readonly mistake: string;
  /** Look for the shortest counterexample; where that takes too long, for any. */
  readonly shortest?: true;
}

export type Configuration = BlockConfiguration | SpanConfiguration;
export type Plant = BlockPlant | SpanPlant;

const pair = {
  protocol: "blocks",
  workers: 2,
  newcomers: 0,
  slots: 2,
  cells: 3,
  sizes: 1,
  classes: 1,
  most: 1,
  operations: 1,
  deaths: 1,
} as const;
const withNewcomer = { ...pair, newcomers: 1 } as const;
const larger = { ...pair, cells: 2, sizes: 2, classes: 2, most: 2 } as const;
const threeFreers = { ...pair, workers: 3, slots: 3, cells: 1, deaths: 0, twoFrees: true } as const;

export const configurations: readonly Configuration[] = [
  { ...pair, name: "lists", cells: 2, quick: true },
  { ...pair, name: "ends", cells: 2, cycles: true, quick: true },
  { ...pair, name: "both-die", cells: 2, deaths: 2 },
  { ...pair, name: "lists-twice", operations: 2 },
  { ...pair, name: "flush-half", most: 2, operations: 3 },
  { ...larger, name: "larger", operations: 2 },
  { ...pair, name: "sizes", cells: 4, sizes: 3, classes: 2, deaths: 2 },
  { ...larger, name: "two-frees", twoFrees: true },
  { ...threeFreers, name: "three-frees" },
  { ...withNewcomer, name: "newcomer", cells: 2 },
  { ...withNewcomer, name: "newcomer-ends", cells: 1, classes: 0, cycles: true },
  { ...withNewcomer, name: "reclaim", cells: 1, classes: 0, reclaim: true },
  { ...pair, name: "three", workers: 3, slots: 3, cells: 1, classes: 0, deaths: 0 },
  ...spanConfigurations,
];

export const plants: readonly Plant[] = [
  {
    ...pair,
    name: "shrink-first",
    define: "SHRINK_FIRST",
    mistake: "a header is shrunk before the remainder's is written",
    cells: 2,
    shortest: true,
    quick: true,
  },
  {
    ...pair,
    name: "no-rebuild",
    define: "NO_REBUILD",
    mistake: "the lock is taken over without a rebuild",
    cells: 2,
  },
  {
    ...withNewcomer,
    name: "plain-claim",
    define: "PLAIN_CLAIM",
    mistake: "a block is claimed by a plain store",
    slots: 3,
    cells: 1,
    shortest: true,
    classes: 0,
    deaths: 0,
    reclaim: true,
  },
  {
    ...pair,
    name: "unnoted-change",
    define: "UNNOTED_CHANGE",
    mistake: "a header is changed without a note of its block",
    cells: 2,
  },
  {
    ...pair,
    name: "drain-lists",
    define: "DRAIN_LISTS",
    mistake: "what the dead keep comes back by their lists",
    cells: 2,
  },
  {
    ...pair,
    name: "early-free",
    define: "EARLY_FREE",
    mistake: "a block is marked free before the lock is taken",
    cells: 2,
    classes: 0,
  },
  {
    ...withNewcomer,
    name: "claim-dead",
    define: "CLAIM_DEAD",
    mistake: "a rebuild does not count as lost what a newcomer's slot keeps before it has had the lock",
    cells: 2,
  },
  {
    ...withNewcomer,
    name: "claim-once",
    define: "CLAIM_ONCE",
    mistake: "a free gives up when the block's owner is forgotten between its load and its exchange",
    cells: 2,
  },
  {
    ...pair,
    name: "raise-late",
    define: "RAISE_LATE",
    mistake: "the count of what is kept is raised after the block is on its list",
    cells: 2,
    shortest: true,
  },
  {
    ...pair,
    name: "lower-first",
    define: "LOWER_FIRST",
    mistake: "the count of what is kept is lowered before the block is off its list",
    cells: 2,
  },
  {
    ...pair,
    name: "clear-early",
    define: "CLEAR_EARLY",
    mistake: "a claim is cleared before the block is on its list",
    cells: 2,
    shortest: true,
  },
  {
    ...pair,
    name: "claim-unseen",
    define: "CLAIM_UNSEEN",
    mistake: "a rebuild passes over a slot that keeps nothing, whatever it has claimed",
    cells: 2,
  },
  {
    ...withNewcomer,
    name: "leave-lists",
    define: "LEAVE_LISTS",
    mistake: "a rebuild files what a dead Worker kept, but does not clear its lists",
    cells: 2,
  },
  {
    ...pair,
    name: "count-first",
    define: "COUNT_FIRST",
    mistake: "a rebuild clears the count of what a dead Worker kept before its lists",
    cells: 2,
    deaths: 2,
  },
  {
    ...larger,
    name: "plain-keep",
    define: "PLAIN_KEEP",
    mistake: "a Worker keeps a block that is not small by a plain store",
    shortest: true,
    deaths: 0,
    twoFrees: true,
  },
  {
    ...pair,
    name: "forget-first",
    define: "FORGET_FIRST",
    mistake: "a dead Worker's claim is forgotten before it is settled",
    cells: 2,
    classes: 0,
    deaths: 2,
  },
  {
    ...withNewcomer,
    name: "no-wait",
    define: "NO_MOVE_IN",
    mistake: "a newcomer uses its slot without having had the lock once",
    slots: 3,
    cells: 2,
  },
  {
    ...pair,
    name: "retire-early",
    define: "RETIRE_EARLY",
    mistake: "a leaving Worker gives its slot up while it has the lock",
    cells: 2,
    shortest: true,
  },
  {
    ...withNewcomer,
    name: "reclaim-two-loads",
    define: "RECLAIM_TWO_LOADS",
    mistake: "`reclaim` exchanges another load of word 1 than it has tested",
    slots: 3,
    cells: 1,
    classes: 0,
    deaths: 0,
    reclaim: true,
  },
  ...spanPlants,
];
