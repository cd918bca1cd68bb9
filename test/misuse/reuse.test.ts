/** Rows 24 to 30, 36, 50, 98: reuse of memory, blocks of no size, execute permission, blocks never freed. */
import { expect, test } from "bun:test";
import { mappingsIn } from "../../native/mappings.ts";
import { bytesAt } from "../../native/raw-memory.ts";
import { ALL_SIZES, CACHES, LARGE, misused, SIZES, withArena, worksOn } from "./harness.ts";

test("24 malloc_reuse: the same address is allowed, a live one is not", () => {
  for (const size of ALL_SIZES) {
    withArena((arena) => {
      const live = Array.from({ length: 10 }, () => arena.malloc(size));
      arena.free(live.pop()!);
      const again = arena.malloc(size);
      expect(live).not.toContain(again);
      expect(arena.usableSize(again)).toBeGreaterThanOrEqual(size);
      worksOn(arena);
    });
  }
});

test("25 malloc_reuse_downsize: half the size after a free", () => {
  for (const size of ALL_SIZES) {
    withArena((arena) => {
      const live = Array.from({ length: 10 }, () => arena.malloc(size));
      arena.free(live.pop()!);
      const half = arena.malloc(size / 2);
      expect(live).not.toContain(half);
      expect(arena.usableSize(half)).toBeGreaterThanOrEqual(size / 2);
      worksOn(arena);
    });
  }
});

test("26 realloc_reuse: the old pointer is gone if the block moved", () => {
  for (const options of CACHES) {
    for (const [from, to] of [
      [8, 1024],
      [4096, 65_536],
      [65_536, 300_000],
      [LARGE, 3 * LARGE],
    ] as const) {
      withArena((arena) => {
        const old = arena.malloc(from);
        arena.malloc(from); // in the way of growing in place
        const bytes = bytesAt(old, from);
        bytes.forEach((_, i) => {
          bytes[i] = i % 251;
        });
        const moved = arena.realloc(old, to);
        expect(bytesAt(moved, from).findIndex((byte, i) => byte !== i % 251)).toBe(-1);
        if (moved !== old) misused(arena, "free", old, "double-free");
        arena.free(moved);
        expect(arena.stats().liveBlocks).toBe(1);
        worksOn(arena);
      }, options);
    }
  }
});

test("27 28 read_zero_size: non-null, a raw read is contained, it can be freed", () => {
  withArena((arena) => {
    const pointer = arena.malloc(0);
    expect(pointer).toBeGreaterThan(0);
    expect(bytesAt(pointer, 1).length).toBe(1);
    arena.free(pointer);
    misused(arena, "free", pointer, "double-free");
  });
});

test("29 30 write_zero_size: a raw write is contained", () => {
  for (const options of CACHES) {
    withArena((arena) => {
      const row = Array.from({ length: 9 }, () => arena.malloc(0));
      bytesAt(row[4]!, 1)[0] = 0xff;
      arena.check();
      for (const pointer of row) arena.free(pointer);
      expect(arena.stats().liveBlocks).toBe(0);
      worksOn(arena);
    }, options);
  }
});

test.skipIf(process.platform !== "linux")(
  "36 executable_heap: no mapping of the arena can be executed",
  () => {
    withArena((arena) => {
      for (const size of ALL_SIZES) {
        const pointer = arena.malloc(size);
        const mappings = mappingsIn(pointer, size);
        expect(mappings.length).toBeGreaterThan(0);
        for (const { permissions } of mappings) expect(permissions).toBe("rw-p");
      }
      const base = Math.floor(arena.malloc(8) / 2 ** 32) * 2 ** 32;
      for (const { permissions } of mappingsIn(base, 2 ** 32)) expect(permissions).not.toContain("x");
    });
  },
);

test("50 zero size: distinct, never handed out again while live", () => {
  for (const options of CACHES) {
    withArena((arena) => {
      const [first, second] = [arena.malloc(0), arena.malloc(0)];
      expect(first).not.toBe(second);
      for (let i = 0; i < 512; i++) {
        const other = arena.malloc(64);
        expect(other === first || other === second).toBe(false);
      }
      arena.free(first);
      arena.free(second);
      worksOn(arena);
    }, options);
  }
});

test("98 a block never freed: visible in the live count and in blocks()", () => {
  withArena((arena) => {
    for (const size of SIZES) arena.malloc(size);
    const lost = arena.malloc(12_345);
    expect(arena.stats().liveBlocks).toBe(4);
    expect([...arena.blocks()].map(({ pointer }) => pointer)).toContain(lost);
  });
});
