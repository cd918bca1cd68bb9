/** The lecture's questions: what is compared on which loads, and by which figure the answer is judged. */
import type { ArenaOptions } from "../../src/index.ts";
import { recordingNames, type Task } from "./loads.ts";

export interface Question {
  readonly name: string;
  readonly title: string;
  /** What the contenders differ in, and what not. */
  readonly note: string;
  readonly contenders: readonly { readonly name: string; readonly task: Omit<Task, "load"> }[];
  readonly loads: readonly string[];
  /** The figure that decides; the least value wins. */
  readonly decides: Figure;
  readonly columns: readonly Figure[];
}

export const figures = {
  nsPerOperation: "ns an operation",
  longestUs: "longest, µs",
  internal: "internal, %",
  external: "external, %",
  peakRatio: "peak committed / live",
  mappings: "mmap and munmap of large blocks",
  peakRssMib: "peak RSS, MiB",
  endRssMib: "RSS at the end, MiB",
} as const;
export type Figure = keyof typeof figures;

const GENERAL: readonly Figure[] = ["nsPerOperation", "longestUs", "internal", "external", "peakRatio"];
const LARGE: readonly Figure[] = ["nsPerOperation", "mappings", "peakRatio", "peakRssMib", "endRssMib"];

const onPolicy = (policy: string, workerCache = false) => ({
  name: workerCache ? `${policy}, caches` : policy,
  task: { options: { policy, workerCache } satisfies ArenaOptions },
});
const sizes = (pattern: string, ...live: number[]) => live.map((blocks) => `${pattern} ${blocks}`);

const KIB = 2 ** 10;
/** 4 KiB to 1 GiB. */
const THRESHOLDS = [12, 14, 16, 18, 20, 22, 24, 30];
/** A quarter of a window without its control block is the most an arena takes. */
const LARGEST_THRESHOLD = 2 ** 30 - 2 ** 16;

function byteText(log: number): string {
  return log < 20 ? `${2 ** (log - 10)} KiB` : log < 30 ? `${2 ** (log - 20)} MiB` : `${2 ** (log - 30)} GiB`;
}

export const questions: readonly Question[] = [
  {
    name: "order",
    title: "Singly linked in the order of addresses, or doubly linked without order?",
    note:
      "`husky` walks a singly linked list at every free to keep its order, `unordered` puts a block in front of a doubly " +
      "linked one; both take the first block that fits and merge at once. Without caches.",
    contenders: [onPolicy("husky"), onPolicy("unordered"), onPolicy("unordered:fit=best")],
    loads: [...sizes("mixed", KIB, 4 * KIB, 16 * KIB), ...sizes("holes", KIB, 4 * KIB)],
    decides: "nsPerOperation",
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
    loads: [...sizes("mixed", KIB, 4 * KIB), ...sizes("holes", KIB, 4 * KIB), "cmake-report"],
    decides: "peakRatio",
    columns: GENERAL,
  },
  {
    name: "threshold",
    title: "From which size on should a block have a mapping of its own?",
    note: "`bins` with caches; 64 and 256 live blocks of 1 KiB to 4 MiB, a byte written to each of their pages.",
    contenders: THRESHOLDS.map((log) => ({
      name: byteText(log),
      task: { options: { largeThreshold: Math.min(2 ** log, LARGEST_THRESHOLD) }, touches: true },
    })),
    loads: sizes("big", 64, 256),
    decides: "nsPerOperation",
    columns: LARGE,
  },
  {
    name: "returning",
    title: "Return memory, or keep it?",
    note: "`bins` with caches: memory that has been idle for a while goes back by itself, or `trim` is called so often.",
    contenders: [
      { name: "by itself", task: { options: {}, touches: true } },
      { name: "trim after 10,000", task: { options: {}, touches: true, trimEvery: 10_000 } },
      { name: "trim after 100", task: { options: {}, touches: true, trimEvery: 100 } },
    ],
    loads: [...sizes("holes", 64 * KIB), ...sizes("mixed", 16 * KIB), "python-buffers"],
    decides: "nsPerOperation",
    columns: LARGE,
  },
  {
    name: "structure",
    title: "List, tree, buddies, bins or slabs?",
    note: "Without caches, as the heap grows from 1 k to 1 M blocks, and on the recordings.",
    contenders: ["bins", "tree", "buddy", "slabs"].map((policy) => onPolicy(policy)),
    loads: [
      ...sizes("mixed", KIB, 16 * KIB, 128 * KIB, 2 ** 20),
      ...sizes("holes", KIB, 128 * KIB),
      ...recordingNames(),
    ],
    decides: "nsPerOperation",
    columns: GENERAL,
  },
  {
    name: "caches",
    title: "What does a Worker's cache add?",
    note: "The same policies with and without.",
    contenders: ["bins", "tree", "buddy", "slabs"].flatMap((policy) => [
      onPolicy(policy),
      onPolicy(policy, true),
    ]),
    loads: [...sizes("mixed", KIB, 16 * KIB, 128 * KIB), "cc1", "python-objects"],
    decides: "nsPerOperation",
    columns: GENERAL,
  },
];
