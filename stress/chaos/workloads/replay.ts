/**
 * replay: a recording, each recorded thread in a seat. The position of each seat is kept in shared memory, so that a
 * successor goes on where its predecessor died. The operation in which it died may be done or not: what is there
 * already is not done again, and what is not there is not freed.
 */
import { createBlockTable } from "../../oracle/block-table.ts";
import type { CheckedHeap } from "../../oracle/checked-heap.ts";
import { Operation, type Recording } from "../../recordings/recording.ts";
import { performRecorded } from "../../workloads/replay.ts";
import { createReplayOrder, type ReplayOrder } from "../../workloads/replay-order.ts";
import type { ChaosContext, ChaosWorkload, Places } from "./workload.ts";

/** Words of a seat: the next operation, and how many turns were played to the end and cleared after it. */
const POSITION = 0;
const PLAYED = 1;
const CLEARED = 2;
const SEAT_WORDS = 3;

interface Shared extends Places {
  readonly recording: Recording;
  readonly order: ReplayOrder;
  /** For each block: how many operations on it are done in this turn. */
  readonly done: Int32Array;
  readonly seats: Int32Array;
}

/** The seats that play one copy of the recording, and the one among them that asks. */
interface Part {
  readonly firstSeat: number;
  readonly members: number;
  readonly member: number;
  /** Number of the copy's first block. */
  readonly firstBlock: number;
}

export const replay: ChaosWorkload<Shared> = {
  name: "replay",

  prepare({ workers, recording }) {
    if (recording === undefined) throw new TypeError("replay needs a recording");
    const blocks = Math.ceil(workers / groupSize(recording)) * recording.blocks;
    return {
      blocks: createBlockTable(blocks),
      recording,
      order: createReplayOrder(recording),
      done: new Int32Array(new SharedArrayBuffer(Math.max(1, blocks) * 4)),
      seats: new Int32Array(new SharedArrayBuffer(workers * SEAT_WORDS * 4)),
    };
  },

  run(context, shared) {
    const part = partOf(context, shared.recording);
    const { seats } = shared;
    const seat = context.worker * SEAT_WORDS;
    for (;;) {
      const turn = seats[seat + CLEARED]!;
      if (!reachedBy(context, shared, part, CLEARED, turn)) return;
      if (seats[seat + PLAYED] === turn) {
        if (!play(context, shared, part)) return;
        Atomics.store(seats, seat + PLAYED, turn + 1);
      }
      if (!reachedBy(context, shared, part, PLAYED, turn + 1)) return;
      clear(context.heap, shared, part);
      seats[seat + POSITION] = 0;
      Atomics.store(seats, seat + CLEARED, turn + 1);
    }
  },

  release() {},
};

const groupSize = ({ threads }: Recording): number => Math.max(1, threads);

function partOf({ worker, workers }: ChaosContext, recording: Recording): Part {
  const size = groupSize(recording);
  const group = Math.floor(worker / size);
  const firstSeat = group * size;
  const members = Math.min(size, workers - firstSeat);
  return { firstSeat, members, member: worker - firstSeat, firstBlock: group * recording.blocks };
}

/** Waits until all seats of the group have come to this turn. False: the run is over. */
function reachedBy(
  context: ChaosContext,
  { seats }: Shared,
  part: Part,
  word: number,
  turn: number,
): boolean {
  for (let seat = part.firstSeat; seat < part.firstSeat + part.members; seat++) {
    while (Atomics.load(seats, seat * SEAT_WORDS + word) < turn) {
      if (!context.goesOn()) return false;
      context.idle();
    }
  }
  return true;
}

/** From the seat's position to the end. False: the run is over. */
function play(context: ChaosContext, shared: Shared, part: Part): boolean {
  const { recording, order, done, seats } = shared;
  const { length, thread, block: blocks } = recording;
  const position = context.worker * SEAT_WORDS + POSITION;
  for (let i = seats[position]!; i < length; i++) {
    if (thread[i]! % part.members !== part.member || blocks[i]! < 0) continue;
    seats[position] = i;
    const block = part.firstBlock + blocks[i]!;
    const ordinal = order.ordinal[i]!;
    do if (!context.goesOn()) return false;
    while (waits(context, done, block, ordinal));
    if (Atomics.load(done, block) > ordinal) continue;
    perform(context.heap, recording, i, block, context.seed + i);
    Atomics.store(done, block, ordinal + 1);
  }
  seats[position] = length;
  return true;
}

function waits(context: ChaosContext, done: Int32Array, block: number, ordinal: number): boolean {
  const early = Atomics.load(done, block) < ordinal;
  if (early) context.idle();
  return early;
}

function perform(heap: CheckedHeap, recording: Recording, i: number, block: number, tag: number): void {
  const operation = recording.operation[i];
  const expectsBlock = operation === Operation.free;
  if (operation === Operation.realloc || heap.holds(block) === expectsBlock) {
    performRecorded(heap, recording, i, block, tag);
  }
}

/** What is live at the recording's end is freed, each seat its share. */
function clear(heap: CheckedHeap, { recording, done }: Shared, part: Part): void {
  for (let i = part.member; i < recording.blocks; i += part.members) {
    const block = part.firstBlock + i;
    if (heap.holds(block)) heap.free(block);
    done[block] = 0;
  }
}
