/** Rows 1 to 6: single bytes flipped behind and before a block; 44, 45, 94, 95: the same at exact places. */
import assert from "node:assert/strict";
import { SEGMENT_BYTES } from "../../src/core/tunables.ts";
import { Arena, type ArenaOptions, InvalidPointerError } from "../../src/index.ts";
import { HEADED, LARGE, reachSpans, SIZES, thrownBy, withArena, worksOn } from "./harness.ts";
import {
  flip,
  freeFindsDamage,
  liveBlocksBesideDamage,
  Row,
  reachesPayloadsOnly,
  reportsDamageAt,
  survives,
} from "./neighbours.ts";
import type { Cases } from "./subprocess.ts";

const MIB = 2 ** 20;
/** Blocks of all sizes have headers. */
const NO_CACHE: ArenaOptions = { workerCache: false };

/** Flips a byte that belongs to no header: nobody needs to notice, all blocks can be freed, `check()` is clean. */
function contained(size: number, distance: number): void {
  withArena((arena) => {
    const row = new Row(arena, size);
    flip(row.victim + distance);
    arena.check();
    arena.free(row.victim);
    arena.check();
    const byteBehind = distance >= arena.usableSize(row.behind);
    row.freeOthers([row.victim, ...(byteBehind ? [row.behind] : [])]);
    if (byteBehind) arena.free(row.behind);
    assert.equal(arena.stats().liveBlocks, 0);
    worksOn(arena);
  });
}

/** Flips the byte in front of the block: that is the check in its header. */
function underflow(size: number, options: ArenaOptions = {}): void {
  withArena((arena) => {
    const row = new Row(arena, size);
    const { victim } = row;
    flip(victim - 1);
    reportsDamageAt(arena, victim);
    freeFindsDamage(arena, victim);
    row.freeOthers([victim]);
    assert.equal(arena.stats().liveBlocks, 1, "the damaged block is out of use");
    survives(arena, size, [victim], 0);
    reportsDamageAt(arena, victim);
  }, options);
}

/** Flips a byte of the header behind the victim: the victim is freed, the neighbour's free finds it. */
function headerBehind(size: number, byteOffset: number, options: ArenaOptions = {}): void {
  withArena((arena) => {
    const row = new Row(arena, size);
    row.requireAdjacent();
    const { victim, behind } = row;
    flip(victim + arena.usableSize(victim) + byteOffset);
    reportsDamageAt(arena, behind);
    arena.free(victim);
    reportsDamageAt(arena, behind);
    freeFindsDamage(arena, behind);
    row.freeOthers([victim, behind]);
    survives(arena, size, [behind], 1);
  }, options);
}

/** The same, and the damaged header is that of a block that waits in the cache: its use finds it. */
function cachedHeaderBehind(size: number): void {
  withArena((arena) => {
    const row = new Row(arena, size);
    row.requireAdjacent();
    const { victim, behind } = row;
    arena.free(behind);
    flip(victim + arena.usableSize(victim), 8);
    reportsDamageAt(arena, behind);
    // The first free that takes the lock may come upon it.
    row.freeOthers([behind], 1);
    assert.ok(liveBlocksBesideDamage(arena) <= 1, "at most the damaged block is out of use");
    // Found when the block is taken from the cache, or when it comes back: once each at the most.
    survives(arena, size, [], 2);
    assert.ok(liveBlocksBesideDamage(arena) <= 1, "at most the damaged block is out of use");
  });
}

/** In front of a segment's first block is the header of the segment: no block needs it, the segment stays one. */
function inFrontOfSegment(size: number): void {
  withArena((arena) => {
    const blocks = reachSpans(arena, size);
    while (blocks.at(-1)! % SEGMENT_BYTES !== 0) blocks.push(arena.malloc(size));
    const first = blocks.at(-1)!;
    flip(first - 1);
    reportsDamageAt(arena, first);
    for (const block of blocks) arena.free(block);
    assert.equal(arena.stats().liveBlocks, 0);
    arena.trim();
    survives(arena, size, [], 0);
    survives(arena, 100_000, [], 1);
    reportsDamageAt(arena, first);
    flip(first - 1);
    worksOn(arena);
  });
}

/** Flips the byte far away from a block. With live blocks all around it hits a header or a payload. */
function farByte(size: number, distanceOf: (size: number) => number): void {
  const arena = new Arena({ largeThreshold: 2 ** 20 });
  const row = new Row(arena, size, Math.ceil((3.5 * MIB) / size));
  const target = row.victim + distanceOf(size);
  const hit = row.blocks.findLast((block) => block - 8 <= target)!;
  const inHeader = target < hit;
  flip(target);
  if (inHeader) {
    reportsDamageAt(arena, hit);
    freeFindsDamage(arena, hit);
  } else arena.check();
  row.freeOthers([hit]);
  if (!inHeader) arena.free(hit);
  survives(arena, size, inHeader ? [hit] : [], 1);
}

/** The same with one block alone in its arena: the address may not be mapped. */
function farByteAlone(size: number, distanceOf: (size: number) => number): void {
  const arena = new Arena();
  const block = arena.malloc(size);
  flip(block + distanceOf(size));
  try {
    arena.free(block);
    arena.check();
  } catch (error) {
    assert.ok(error instanceof InvalidPointerError, String(error));
  }
  arena.stats();
}

const mibBehind = (size: number) => size + MIB - 1;
const mibBefore = () => -MIB;

export const cases: Cases = {
  "1 one_byte_overflow: inside the block's slack": () => {
    for (const size of SIZES) contained(size, size);
  },
  "1 one_byte_overflow: 1 MiB block": () => {
    withArena((arena) => {
      const block = arena.malloc(LARGE);
      flip(block + LARGE);
      arena.free(block);
      worksOn(arena);
    });
  },
  "1 44 first byte past the usable size, 1144 bytes": () => headerBehind(HEADED, 0),
  "1 44 first byte past the usable size, 24 bytes without a cache": () => headerBehind(24, 0, NO_CACHE),
  "1 44 first byte past the usable size, 4096 bytes": () => headerBehind(4096, 0),
  "1 44 first byte past the usable size, 262144 bytes": () => headerBehind(262_144, 0),
  "1 44 first and eighth byte past the usable size, 24 bytes in a span": () => {
    for (const distance of [0, 7])
      reachesPayloadsOnly(
        24,
        ({ arena, victim }) => flip(victim + arena.usableSize(victim) + distance),
        ({ behind }) => [behind],
      );
  },
  "1 44 eighth byte past the usable size, 1144 bytes": () => headerBehind(HEADED, 7),
  "1 44 eighth byte past the usable size, 24 bytes without a cache": () => headerBehind(24, 7, NO_CACHE),
  "1 44 eighth byte past the usable size, 4096 bytes": () => headerBehind(4096, 7),
  "1 44 eighth byte past the usable size, 262144 bytes": () => headerBehind(262_144, 7),
  "1 44 header of a cached block behind, 1144 bytes": () => cachedHeaderBehind(HEADED),
  "1 44 first bytes of a cached block behind, 24 bytes in a span": () => {
    withArena((arena) => {
      const row = Row.inSpan(arena, 24);
      arena.free(row.behind);
      flip(row.victim + arena.usableSize(row.victim), 8);
      arena.check();
      row.freeOthers([row.behind]);
      survives(arena, 24, [], 0);
      worksOn(arena);
    });
  },
  "1 44 header of a cached block behind, 4096 bytes": () => cachedHeaderBehind(4096),
  "1 44 header of a kept block behind, 262144 bytes": () => cachedHeaderBehind(262_144),
  "2 32_byte_overflow: only the byte at size + 31": () => {
    for (const size of SIZES) contained(size, size + 31);
  },
  "3 one_mbyte_overflow: among live blocks, 8 bytes": () => farByte(8, mibBehind),
  "3 one_mbyte_overflow: among live blocks, 4096 bytes": () => farByte(4096, mibBehind),
  "3 one_mbyte_overflow: among live blocks, 262144 bytes": () => farByte(262_144, mibBehind),
  "3 one_mbyte_overflow: alone, 8 bytes": { mayFault: true, run: () => farByteAlone(8, mibBehind) },
  "3 one_mbyte_overflow: alone, 4096 bytes": { mayFault: true, run: () => farByteAlone(4096, mibBehind) },
  "3 one_mbyte_overflow: alone, 262144 bytes": {
    mayFault: true,
    run: () => farByteAlone(262_144, mibBehind),
  },
  "4 95 one_byte_underflow: 1144 bytes": () => underflow(HEADED),
  "4 95 one_byte_underflow: 8 bytes without a cache": () => underflow(8, NO_CACHE),
  "4 95 one_byte_underflow: 32 bytes in a span": () =>
    reachesPayloadsOnly(
      32,
      ({ victim }) => flip(victim - 1),
      ({ before }) => [before],
    ),
  "4 95 one_byte_underflow: the first block of a segment": () => inFrontOfSegment(24),
  "4 95 one_byte_underflow: 4096 bytes": () => underflow(4096),
  "4 95 one_byte_underflow: 262144 bytes": () => underflow(262_144),
  "4 one_byte_underflow: 1 MiB block": () => {
    withArena((arena) => {
      const other = arena.malloc(LARGE);
      const block = arena.malloc(LARGE);
      flip(block - 1);
      reportsDamageAt(arena, block);
      freeFindsDamage(arena, block);
      arena.free(other);
      assert.equal(arena.stats().largeBlocks, 1, "the damaged block is out of use");
      survives(arena, LARGE, [block], 0);
      reportsDamageAt(arena, block);
    });
  },
  "4 one_byte_underflow: realloc of a damaged block finds it too": () => {
    withArena((arena) => {
      for (const size of [HEADED, 4096, 262_144, LARGE]) {
        const block = arena.malloc(size);
        flip(block - 1);
        const error = thrownBy(() => arena.realloc(block, size * 2));
        assert.ok(error instanceof InvalidPointerError, `${size} bytes: ${error.message}`);
        assert.equal(error.code, "corrupt-block");
        flip(block - 1);
        arena.free(block);
      }
      worksOn(arena);
    });
  },
  "5 32_byte_underflow: the block before is touched": () => {
    for (const size of SIZES) {
      withArena((arena) => {
        const row = new Row(arena, size);
        flip(row.victim - 32);
        arena.check();
        for (const block of row.blocks) arena.free(block);
        worksOn(arena);
      });
    }
  },
  "5 32_byte_underflow: the block before waits in the cache": () => {
    for (const size of SIZES) {
      withArena((arena) => {
        const row = new Row(arena, size);
        const before = row.blocks[(row.blocks.length >> 1) - 1]!;
        arena.free(before);
        flip(row.victim - 32);
        row.freeOthers([before]);
        survives(arena, size, [], 1);
        worksOn(arena);
      });
    }
  },
  "5 32_byte_underflow: 1 MiB block": {
    mayFault: true,
    run: () => {
      const arena = new Arena();
      const block = arena.malloc(LARGE);
      flip(block - 32);
      arena.free(block);
    },
  },
  "6 one_mbyte_underflow: among live blocks, 8 bytes": () => farByte(8, mibBefore),
  "6 one_mbyte_underflow: among live blocks, 4096 bytes": () => farByte(4096, mibBefore),
  "6 one_mbyte_underflow: among live blocks, 262144 bytes": () => farByte(262_144, mibBefore),
  "6 one_mbyte_underflow: alone, 8 bytes": { mayFault: true, run: () => farByteAlone(8, mibBefore) },
  "6 one_mbyte_underflow: alone, 4096 bytes": { mayFault: true, run: () => farByteAlone(4096, mibBefore) },
  "6 one_mbyte_underflow: alone, 262144 bytes": {
    mayFault: true,
    run: () => farByteAlone(262_144, mibBefore),
  },
  "45 overflow large: first byte behind the mapping of a 1 MiB block": {
    mayFault: true,
    run: () => {
      const arena = new Arena();
      const block = arena.malloc(LARGE);
      flip(block + arena.usableSize(block));
      arena.free(block);
    },
  },
  "94 test-wrong: first and second word behind an 8-byte block": () => {
    contained(8, 8);
    contained(8, 16);
  },
  "95 test-wrong: the word before a block with a header": () => {
    for (const [size, options] of [
      [HEADED, {}],
      [8, NO_CACHE],
    ] as const) {
      withArena((arena) => {
        const row = new Row(arena, size);
        flip(row.victim - 8, 8);
        reportsDamageAt(arena, row.victim);
        freeFindsDamage(arena, row.victim);
        row.freeOthers([row.victim]);
        survives(arena, size, [row.victim], 1);
      }, options);
    }
  },
  "95 test-wrong: the word before an 8-byte block in a span": () =>
    reachesPayloadsOnly(
      8,
      ({ victim }) => flip(victim - 8, 8),
      ({ before }) => [before],
    ),
};
