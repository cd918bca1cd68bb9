/** Rows 31 to 34, 47 to 49, 92, 97, 136: memory that is read or written after its free, and what is in new memory. */
import assert from "node:assert/strict";
import { bytesAt, fillMemory } from "../../native/raw-memory.ts";
import { type Arena, InvalidPointerError } from "../../src/index.ts";
import { HEADED, LARGE, misused, SIZES, thrownBy, withArena, worksOn } from "./harness.ts";
import { Row, reportsDamageAt, survives } from "./neighbours.ts";
import type { Cases } from "./subprocess.ts";

const LOOP = 262_144;

/** Frees the middle of a row and overwrites it: nothing crashes, nothing overlaps, at most one call reports it. */
function writeAfterFree(size: number, content: number, byteOffset = 0, byteLength = size): void {
  withArena((arena) => {
    const row = new Row(arena, size);
    arena.free(row.victim);
    fillMemory(row.victim + byteOffset, content, byteLength);
    const live = row.blocks.filter((block) => block !== row.victim);
    survives(arena, size, live, 1);
    row.freeOthers([row.victim], 1);
    survives(arena, size, [], 1);
    worksOn(arena);
  });
}

/** The same in a span: free memory holds nothing of the allocator, so that nobody reports anything. */
function writeAfterFreeInSpan(size: number, content: number, byteOffset = 0, byteLength = size): void {
  withArena((arena) => {
    const row = Row.inSpan(arena, size);
    arena.free(row.victim);
    fillMemory(row.victim + byteOffset, content, byteLength);
    arena.check();
    misused(arena, "free", row.victim, "double-free");
    const live = row.blocks.filter((block) => block !== row.victim);
    survives(arena, size, live, 0);
    row.freeOthers([row.victim]);
    survives(arena, size, [], 0);
    arena.trim();
    worksOn(arena);
  });
}

/** The same with the loop of mimalloc-bench behind it. */
function writeAfterFreeLoop(size: number): void {
  withArena((arena) => {
    const row = new Row(arena, size);
    arena.free(row.victim);
    fillMemory(row.victim, 0x41, size);
    const live = new Set(row.blocks.filter((block) => block !== row.victim));
    let reports = 0;
    for (let i = 0; i < LOOP; i++) {
      try {
        const pointer = arena.malloc(size);
        assert.ok(!live.has(pointer), "a live block is not handed out");
        arena.free(pointer);
      } catch (error) {
        assert.ok(error instanceof InvalidPointerError && error.code === "corrupt-block", String(error));
        assert.ok(++reports <= 1, `${reports} reports of one damage: ${error.message}`);
      }
    }
    reports += row.freeOthers([row.victim], 1 - reports);
    // A bent link that the loop never came to is found by `check`, and mended by whoever meets it.
    if (reports === 0) {
      assert.throws(() => arena.check(), { code: "corrupt-block" });
      assert.throws(() => arena.trim(), { code: "corrupt-block" });
    }
    worksOn(arena);
  });
}

/** Index of the block's payload in 32-bit words, as a cached block's link names it. */
function linkTo(pointer: number): number {
  return (pointer % 2 ** 32) / 4;
}

function words(pointer: number, count: number): Int32Array {
  return new Int32Array(bytesAt(pointer, count * 4).buffer);
}

/** A cached block's link is overwritten; then two blocks of its class are taken. Returns what was handed out. */
function takeTwo(arena: Arena, size: number): number[] {
  const taken: number[] = [];
  for (let i = 0; i < 2; i++) {
    try {
      taken.push(arena.malloc(size));
    } catch (error) {
      assert.ok(error instanceof InvalidPointerError && error.code === "corrupt-block", String(error));
    }
  }
  return taken;
}

function usableBytes(arena: Arena, size: number, use: (bytes: Uint8Array) => void): void {
  const pointer = arena.malloc(size);
  use(bytesAt(pointer, size));
  arena.free(pointer);
}

export const cases: Cases = {
  "31 48 write_after_free: the whole block, 8 bytes": () => {
    for (const content of [0x41, 0x00, 0xff]) writeAfterFree(8, content);
  },
  "31 48 write_after_free: the whole block, 4096 bytes": () => {
    for (const content of [0x41, 0x00, 0xff]) writeAfterFree(4096, content);
  },
  "31 48 write_after_free: the whole block, 8 and 128 bytes in a span": () => {
    for (const size of [8, 128]) {
      for (const content of [0x41, 0x00, 0xff]) writeAfterFreeInSpan(size, content);
    }
  },
  "31 write_after_free: the whole block, 262144 bytes": () => {
    for (const content of [0x41, 0xff]) writeAfterFree(262_144, content);
  },
  "31 write_after_free: zeros over a free block of 262144 bytes": () => writeAfterFree(262_144, 0x00),
  "48 write_after_free: one byte in the middle, 128 bytes and 256 KiB": () => {
    writeAfterFree(128, 0x7f, 65, 1);
    writeAfterFreeInSpan(128, 0x7f, 65, 1);
    writeAfterFree(262_144, 0x7f, 65_537, 1);
  },
  "31 write_after_free: a link bent to the middle of a live block is not followed": () => {
    withArena((arena) => {
      const live = arena.malloc(4096);
      // Looks like the headers of cached blocks of the first Worker: a size, and a state word without a check.
      words(live, 1024).forEach((_, i, all) => {
        all[i] = i % 2 === 0 ? 256 : 6;
      });
      const [first, second] = [arena.malloc(HEADED), arena.malloc(HEADED)];
      arena.free(second);
      arena.free(first);
      words(first, 1)[0] = linkTo(live + 512);
      for (const pointer of takeTwo(arena, HEADED)) {
        assert.ok(pointer < live || pointer >= live + 4096, "handed out inside a live block");
      }
    });
  },
  "31 write_after_free: a link bent to a smaller cached block is not followed": () => {
    withArena((arena) => {
      const small = arena.malloc(HEADED);
      const [first, second] = [arena.malloc(4096), arena.malloc(4096)];
      arena.free(small);
      arena.free(second);
      arena.free(first);
      words(first, 1)[0] = linkTo(small);
      for (const pointer of takeTwo(arena, 4096)) {
        assert.notEqual(pointer, small, `${HEADED} bytes handed out for 4096`);
      }
    });
  },
  "31 write_after_free: a link bent to its own block hands it out once": () => {
    withArena((arena) => {
      const row = new Row(arena, HEADED);
      arena.free(row.victim);
      words(row.victim, 1)[0] = linkTo(row.victim);
      survives(
        arena,
        HEADED,
        row.blocks.filter((block) => block !== row.victim),
        1,
      );
      row.freeOthers([row.victim]);
      worksOn(arena);
    });
  },
  "32 write_after_free_reuse: the loop, 1144 bytes": () => writeAfterFreeLoop(HEADED),
  "32 write_after_free_reuse: the loop, 8 bytes in a span": () => {
    withArena((arena) => {
      const row = Row.inSpan(arena, 8);
      arena.free(row.victim);
      fillMemory(row.victim, 0x41, 8);
      const live = new Set(row.blocks.filter((block) => block !== row.victim));
      for (let i = 0; i < LOOP; i++) {
        const pointer = arena.malloc(8);
        assert.ok(!live.has(pointer), "a live block is not handed out");
        arena.free(pointer);
      }
      arena.check();
      row.freeOthers([row.victim]);
      arena.trim();
      worksOn(arena);
    });
  },
  "32 write_after_free_reuse: the loop, 4096 bytes": () => writeAfterFreeLoop(4096),
  "32 write_after_free_reuse: the loop, 262144 bytes": () => writeAfterFreeLoop(262_144),
  "32 write_after_free_reuse: the report names the damaged block or its link": () => {
    for (const size of [HEADED, 4096, 262_144]) {
      withArena((arena) => {
        const row = new Row(arena, size);
        arena.free(row.victim);
        fillMemory(row.victim, 0x41, size);
        const error = thrownBy(() => {
          for (let i = 0; i < 64; i++) arena.malloc(size);
        });
        assert.ok(error instanceof InvalidPointerError && error.code === "corrupt-block", error.message);
        assert.equal(error.operation, "malloc");
        // The block itself, or what its overwritten link took for one (memory/damage.ts).
        const address = Number(error.address);
        const base = Math.floor(row.victim / 2 ** 32) * 2 ** 32;
        assert.ok(
          address === row.victim || address === base + 0x41414141 * 4,
          `${error.address} has nothing to do with the block at 0x${row.victim.toString(16)}`,
        );
      });
    }
  },
  "31 realloc next to a damaged free block: the report leaves the block with its user": () => {
    withArena((arena) => {
      const row = new Row(arena, 65_536);
      row.requireAdjacent();
      arena.free(row.behind);
      // Its Worker keeps it no longer.
      arena.trim();
      fillMemory(row.behind, 0x41, 8);
      bytesAt(row.victim, 65_536).fill(0x33);
      let kept: number = row.victim;
      try {
        kept = arena.realloc(row.victim, 100_000);
      } catch (error) {
        assert.ok(error instanceof InvalidPointerError && error.code === "corrupt-block", String(error));
      }
      assert.ok(bytesAt(kept, 65_536).every((byte) => byte === 0x33));
      arena.free(kept);
      row.freeOthers([row.victim, row.behind], 1);
      assert.equal(arena.stats().liveBlocks, 0);
      worksOn(arena);
    });
  },
  "33 89 90 zero_after_free: the content is unspecified, reading it is safe for small blocks": () => {
    for (const size of SIZES) {
      withArena((arena) => {
        const pointer = arena.malloc(size);
        bytesAt(pointer, size).fill(0x41);
        arena.free(pointer);
        assert.equal(
          bytesAt(pointer, size).reduce((count) => count + 1, 0),
          size,
        );
        worksOn(arena);
      });
    }
  },
  "34 52 zero_on_malloc: calloc of recycled memory is zero": () => {
    for (const size of SIZES) {
      withArena((arena) => {
        const count = Math.min(4096, Math.ceil(2 ** 25 / size));
        const old = Array.from({ length: count }, () => arena.malloc(size));
        for (const pointer of old) bytesAt(pointer, arena.usableSize(pointer)).fill(0xcc);
        for (const pointer of old) arena.free(pointer);
        for (let i = 0; i < count; i++) {
          assert.ok(
            bytesAt(arena.calloc(1, size), size).every((byte) => byte === 0),
            `block ${i}`,
          );
        }
      });
    }
  },
  "47 97 read after free: no fault for small blocks, also after trim": () => {
    withArena((arena) => {
      for (const row of [new Row(arena, 24), Row.inSpan(arena, 24)]) {
        for (const block of row.blocks) arena.free(block);
        arena.trim();
        for (const block of row.blocks) {
          assert.equal(
            bytesAt(block, 24).reduce((count) => count + 1, 0),
            24,
          );
        }
        worksOn(arena);
      }
    });
  },
  "47 read after free: a large block's memory is gone": {
    mayFault: true,
    run: () => {
      withArena((arena) => {
        const pointer = arena.malloc(LARGE);
        arena.free(pointer);
        bytesAt(pointer, 1).fill(1);
      });
    },
  },
  "49 92 uninitialised read: readable in full, small and large": () => {
    withArena((arena) => {
      for (const size of [...SIZES, LARGE]) {
        usableBytes(arena, size, (bytes) => assert.ok(bytes.every((byte) => byte <= 255)));
      }
      usableBytes(arena, LARGE, (bytes) =>
        assert.ok(
          bytes.every((byte) => byte === 0),
          "fresh pages",
        ),
      );
      worksOn(arena);
    });
  },
  "136 freed while native code writes: check() does not call a bent list of free blocks sound": () => {
    withArena((arena) => {
      const row = new Row(arena, 65_536);
      arena.free(row.victim);
      // Its Worker keeps it no longer: it is a free block.
      arena.trim();
      fillMemory(row.victim, 0x41, 8);
      reportsDamageAt(arena, row.victim);
    });
  },
  "136 freed while native code writes: check() does not call a bent list of cached blocks sound": () => {
    withArena((arena) => {
      const row = new Row(arena, HEADED);
      arena.free(row.victim);
      fillMemory(row.victim, 0x41, 8);
      const error = thrownBy(() => arena.check());
      assert.ok(error instanceof InvalidPointerError && error.code === "corrupt-block", error.message);
    });
  },
  "136 freed while native code writes: in a span there is nothing to bend": () => {
    for (const content of [0x41, 0x00, 0xff]) writeAfterFreeInSpan(24, content);
  },
};
