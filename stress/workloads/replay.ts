/**
 * replay: a recording of a real program. The recorded threads are dealt out to the Workers of a group, so that a
 * block is freed by the Worker that plays the thread that freed it. A group is at most as many Workers as the
 * recording has threads; all groups play the whole recording at once, each with blocks of its own. What is live
 * at the recording's end is freed, then the group plays it again, until time is up and at least once.
 */
import { Phase } from "../crew/control.ts";
import { meetAt, meetingWords } from "../crew/meeting.ts";
import { type BlockTable, createBlockTable } from "../oracle/block-table.ts";
import { Operation, type Recording } from "../recordings/recording.ts";
import type { Heap } from "./heap.ts";
import { awaitOrdinal, createReplayOrder, type ReplayOrder } from "./replay-order.ts";
import type { WorkerContext, Workload } from "./workload.ts";

/** The Workers that play one copy of the recording. */
interface Group {
  readonly members: number;
  readonly blocks: BlockTable;
  /** For each block: how many operations on it are done in this turn. */
  readonly done: Int32Array;
  /** A meeting, then whether another turn follows. */
  readonly words: Int32Array;
}

interface Shared {
  readonly recording: Recording;
  readonly order: ReplayOrder;
  readonly groups: readonly Group[];
}

const AGAIN = meetingWords;

export const replay: Workload<Shared> = {
  name: "replay",
  summary: "recordings of real programs, each thread on a Worker; see --trace",

  prepare({ workers, recording }) {
    if (recording === undefined) throw new TypeError("replay needs a recording");
    const groups: Group[] = [];
    const largest = Math.max(1, recording.threads);
    for (let first = 0; first < workers; first += largest) {
      groups.push({
        members: Math.min(largest, workers - first),
        blocks: createBlockTable(recording.blocks),
        done: new Int32Array(new SharedArrayBuffer(Math.max(1, recording.blocks) * 4)),
        words: new Int32Array(new SharedArrayBuffer((meetingWords + 1) * 4)),
      });
    }
    return { recording, order: createReplayOrder(recording), groups };
  },

  run(context, { recording, order, groups }) {
    const largest = Math.max(1, recording.threads);
    const group = groups[Math.floor(context.worker / largest)]!;
    const member = context.worker % largest;
    const heap = context.heapOver(group.blocks);
    for (let turn = 0; ; turn++) {
      play(context, heap, recording, order, group, member, Math.imul(context.seed, turn + 1));
      if (member === 0) group.words[AGAIN] = context.seat.stopped() ? 0 : 1;
      meet(context, group);
      const again = group.words[AGAIN] === 1;
      for (let block = member; block < recording.blocks; block += group.members) {
        if (heap.holds(block)) heap.free(block);
        group.done[block] = 0;
      }
      if (member === 0) context.seat.countTurn();
      meet(context, group);
      if (!again) return "finished";
    }
  },
};

function meet(context: WorkerContext, group: Group): void {
  context.seat.enter(Phase.waiting, 0);
  meetAt(group.words, 0, group.members);
}

function play(
  context: WorkerContext,
  heap: Heap,
  recording: Recording,
  order: ReplayOrder,
  group: Group,
  member: number,
  tagBase: number,
): void {
  const { length, thread, block: blocks } = recording;
  const { done, members } = group;
  for (let i = 0; i < length; i++) {
    if (thread[i]! % members !== member) continue;
    const block = blocks[i]!;
    if (block < 0) {
      if (recording.operation[i] === Operation.free) heap.freeNull();
      continue;
    }
    const ordinal = order.ordinal[i]!;
    if (Atomics.load(done, block) !== ordinal) {
      context.seat.enter(Phase.waiting, 0);
      awaitOrdinal(done, block, ordinal);
    }
    performRecorded(heap, recording, i, block, tagBase + i);
    Atomics.store(done, block, ordinal + 1);
    if (order.handsOver[i] === 1) Atomics.notify(done, block);
  }
}

/** The i-th operation of a recording, on a block of this number. */
export function performRecorded(
  heap: Heap,
  recording: Recording,
  i: number,
  block: number,
  tag: number,
): void {
  const size = recording.size[i]!;
  switch (recording.operation[i]) {
    case Operation.malloc:
      heap.malloc(block, size, tag);
      break;
    case Operation.calloc:
      heap.calloc(block, 1, size, tag);
      break;
    case Operation.realloc:
      heap.realloc(block, size, tag);
      break;
    case Operation.alignedAlloc:
      heap.alignedAlloc(block, recording.alignment[i]!, size, tag);
      break;
    case Operation.free:
      heap.free(block);
  }
}
