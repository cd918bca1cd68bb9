/** Rows 7 to 12: raw copies that run past the end or start before the block; 46, 91, 93: reads and full use. */
import assert from "node:assert/strict";
import { addressOf, bytesAt, copyMemory } from "../../native/raw-memory.ts";
import { SEGMENT_BYTES } from "../../src/core/tunables.ts";
import { Arena, type ArenaOptions, InvalidPointerError } from "../../src/index.ts";
import { CACHES, HEADED, LARGE, SIZES, thrownBy, withArena, worksOn } from "./harness.ts";
import { liveBlocksBesideDamage, Row, reachesPayloadsOnly, reportsDamageAt, survives } from "./neighbours.ts";
import type { Case, Cases } from "./subprocess.ts";

const MIB = 2 ** 20;
/** Blocks of all sizes have headers. */
const NO_CACHE: ArenaOptions = { workerCache: false };
/** What the copies bring: zeros (a header of no size), letters, and all ones. */
const CONTENTS = [0x00, 0x41, 0xff];

/** Copies `byteLength` bytes to an address, with the C library. */
function copyTo(address: number, byteLength: number, content: number): void {
  const source = new Uint8Array(byteLength).fill(content);
  copyMemory(address, addressOf(source), byteLength);
}

/** Destroys the header behind a block and looks at the arena: that may throw the misuse error, it must come back. */
function lookAfterDamage(size: number, content: number, look: (arena: Arena) => unknown): void {
  withArena((arena) => {
    const row = new Row(arena, size);
    copyTo(row.victim, arena.usableSize(row.victim) + 16, content);
    try {
      look(arena);
    } catch (error) {
      assert.ok(error instanceof InvalidPointerError, String(error));
    }
  });
}

/** The copy ends in slack or payload: contained, `check()` is clean. */
function intoSlack(size: number, extra: number, content: number): void {
  withArena((arena) => {
    const row = new Row(arena, size);
    copyTo(row.victim, size + extra, content);
    arena.check();
    const hitsBehind = size + extra > arena.usableSize(row.victim) + 8;
    arena.free(row.victim);
    row.freeOthers([row.victim, ...(hitsBehind ? [row.behind] : [])]);
    if (hitsBehind) arena.free(row.behind);
    assert.equal(arena.stats().liveBlocks, 0);
    worksOn(arena);
  });
}

/** The copy destroys the header behind: the victim is freed, `check()` names the block behind, all others are sound. */
function overHeader(size: number, content: number, options: ArenaOptions = {}): void {
  withArena((arena) => {
    const row = new Row(arena, size);
    row.requireAdjacent();
    const { victim, behind } = row;
    copyTo(victim, arena.usableSize(victim) + 16, content);
    reportsDamageAt(arena, behind);
    arena.free(victim);
    const error = thrownBy(() => arena.free(behind));
    assert.ok(error instanceof InvalidPointerError && error.code === "corrupt-block", error.message);
    row.freeOthers([victim, behind], 1);
    survives(arena, size, [behind], 1);
  }, options);
}

/**
 * The copy starts `distance` bytes before the block and destroys its header: its free says so. The byte in front of the
 * block may be `content` already, by chance: then the copy brings another.
 */
function overOwnHeader(size: number, distance: number, content: number, options: ArenaOptions = {}): void {
  withArena((arena) => {
    const row = new Row(arena, size);
    const { before, victim } = row;
    const isThere = bytesAt(victim - 1, 1)[0] === content;
    copyTo(victim - distance, size, isThere ? content ^ 0xff : content);
    reportsDamageAt(arena, victim);
    const error = thrownBy(() => arena.free(victim));
    assert.ok(error instanceof InvalidPointerError && error.code === "corrupt-block", error.message);
    row.freeOthers([victim, before], 1);
    arena.free(before);
    survives(arena, size, [victim], 1);
  }, options);
}

/** The copy runs over 1 MiB of live blocks: no hang, and `check()` does not call that sound. */
function overMany(
  size: number,
  start: (victim: number) => number,
  byteLength: number,
  content: number,
): void {
  const arena = new Arena({ largeThreshold: MIB });
  const row = new Row(arena, size, Math.ceil((3.5 * MIB) / size));
  const from = start(row.victim);
  const headers = row.blocks.filter((block) => block > from && block - 8 < from + byteLength);
  assert.ok(headers.length > 0, "the copy hits headers");
  copyTo(from, byteLength, content);
  const damaged = new Set(headers);
  reportsDamageAt(arena, headers[0]!);
  arena.trim();
  for (const block of row.blocks) {
    const sound = !damaged.has(block);
    try {
      arena.free(block);
    } catch (error) {
      assert.ok(error instanceof InvalidPointerError, String(error));
      assert.ok(!sound || error.code === "corrupt-block", error.message);
    }
  }
  arena.trim();
}

/**
 * Over 1 MiB of blocks of spans: the copy reaches payloads, and the headers of segments. All blocks can be freed as ever. Who
 * walks the header chain says so, once, and mends those headers.
 */
function overSegments(content: number, mends: (arena: Arena) => unknown): void {
  const arena = new Arena({ largeThreshold: MIB });
  const row = new Row(arena, 8, Math.ceil((3.5 * MIB) / 8));
  copyTo(row.victim, 8 + MIB, content);
  reportsDamageAt(arena, Math.ceil(row.victim / SEGMENT_BYTES) * SEGMENT_BYTES);
  arena.trim();
  const error = thrownBy(() => mends(arena));
  assert.ok(error instanceof InvalidPointerError && error.code === "corrupt-block", error.message);
  arena.check();
  assert.equal(arena.stats().liveBlocks, row.blocks.length);
  for (const block of row.blocks) arena.free(block);
  assert.equal(arena.stats().liveBlocks, 0);
  arena.trim();
  worksOn(arena);
  arena.dispose();
}

/** The same, and nobody walks the chain before the blocks are freed. */
function overSegmentsUnseen(content: number): void {
  const arena = new Arena({ largeThreshold: MIB });
  const row = new Row(arena, 8, Math.ceil((3.5 * MIB) / 8));
  copyTo(row.victim, 8 + MIB, content);
  for (const block of row.blocks) arena.free(block);
  survives(arena, 8, [], 0);
  survives(arena, 50_000, [], 1);
  survives(arena, 200_000, [], 1);
  assert.equal(liveBlocksBesideDamage(arena), 0);
}

/** The same with one block alone: what lies there may not be mapped. */
function alone(size: number, byteOffset: number, byteLength: number): Case {
  return () => {
    const arena = new Arena();
    const block = arena.malloc(size);
    copyTo(block + byteOffset, byteLength, 0x41);
    thrownBy(() => arena.check());
  };
}

const overMib = (size: number) => (content: number) =>
  overMany(size, (victim) => victim, size + MIB, content);
const forEachContent = (run: (content: number) => void) => () => CONTENTS.forEach(run);

export const cases: Cases = {
  "7 one_byte_memcpy_overflow: into the slack": forEachContent((content) => {
    for (const size of SIZES) intoSlack(size, 1, content);
  }),
  "8 32_byte_memcpy_overflow: into the slack of 4000 bytes": forEachContent((content) =>
    intoSlack(4000, 32, content),
  ),
  "7 8 32_byte_memcpy_overflow: over the header behind 1144 bytes": forEachContent((content) =>
    overHeader(HEADED, content),
  ),
  "7 8 32_byte_memcpy_overflow: over the header behind 8 bytes, zeros": () => overHeader(8, 0x00, NO_CACHE),
  "7 8 32_byte_memcpy_overflow: over the header behind 8 bytes, letters": () => overHeader(8, 0x41, NO_CACHE),
  "7 8 32_byte_memcpy_overflow: over the header behind 8 bytes, ones": () => overHeader(8, 0xff, NO_CACHE),
  "7 8 32_byte_memcpy_overflow: behind 8 bytes in a span": forEachContent((content) =>
    reachesPayloadsOnly(
      8,
      ({ arena, victim }) => copyTo(victim, arena.usableSize(victim) + 16, content),
      ({ victim, behind }) => [victim, behind],
    ),
  ),
  "7 8 memcpy_overflow: over the header behind 4096 bytes": forEachContent((content) =>
    overHeader(4096, content),
  ),
  "8 32_byte_memcpy_overflow: over the header behind 262144 bytes": forEachContent((content) =>
    overHeader(262_144, content),
  ),
  "8 32_byte_memcpy_overflow: stats() comes back afterwards": forEachContent((content) => {
    for (const size of SIZES) lookAfterDamage(size, content, (arena) => arena.stats());
  }),
  "8 32_byte_memcpy_overflow: blocks() comes back afterwards": forEachContent((content) => {
    for (const size of SIZES) lookAfterDamage(size, content, (arena) => [...arena.blocks()]);
  }),
  "8 32_byte_memcpy_overflow: trim() comes back afterwards": forEachContent((content) => {
    for (const size of SIZES) lookAfterDamage(size, content, (arena) => arena.trim());
  }),
  "8 32_byte_memcpy_overflow: a bad free behind the damage is refused": forEachContent((content) => {
    for (const size of SIZES) {
      lookAfterDamage(size, content, (arena) => {
        const last = Math.max(...Array.from({ length: 8 }, () => arena.malloc(size)));
        for (const pointer of [last + 8, last + 1, last + 2 ** 30]) thrownBy(() => arena.free(pointer));
      });
    }
  }),
  "9 one_mbyte_memcpy_overflow: over live blocks of 8 bytes": forEachContent((content) => {
    overSegments(content, (arena) => arena.stats());
    overSegmentsUnseen(content);
  }),
  "9 one_mbyte_memcpy_overflow: over live blocks of 1144 bytes": forEachContent(overMib(HEADED)),
  "9 one_mbyte_memcpy_overflow: over live blocks of 4096 bytes": forEachContent(overMib(4096)),
  "9 one_mbyte_memcpy_overflow: over live blocks of 262144 bytes": forEachContent(overMib(262_144)),
  "9 one_mbyte_memcpy_overflow: alone, 8 bytes": { mayFault: true, run: alone(8, 0, 8 + MIB) },
  "9 one_mbyte_memcpy_overflow: alone, 4096 bytes": { mayFault: true, run: alone(4096, 0, 4096 + MIB) },
  "9 one_mbyte_memcpy_overflow: alone, 1 MiB": { mayFault: true, run: alone(LARGE, 0, LARGE + MIB) },
  "10 one_byte_memcpy_underflow": forEachContent((content) => {
    for (const size of [HEADED, 4096, 262_144]) overOwnHeader(size, 1, content);
    overOwnHeader(8, 1, content, NO_CACHE);
  }),
  "10 one_byte_memcpy_underflow: 32 bytes in a span": forEachContent((content) =>
    reachesPayloadsOnly(
      32,
      ({ victim }) => copyTo(victim - 1, 32, content),
      ({ before, victim }) => [before, victim],
    ),
  ),
  "11 32_byte_memcpy_underflow: 8 bytes end before the header": forEachContent((content) => {
    withArena((arena) => {
      const row = new Row(arena, 8);
      copyTo(row.victim - 32, 8, content);
      arena.check();
      for (const block of row.blocks) arena.free(block);
      worksOn(arena);
    }, NO_CACHE);
  }),
  "11 32_byte_memcpy_underflow: 8 bytes in a span": forEachContent((content) =>
    reachesPayloadsOnly(
      8,
      ({ victim }) => copyTo(victim - 32, 8, content),
      ({ before }) => [before],
    ),
  ),
  "11 32_byte_memcpy_underflow: 4096 and 262144 bytes": forEachContent((content) => {
    for (const size of [4096, 262_144]) overOwnHeader(size, 32, content);
  }),
  "12 one_mbyte_memcpy_underflow: over live blocks": forEachContent((content) => {
    for (const size of [4096, 262_144]) overMany(size, (victim) => victim - MIB, size, content);
  }),
  "12 one_mbyte_memcpy_underflow: alone, 8 bytes": { mayFault: true, run: alone(8, -MIB, 8) },
  "12 one_mbyte_memcpy_underflow: alone, 262144 bytes": {
    mayFault: true,
    run: alone(262_144, -MIB, 262_144),
  },
  "46 string_overflow: the whole usable size filled with non-zero bytes": () => {
    withArena((arena) => {
      for (const size of [...SIZES, LARGE]) {
        const pointer = arena.malloc(size);
        bytesAt(pointer, arena.usableSize(pointer)).fill(0x41);
        arena.check();
        arena.free(pointer);
      }
      worksOn(arena);
    });
  },
  "91 93 test-wrong: raw reads beside a 3-byte and an 8-byte block": () => {
    for (const options of CACHES) {
      withArena((arena) => {
        for (const size of [3, 8]) {
          const pointer = options.workerCache ? Row.inSpan(arena, size).victim : arena.malloc(size);
          assert.equal(bytesAt(pointer - 8, 8 + size + 8).length, size + 16);
          if (!options.workerCache)
            assert.ok(
              bytesAt(pointer - 8, 8).some((byte) => byte !== 0),
              "a header",
            );
          arena.check();
          arena.free(pointer);
        }
        worksOn(arena);
      }, options);
    }
  },
};
