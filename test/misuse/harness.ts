/**
 * What every misuse test asks for (rule R2): a refused call changed nothing, and the arena goes on as if it had not
 * been made. Uses node:assert, so that the same code runs in tests, in processes of their own and in Workers.
 */
import assert from "node:assert/strict";
import { bytesAt } from "../../native/raw-memory.ts";
import {
  Arena,
  ArenaError,
  type ArenaFault,
  type ArenaOptions,
  InvalidPointerError,
  OutOfMemoryError,
  type PointerFault,
} from "../../src/index.ts";

/** The three block sizes of mimalloc-bench. */
export const SIZES = [8, 4096, 262_144] as const;
/** A block with a header and no slack, too large for a span. */
export const HEADED = 1144;
/** A block with a mapping of its own. */
export const LARGE = 2 ** 20;
export const ALL_SIZES = [...SIZES, LARGE] as const;

/** The two ways to free a block: through the Worker's cache, and under the lock. */
export const CACHES: readonly ArenaOptions[] = [{ workerCache: true }, { workerCache: false }];

export function hex(address: number): string {
  return `0x${address.toString(16)}`;
}

/** Runs `use` with a private arena and disposes it. */
export function withArena(use: (arena: Arena) => void, options: ArenaOptions = {}): void {
  const arena = new Arena({ largeThreshold: LARGE / 2, ...options });
  use(arena);
  arena.dispose();
}

/** The counters a refused call must leave alone. */
export function counters(arena: Arena) {
  const { liveBlocks, liveBytes, largeBlocks, largeBytes, committedBytes, peakCommittedBytes } =
    arena.stats();
  return { liveBlocks, liveBytes, largeBlocks, largeBytes, committedBytes, peakCommittedBytes };
}

/** Whether a small block is one of a span: it has no header, its neighbours touch. */
export function isInSpan(arena: Arena, block: number): boolean {
  return arena.usableSize(block) % 16 === 0;
}

/** Allocates a size until a block of it comes from a span. Returns all of them, that one last. */
export function reachSpans(arena: Arena, size: number): number[] {
  const MOST = 1000;
  const blocks: number[] = [arena.malloc(size)];
  while (!isInSpan(arena, blocks.at(-1)!)) {
    assert.ok(blocks.length < MOST, `no span has blocks of ${size} bytes`);
    blocks.push(arena.malloc(size));
  }
  return blocks;
}

/** `check()` passes, a block can be had, written and given back. */
export function worksOn(arena: Arena): void {
  arena.check();
  const { liveBlocks } = arena.stats();
  for (const size of [8, 4096, 100_000]) {
    const pointer = arena.malloc(size);
    bytesAt(pointer, size).fill(0x5a);
    assert.equal(arena.stats().liveBlocks, liveBlocks + 1);
    arena.free(pointer);
  }
  assert.equal(arena.stats().liveBlocks, liveBlocks);
  arena.check();
}

/** What `call` throws. Fails if it returns. */
export function thrownBy(call: () => unknown): Error {
  let returned: unknown;
  try {
    returned = call();
  } catch (error) {
    assert.ok(error instanceof Error, `thrown: ${String(error)}`);
    return error;
  }
  return assert.fail(`not refused: it returned ${String(returned)}`);
}

/** The call is refused and the arena is as it was. Returns the error. */
export function refused(arena: Arena, call: () => unknown): Error {
  const before = counters(arena);
  const error = thrownBy(call);
  assert.deepEqual(counters(arena), before, `counters after: ${error.message}`);
  worksOn(arena);
  return error;
}

/** The call throws TypeError or RangeError, naming the parameter and the value. */
export function refusesArgument(
  arena: Arena,
  kind: typeof TypeError | typeof RangeError,
  parameter: string,
  shown: string,
  call: () => unknown,
): void {
  const error = refused(arena, call);
  assert.equal(error.constructor, kind, `${error.name}: ${error.message}`);
  assert.ok(error.message.includes(`\`${parameter}\``), `names \`${parameter}\`: ${error.message}`);
  assert.ok(error.message.includes(shown), `shows ${shown}: ${error.message}`);
}

/** A value that must never be asked for a number. */
export function trap(): unknown {
  const spring = () => {
    throw new Error("the argument was converted");
  };
  return { valueOf: spring, toString: spring, [Symbol.toPrimitive]: spring };
}

export type PointerCall = "free" | "realloc" | "usableSize";

export function pointerCall(arena: Arena, operation: PointerCall, pointer: number): unknown {
  switch (operation) {
    case "free":
      return arena.free(pointer);
    case "realloc":
      return arena.realloc(pointer, 100);
    case "usableSize":
      return arena.usableSize(pointer);
  }
}

/** `error` is the misuse error of this call: kind, address and operation (rule R3). */
export function isMisuse(
  error: Error,
  operation: PointerCall,
  pointer: number,
  codes: readonly PointerFault[],
): void {
  assert.ok(error instanceof InvalidPointerError, `${error.name}: ${error.message}`);
  assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(" or ")}: ${error.message}`);
  assert.equal(error.address, hex(pointer));
  assert.equal(error.operation, operation);
  for (const part of [operation, error.code, hex(pointer)]) {
    assert.ok(error.message.includes(part), `names ${part}: ${error.message}`);
  }
}

/** The call throws InvalidPointerError with one of `codes`, and the arena is as it was. */
export function misused(
  arena: Arena,
  operation: PointerCall,
  pointer: number,
  ...codes: PointerFault[]
): InvalidPointerError {
  const error = refused(arena, () => pointerCall(arena, operation, pointer));
  isMisuse(error, operation, pointer, codes);
  return error as InvalidPointerError;
}

/** The call throws OutOfMemoryError. Idle memory may have been given back before; nothing else changed. */
export function runsOut(arena: Arena, requestedBytes: number, call: () => unknown): void {
  const before = counters(arena);
  const error = thrownBy(call);
  assert.ok(error instanceof OutOfMemoryError, `${error.name}: ${error.message}`);
  assert.equal(error.code, "out-of-memory");
  assert.equal(error.requestedBytes, requestedBytes);
  assert.ok(error.message.includes(String(requestedBytes)), error.message);
  const after = counters(arena);
  assert.ok(after.committedBytes <= before.committedBytes, "no memory was committed");
  // The peak has a test of its own (row 108).
  const aside = { committedBytes: 0, peakCommittedBytes: 0 };
  assert.deepEqual({ ...after, ...aside }, { ...before, ...aside });
  worksOn(arena);
}

/** The call throws ArenaError with one of `codes`. */
export function refusesArena(call: () => unknown, ...codes: ArenaFault[]): ArenaError {
  const error = thrownBy(call);
  assert.ok(error instanceof ArenaError, `${error.name}: ${error.message}`);
  assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(" or ")}: ${error.message}`);
  return error;
}
