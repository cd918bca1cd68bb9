/** The lecture's questions: what is compared on which loads, and by which figures the answer is judged. */
import type { ArenaOptions } from "../../src/index.ts";
import { recordingNames } from "../recordings/files.ts";
import type { Task } from "./loads.ts";

export interface Contender {
  readonly name: string;
  readonly task: Omit<Task, "load">;
}

export interface Question {
  readonly name: string;
  readonly title: string;
  /** What the contenders differ in, and what not. */
  readonly note: string;
  readonly contenders: readonly Contender[];
  readonly loads: readonly string[];
  /** The two figures that decide, of time and of memory: the least product wins. */
  readonly decides: readonly [Figure, Figure];
  readonly columns: readonly Figure[];
}

export const figures = {
  nsPerOperation: "ns an operation",
  longestUs: "longest, µs",
  internal: "internal, %",
  external: "external, %",
  peakRatio: "peak committed / live",
  systemCalls: "system calls",
  peakRssMib: "peak RSS, MiB",
  endRssMib: "RSS at the end, MiB",
} as const;
export type Figure = keyof typeof figures;

const GENERAL: readonly Figure[] = ["nsPerOperation", "longestUs", "internal", "external", "peakRatio"];
const SYSTEM: readonly Figure[] = [...GENERAL, "systemCalls", "peakRssMib", "endRssMib"];

const onPolicy = (policy: string, workerCache = false): Contender => ({
  name: workerCache ? `${policy}, caches` : policy,
  task: { options: { policy, workerCache } satisfies ArenaOptions },
});

const KIB = 2 ** 10;
const sizes = (pattern: string, ...live: number[]) => live.map((blocks) => `${pattern} ${blocks}`);
/** From 1 k to 1 M blocks. */
const GROWTH = ["mixed", "holes"].flatMap((pattern) => sizes(pattern, KIB, 16 * KIB, 128 * KIB, KIB * KIB));
const EVERYTHING = [...GROWTH, ...recordingNames()];

/** 4 KiB to 1 GiB. */
const THRESHOLDS = [12, 14, 16, 18, 20, 22, 24, 30];
/** A quarter of a window without its control block is the most an arena takes. */
const LARGEST_THRESHOLD = 2 ** 30 - 2 ** 17;

function byteText(log: number): string {
  return log < 20 ? `${2 ** (log - 10)} KiB` : log < 30 ? `${2 ** (log - 20)} MiB` : `${2 ** (log - 30)} GiB`;
}

const REST_MS = 300;
const returning = (name: string, purgeDelay: number | undefined, trimEvery?: number): Contender => ({
  name,
  task: {
    options: purgeDelay === undefined ? {} : { purgeDelay },
    touches: true,
    restMs: REST_MS,
    ...(trimEvery !== undefined && { trimEvery }),
  },
});

const POLICIES = ["bins", "unordered", "tree", "buddy", "slabs", "husky"];

export const questions: readonly Question[] = [
  {
    name: "links",
    title: "Singly or doubly linked?",
    note:
      "Both keep the order of addresses, take the first block that fits and merge at every free. `husky` is singly linked " +
      "and looks for a block's place from the front of the list; with links back `unordered:order=address` looks from " +
      "where the list last changed. (`husky` also maps blocks of a page or more, which the patterns do not have.) " +
      "Without caches.",
    contenders: [onPolicy("husky"), onPolicy("unordered:order=address")],
    loads: EVERYTHING,
    decides: ["nsPerOperation", "peakRatio"],
    columns: GENERAL,
  },
  {
    name: "order",
    title: "In the order of addresses, or not?",
    note: "Both are doubly linked, take the first block that fits and merge at every free: the newest in front, or sorted. Without caches.",
    contenders: [onPolicy("unordered"), onPolicy("unordered:order=address")],
    loads: EVERYTHING,
    decides: ["nsPerOperation", "peakRatio"],
    columns: GENERAL,
  },
  {
    name: "merging",
    title: "Merge always, sometimes, never?",
    note: "`unordered`, first fit, without caches: at every free, when a search fails, after 1000 frees too, never.",
    contenders: [
      onPolicy("unordered"),
      onPolicy("unordered:merge=deferred"),
      onPolicy("unordered:merge=deferred,every=1000"),
      onPolicy("unordered:merge=never"),
    ],
    loads: EVERYTHING,
    decides: ["nsPerOperation", "peakRatio"],
    columns: GENERAL,
  },
  {
    name: "threshold",
    title: "From which size on should a block have a mapping of its own?",
    note:
      "`bins` with caches; a byte is written to each page of a block. The patterns *mixed* and *holes* have no block " +
      "above the lowest threshold: *big* stands for them.",
    contenders: THRESHOLDS.map((log) => ({
      name: byteText(log),
      task: { options: { largeThreshold: Math.min(2 ** log, LARGEST_THRESHOLD) }, touches: true },
    })),
    loads: [...sizes("big", 64, 256, KIB), ...recordingNames()],
    decides: ["nsPerOperation", "peakRssMib"],
    columns: SYSTEM,
  },
  {
    name: "returning",
    title: "Return memory, or keep it?",
    note:
      "`bins` with caches; a byte is written to each page of a block. Never (`purgeDelay: Infinity`), by itself after it " +
      "has been idle (the default), at once (`purgeDelay: 0`), or by `trim` after every 10,000 operations. " +
      `The end is ${REST_MS} ms after the last operation.`,
    contenders: [
      returning("never", Infinity),
      returning("by itself", undefined),
      returning("at once", 0),
      returning("trim", undefined, 10_000),
    ],
    loads: EVERYTHING,
    decides: ["nsPerOperation", "endRssMib"],
    columns: SYSTEM,
  },
  {
    name: "structure",
    title: "List, tree, buddies, bins or slabs?",
    note: "Without caches, as the heap grows from 1 k to 1 M blocks, and on the recordings. The lists are `unordered` and `husky`.",
    contenders: POLICIES.map((policy) => onPolicy(policy)),
    loads: EVERYTHING,
    decides: ["nsPerOperation", "peakRatio"],
    columns: GENERAL,
  },
  {
    name: "caches",
    title: "What does a Worker's cache add?",
    note: "The same policies with and without.",
    contenders: POLICIES.flatMap((policy) => [onPolicy(policy), onPolicy(policy, true)]),
    loads: EVERYTHING,
    decides: ["nsPerOperation", "peakRatio"],
    columns: GENERAL,
  },
];
