/**
 * What collatz-list and collatz-ivec have in common. Each number from 1 to N - 1 is a task: a growing sequence of values
 * that ends at 1. Four Workers sweep over all tasks from random places until a sweep finds all of them finished. A visit
 * copies the sequence and makes it up to 50 values longer, so that nearly every block is freed by another Worker than the
 * one that allocated it. Results and amounts of work do not depend on who comes when.
 *
 * Test programs of the allocator challenge of a university course on computer systems, 2017 to 2020.
 *
 * A block of 64 bytes is allocated for each task, as in the original; what the Workers must reach with Atomics (the busy
 * flag) stands beside it in shared memory, with the sequence's address and the step count.
 */
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { Fault } from "../oracle/fault.ts";
import { Random } from "../random.ts";
import type { Heap } from "./heap.ts";
import type { WorkerContext, Workload } from "./workload.ts";

export const MOST_VALUES_PER_VISIT = 50;
const SEATS = 4;
const TASK_BYTES = 64;
const POINTER_BYTES = 8;
const UNKNOWN = -1;
const IDLE = 0;
const BUSY = 1;

/** The number with the longest sequence, and its steps, for some N. */
const answers: { readonly [tasks: number]: readonly [number, number] } = {
  100: [97, 118],
  1000: [871, 178],
  10000: [6171, 261],
  100000: [77_031, 350],
  500000: [410_011, 448],
};

/** One kind of sequence, in the memory of the heap. Each Worker has its own object. */
export interface Sequences {
  /** A sequence of one value. Returns its address; so does `advance`. */
  create(value: number): number;
  /** The latest value. */
  head(sequence: number): number;
  /** Copies the sequence, appends up to 50 values, and frees the old one. */
  advance(sequence: number): number;
  length(sequence: number): number;
  free(sequence: number): void;
}

export interface CollatzShared {
  readonly blocks: BlockTable;
  /** For each task the address of its sequence. */
  readonly sequences: Float64Array;
  readonly busy: Int32Array;
  readonly steps: Int32Array;
}

export const nextValue = (value: number): number => (value % 2 === 0 ? value / 2 : 3 * value + 1);

/** Verify and bench alike: it costs little, and a wrong value would change the work. */
export function checkSuccessor(value: number, found: number): void {
  if (found !== nextValue(value))
    throw new Fault("content", `after ${value} comes ${found} instead of ${nextValue(value)}`);
}

export function collatz(
  name: string,
  summary: string,
  open: (heap: Heap) => Sequences,
): Workload<CollatzShared> {
  return {
    name,
    summary,
    seats: () => SEATS,

    prepare: ({ tasks }) => ({
      blocks: createBlockTable(1 + tasks),
      sequences: new Float64Array(new SharedArrayBuffer(tasks * 8)),
      busy: new Int32Array(new SharedArrayBuffer(tasks * 4)),
      steps: new Int32Array(new SharedArrayBuffer(tasks * 4)),
    }),

    run(context, shared) {
      const { worker, seat } = context;
      const heap = context.heapOver(shared.blocks);
      const sequences = open(heap);
      const random = new Random(context.seed);
      do {
        if (worker === 0) setUp(heap, sequences, shared);
        seat.meet();
        sweepUntilDone(sequences, random, shared);
        seat.meet();
        if (worker === 0) tearDown(context, heap, sequences, shared);
      } while (seat.goOn());
      return "finished";
    },

    result({ steps }) {
      let best = 1;
      for (let task = 1; task < steps.length; task++) if (steps[task]! > steps[best]!) best = task;
      const answer = answers[steps.length] ?? [best, steps[best]!];
      const line = `Max steps is at ${best}: ${steps[best]} steps`;
      if (answer[0] !== best || answer[1] !== steps[best]) {
        throw new Fault("content", `${line}, but it is ${answer.join(": ")}`);
      }
      return line;
    },
  };
}

function setUp(heap: Heap, sequences: Sequences, shared: CollatzShared): void {
  const tasks = shared.steps.length;
  heap.malloc(0, tasks * POINTER_BYTES, 0);
  for (let task = 0; task < tasks; task++) {
    heap.malloc(1 + task, TASK_BYTES, task);
    shared.sequences[task] = sequences.create(task);
    shared.steps[task] = UNKNOWN;
  }
}

function tearDown(context: WorkerContext, heap: Heap, sequences: Sequences, shared: CollatzShared): void {
  for (let task = 0; task < shared.steps.length; task++) {
    sequences.free(shared.sequences[task]!);
    heap.free(1 + task);
  }
  heap.free(0);
  context.seat.countTurn();
}

function sweepUntilDone(sequences: Sequences, random: Random, shared: CollatzShared): void {
  const worked = shared.steps.length - 1;
  let finished: number;
  do {
    finished = 0;
    const base = random.below(worked);
    for (let i = 1; i <= worked; i++) if (visit(sequences, shared, 1 + ((base + i) % worked))) finished++;
  } while (finished < worked);
}

/**
 * Returns whether the task is finished; a task that is busy is not. A finished one is known by its step count: reading
 * its sequence in every sweep, as the original does, would cost more than all of its allocations.
 */
function visit(sequences: Sequences, { busy, sequences: all, steps }: CollatzShared, task: number): boolean {
  if (steps[task] !== UNKNOWN) return true;
  if (Atomics.compareExchange(busy, task, IDLE, BUSY) !== IDLE) return false;
  const sequence = all[task]!;
  const finished = sequences.head(sequence) === 1;
  if (!finished) all[task] = sequences.advance(sequence);
  else steps[task] = sequences.length(sequence) - 1;
  Atomics.store(busy, task, IDLE);
  return finished;
}
