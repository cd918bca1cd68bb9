/**
 * A row of live blocks of one size with known contents, and raw damage to it. Used by the cases that write past a
 * block: the rows say which neighbours may notice and which must keep all guarantees.
 */
import assert from "node:assert/strict";
import { bytesAt } from "../../native/raw-memory.ts";
import { type Arena, InvalidPointerError } from "../../src/index.ts";
import { hex, isInSpan, misused, reachSpans, thrownBy, withArena, worksOn } from "./harness.ts";

/** Inverts `byteLength` bytes at an address. */
export function flip(address: number, byteLength = 1): void {
  const bytes = bytesAt(address, byteLength);
  for (let i = 0; i < byteLength; i++) bytes[i] = ~bytes[i]!;
}

/** A row of live blocks, sorted by address, each filled with its own byte. */
export class Row {
  readonly blocks: number[];

  constructor(
    readonly arena: Arena,
    readonly size: number,
    count = 16,
  ) {
    this.blocks = Array.from({ length: count }, () => arena.malloc(size) as number).sort((a, b) => a - b);
    this.blocks.forEach((block, i) => {
      bytesAt(block, size).fill(this.mark(i));
    });
  }

  /** A row of blocks of a span: they have no headers, and nothing but each other beside them. */
  static inSpan(arena: Arena, size: number): Row {
    const others = reachSpans(arena, size);
    const row = new Row(arena, size);
    for (const block of row.blocks) assert.ok(isInSpan(arena, block), "blocks of a span");
    assert.equal(row.behind, row.victim + arena.usableSize(row.victim), "neighbours touch");
    for (const block of others) arena.free(block);
    return row;
  }

  mark(index: number): number {
    return (index % 200) + 17;
  }

  /** A block in the middle: it has neighbours on both sides. */
  get victim(): number {
    return this.blocks[this.blocks.length >> 1]!;
  }

  /** The block in front of the victim. */
  get before(): number {
    return this.blocks[(this.blocks.length >> 1) - 1]!;
  }

  /** The block behind the victim. */
  get behind(): number {
    return this.blocks[(this.blocks.length >> 1) + 1]!;
  }

  /** The neighbours touch: what stands behind the victim's usable bytes is the header of `behind`. */
  requireAdjacent(): void {
    assert.equal(this.behind, this.victim + this.arena.usableSize(this.victim) + 8, "neighbours touch");
  }

  /**
   * All blocks but `touched` have their contents and can be freed. Where a free tidies up, it may come upon damage
   * elsewhere and say so, `allowed` times; the block itself is then free, or can be freed again.
   */
  freeOthers(touched: readonly number[], allowed = 0): number {
    let reports = 0;
    this.blocks.forEach((block, i) => {
      if (touched.includes(block)) return;
      const bytes = bytesAt(block, this.size);
      assert.equal(
        bytes.findIndex((byte) => byte !== this.mark(i)),
        -1,
        `contents of block ${i}`,
      );
      try {
        this.arena.free(block);
      } catch (error) {
        if (!(error instanceof InvalidPointerError) || error.address === hex(block)) throw error;
        assert.ok(++reports <= allowed, `${reports} reports of one damage: ${error.message}`);
        if (inUse(this.arena, block)) this.arena.free(block);
      }
    });
    return reports;
  }
}

/**
 * Writes beside a block of a span, which reaches the payloads of `touched` and nothing of the allocator: nothing is
 * reported, every block can be freed, each exactly once.
 */
export function reachesPayloadsOnly(
  size: number,
  write: (row: Row) => void,
  touched: (row: Row) => readonly number[],
): void {
  withArena((arena) => {
    const row = Row.inSpan(arena, size);
    write(row);
    arena.check();
    const hit = touched(row);
    row.freeOthers(hit);
    for (const block of hit) arena.free(block);
    assert.equal(arena.stats().liveBlocks, 0);
    for (const block of row.blocks) misused(arena, "free", block, "double-free");
    survives(arena, size, [], 0);
    arena.trim();
    worksOn(arena);
  });
}

function inUse(arena: Arena, pointer: number): boolean {
  return [...arena.blocks()].some((block) => block.pointer === pointer);
}

/** Live blocks of an arena with damage in it: the count may come upon the damage and say so, once. */
export function liveBlocksBesideDamage(arena: Arena): number {
  try {
    return arena.stats().liveBlocks;
  } catch (error) {
    assert.ok(error instanceof InvalidPointerError && error.code === "corrupt-block", String(error));
    return arena.stats().liveBlocks;
  }
}

/** The arena reports damage at `block`, and nothing else, wherever it is asked. */
export function reportsDamageAt(arena: Arena, block: number): void {
  for (let turn = 0; turn < 2; turn++) {
    const error = thrownBy(() => arena.check());
    assert.ok(error instanceof InvalidPointerError, `${error.name}: ${error.message}`);
    assert.equal(error.code, "corrupt-block");
    assert.equal(error.address, hex(block), error.message);
  }
}

/** Freeing `block` reports that it is damaged; so does freeing it again: it is out of use. */
export function freeFindsDamage(arena: Arena, block: number): void {
  for (let turn = 0; turn < 2; turn++) {
    const error = thrownBy(() => arena.free(block));
    assert.ok(error instanceof InvalidPointerError, `${error.name}: ${error.message}`);
    assert.equal(error.code, "corrupt-block", error.message);
    assert.equal(error.address, hex(block));
    assert.equal(error.operation, "free");
  }
}

/**
 * Allocates and frees in an arena with damage in it: every call returns in time, no block overlaps another one or one
 * of `live`, and at most `allowed` calls say "corrupt-block".
 */
export function survives(arena: Arena, size: number, live: readonly number[], allowed: number): void {
  const COUNT = 64;
  let reports = 0;
  const mine: number[] = [];
  const attempt = (call: () => void) => {
    try {
      call();
    } catch (error) {
      if (!(error instanceof InvalidPointerError) || error.code !== "corrupt-block") throw error;
      assert.ok(++reports <= allowed, `${reports} reports of one damage: ${error.message}`);
    }
  };
  for (let i = 0; i < COUNT; i++) attempt(() => mine.push(arena.malloc(size)));
  for (const block of mine) bytesAt(block, size).fill(0xee);
  const all = [...live, ...mine].sort((a, b) => a - b);
  for (let i = 1; i < all.length; i++) {
    assert.ok(all[i]! >= all[i - 1]! + size, `${hex(all[i - 1]!)} and ${hex(all[i]!)} overlap`);
  }
  for (const block of mine) attempt(() => arena.free(block));
}
