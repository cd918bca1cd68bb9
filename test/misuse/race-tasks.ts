/** What the Workers of races.cases.ts do. */
import { bytesAt } from "../../native/raw-memory.ts";
import { Arena, type ArenaHandle, InvalidPointerError, OutOfMemoryError } from "../../src/index.ts";
import { StartLine } from "./crew.ts";
import { reachSpans } from "./harness.ts";

/** What a call came to. */
export const Result = { done: 1, doubleFree: 2, invalid: 3, corrupt: 4, other: 5 } as const;
export const MISUSE: readonly number[] = [Result.doubleFree, Result.invalid];

export interface Race {
  readonly handle: ArenaHandle;
  readonly start: SharedArrayBuffer;
  /** One of the party's own 0 and 1. */
  readonly party: number;
  /** Pointers both go for, as doubles. */
  readonly pointers: SharedArrayBuffer;
  /** A result of each party for each pointer. */
  readonly results: SharedArrayBuffer;
  readonly act: "free" | "realloc" | "usableSize";
  readonly size: number;
  /** The owner takes its blocks from a span. */
  readonly inSpan?: boolean;
}

function resultOf(call: () => void): number {
  try {
    call();
    return Result.done;
  } catch (error) {
    if (!(error instanceof InvalidPointerError)) return Result.other;
    if (error.code === "double-free") return Result.doubleFree;
    if (error.code === "corrupt-block") return Result.corrupt;
    return Result.invalid;
  }
}

/** A pause that differs from turn to turn, so that the calls meet in different places. */
function stagger(turn: number, party: number): void {
  for (let i = (turn * (party * 6 + 7)) % 41; i > 0; i--) Math.sqrt(i);
}

/** Goes for each pointer at the same moment as the other party. Returns what realloc gave, 0 = nothing, for each. */
export function race({ handle, start, party, pointers, results, act, size }: Race): number[] {
  const arena = Arena.attach(handle);
  const line = new StartLine(start, 2);
  const blocks = new Float64Array(pointers);
  const mine = new Uint8Array(results, party * blocks.length, blocks.length);
  const given = new Array<number>(blocks.length).fill(0);
  for (let turn = 0; turn < blocks.length; turn++) {
    const block = blocks[turn]!;
    line.meet(turn);
    stagger(turn, party);
    mine[turn] = resultOf(() => {
      if (act === "free") arena.free(block);
      else if (act === "realloc") given[turn] = arena.realloc(block, size);
      else arena.usableSize(block);
    });
  }
  return given;
}

/** So many blocks that this Worker then holds, each written to. */
export function holdBlocks(input: { handle: ArenaHandle; size: number; count: number }): number[] {
  const arena = Arena.attach(input.handle);
  return Array.from({ length: input.count }, () => {
    const pointer = arena.malloc(input.size);
    bytesAt(pointer, Math.min(input.size, 4096)).fill(0x5a);
    return pointer;
  });
}

/** The owner of the blocks and a stranger free the same block, then both take new ones: per turn four of each. */
export function ownerRace({ handle, start, party, pointers, results, size, inSpan }: Race): string[] {
  const TAKEN = 4;
  const arena = Arena.attach(handle);
  if (inSpan) reachSpans(arena, size);
  const line = new StartLine(start, 2);
  const shared = new Float64Array(pointers);
  const turns = results.byteLength / 2;
  const mine = new Uint8Array(results, party * turns, turns);
  const faults: string[] = [];
  for (let turn = 0, step = 0; turn < turns; turn++) {
    if (party === 0) shared[0] = arena.malloc(size);
    line.meet(step++);
    const block = shared[0]!;
    stagger(turn, party);
    mine[turn] = resultOf(() => arena.free(block));
    // Not before both have freed: a late free would hit the new block at this address (as rows 16 and 152).
    line.meet(step++);
    for (let i = 0; i < TAKEN; i++) {
      shared[1 + party * TAKEN + i] = 0;
      resultOf(() => {
        shared[1 + party * TAKEN + i] = arena.malloc(size);
      });
    }
    line.meet(step++);
    const taken = [...shared.subarray(1, 1 + 2 * TAKEN)].filter((pointer) => pointer !== 0);
    if (party === 0 && new Set(taken).size !== taken.length) faults.push(`turn ${turn}: handed out twice`);
    line.meet(step++);
    for (let i = 0; i < TAKEN; i++) {
      const own = shared[1 + party * TAKEN + i]!;
      if (own !== 0) resultOf(() => arena.free(own));
    }
    line.meet(step++);
  }
  return faults;
}

/** Allocates until nothing is left, gives half of it back, again and again. Returns what it holds. */
export function fillUp({
  handle,
  start,
  turns,
}: {
  handle: ArenaHandle;
  start: SharedArrayBuffer;
  turns: number;
}) {
  const arena = Arena.attach(handle);
  const line = new StartLine(start, 2);
  const held: [pointer: number, size: number][] = [];
  let refusals = 0;
  for (let turn = 0; turn < turns; turn++) {
    line.meet(turn);
    for (let i = 0; ; i++) {
      const size = [24, 400, 5000, 70_000][(i + turn) % 4]!;
      try {
        held.push([arena.malloc(size), size]);
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
        refusals++;
        break;
      }
    }
    for (const [pointer] of held.splice(0, held.length >> 1)) arena.free(pointer);
  }
  return { held, refusals };
}
