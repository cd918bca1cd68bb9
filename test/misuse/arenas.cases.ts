/** Rows 121 to 125, 137, 143, 146: pointers of other arenas, disposed arenas, damage to the control block. */
import assert from "node:assert/strict";
import { mappingsIn } from "../../native/mappings.ts";
import { bytesAt, fillMemory } from "../../native/raw-memory.ts";
import { Arena, ArenaError, heap, InvalidPointerError } from "../../src/index.ts";
import { CONTROL_AREA, ControlDouble, POLICY_AREA, WindowWord } from "../../src/memory/layout.ts";
import {
  ALL_SIZES,
  counters,
  HEADED,
  hex,
  isMisuse,
  misused,
  pointerCall,
  refused,
  refusesArena,
  thrownBy,
  worksOn,
} from "./harness.ts";
import type { Cases } from "./subprocess.ts";

const CALLS = ["free", "realloc", "usableSize"] as const;

/** An arena that is gone, a pointer it had, and its handle. */
function disposedArena(size: number) {
  const arena = new Arena({ name: "gone" });
  const pointer = arena.malloc(size);
  const { handle } = arena;
  arena.dispose();
  return { arena, pointer, handle };
}

/** Whether an address is mapped. */
function isMapped(address: number): boolean {
  return mappingsIn(address, 1).length > 0;
}

/** Changes a word of a window's head: `check()` finds it; if blocks can be had all the same, each is had once. */
function damagedWord(word: number, change: number, usable: boolean): void {
  const arena = new Arena({ workerCache: false });
  const live = Array.from({ length: 64 }, () => arena.malloc(100));
  for (let i = 0; i < 64; i += 2) arena.free(live[i]!);
  const held = live.filter((_, i) => i % 2 === 1);
  const words = new Int32Array(bytesAt(arena.handle.address, 65_536).buffer);
  words[word]! ^= change;
  const attempt = usable ? 64 : 0;
  const error = thrownBy(() => arena.check());
  assert.ok(error instanceof ArenaError || error instanceof InvalidPointerError, String(error));
  assert.ok(error.code.startsWith("corrupt"), error.message);
  for (let i = 0; i < attempt; i++) {
    try {
      held.push(arena.malloc(100));
    } catch (damage) {
      assert.ok(damage instanceof InvalidPointerError, String(damage));
    }
  }
  assert.equal(new Set(held).size, held.length, "handed out once");
}

export const cases: Cases = {
  "121 pointer of another live arena: both unchanged": () => {
    const [mine, other] = [new Arena(), new Arena()];
    for (const size of ALL_SIZES) {
      const pointer = other.malloc(size);
      const before = counters(other);
      for (const call of CALLS) {
        misused(mine, call, pointer, "foreign-pointer");
        misused(heap, call, pointer, "foreign-pointer");
      }
      assert.deepEqual(counters(other), before);
      other.free(pointer);
    }
    worksOn(other);
  },
  "122 pointer of a disposed arena": () => {
    const live = new Arena();
    live.malloc(8);
    for (const size of ALL_SIZES) {
      const { pointer } = disposedArena(size);
      for (const call of CALLS) misused(live, call, pointer, "foreign-pointer");
    }
  },
  "122 pointer of a disposed arena's large block, its addresses now the live arena's": () => {
    const live = new Arena();
    const { pointer } = disposedArena(2 ** 25);
    const blocks = Array.from({ length: 8 }, () => live.malloc(2 ** 25));
    if (blocks.includes(pointer as never)) return;
    misused(live, "free", pointer + 4096, "foreign-pointer", "interior-pointer");
  },
  "123 any call on a disposed arena": () => {
    const { arena, pointer } = disposedArena(64);
    const uses: (() => unknown)[] = [
      () => arena.malloc(8),
      () => arena.malloc(2 ** 20),
      () => arena.calloc(1, 8),
      () => arena.alignedAlloc(64, 8),
      () => arena.realloc(null, 8),
      () => arena.realloc(pointer, 8),
      () => arena.free(pointer),
      () => arena.usableSize(pointer),
      () => arena.stats(),
      () => arena.blocks(),
      () => arena.check(),
      () => arena.trim(),
      () => arena.reset(),
      () => arena.handle,
    ];
    for (const use of uses) {
      const error = refusesArena(use, "disposed");
      assert.ok(error.message.includes("gone"), error.message);
    }
    worksOn(heap);
  },
  "123 142 attach to a disposed arena": () => {
    refusesArena(() => Arena.attach(disposedArena(8).handle), "disposed");
    worksOn(heap);
  },
  "124 dispose twice; using plus explicit dispose": () => {
    const arena = new Arena();
    arena.malloc(8);
    arena.dispose();
    arena.dispose();
    {
      using scoped = new Arena();
      scoped.malloc(8);
      scoped.dispose();
    }
    arena.detach();
    worksOn(heap);
  },
  "125 dispose with live blocks: the memory is returned": () => {
    const arena = new Arena();
    const blocks = ALL_SIZES.flatMap((size) => Array.from({ length: 10 }, () => arena.malloc(size)));
    for (const block of blocks) assert.ok(isMapped(block));
    arena.dispose();
    for (const block of blocks) assert.ok(!isMapped(block), `${hex(block)} is still mapped`);
  },
  "125 the process-wide heap is not disposed and not reset": () => {
    const block = heap.malloc(8);
    for (const call of [() => heap.dispose(), () => heap.reset()]) {
      const error = refused(heap, call);
      assert.ok(error instanceof ArenaError && error.code === "busy", error.message);
    }
    heap.free(block);
  },
  "137 an Arena object that nobody holds: its blocks stay mapped": async () => {
    const blocks = (() => {
      const arena = new Arena();
      return ALL_SIZES.map((size) => arena.malloc(size) as number);
    })();
    for (const block of blocks) bytesAt(block, 8).fill(0x77);
    for (let turn = 0; turn < 5; turn++) {
      Bun.gc(true);
      await Bun.sleep(10);
    }
    for (const block of blocks) assert.ok(bytesAt(block, 8).every((byte) => byte === 0x77));
  },
  "143 attach twice: the same object, disposing it once keeps it": () => {
    const arena = new Arena();
    const block = arena.malloc(100);
    const again = Arena.attach(arena.handle);
    assert.equal(again, arena);
    arena.dispose();
    assert.ok(again.usableSize(block) >= 100);
    again.free(block);
    worksOn(again);
    again.dispose();
    refusesArena(() => again.malloc(8), "disposed");
  },
  "143 detach and use again: the arena attaches anew": () => {
    const arena = new Arena();
    const block = arena.malloc(100);
    const { handle } = arena;
    arena.detach();
    arena.detach();
    arena.free(block);
    assert.deepEqual(arena.handle, handle);
    assert.equal(arena.stats().workers, 1);
    worksOn(arena);
    arena.dispose();
  },
  "146 control block overwritten: other arenas go on": () => {
    const [broken, sound] = [new Arena(), new Arena()];
    const base = broken.handle.address;
    const noise = bytesAt(base, (CONTROL_AREA + 256) * 4);
    crypto.getRandomValues(noise.subarray(0, 65_536));
    fillMemory(base + CONTROL_AREA * 4, 0xa5, 1024);
    for (const arena of [sound, heap]) {
      const block = arena.malloc(100);
      misused(arena, "free", base + 2 ** 18, "foreign-pointer");
      arena.free(block);
      worksOn(arena);
    }
    const fresh = new Arena();
    worksOn(fresh);
    fresh.dispose();
    sound.dispose();
  },
  "146 a damaged counter is found by check(), the field is named": () => {
    const fields: [field: number, name: string][] = [
      [ControlDouble.takenBlocks, "taken blocks"],
      [ControlDouble.committed, "committed bytes"],
    ];
    for (const [field, name] of fields) {
      const arena = new Arena();
      arena.malloc(8);
      const doubles = new Float64Array(bytesAt(arena.handle.address + CONTROL_AREA * 4, 1024).buffer);
      doubles[field]! += 4096;
      const error = refusesArena(() => arena.check(), "corrupt-arena");
      assert.ok(error.message.includes(name), error.message);
      doubles[field]! -= 4096;
      worksOn(arena);
      arena.dispose();
    }
  },
  "146 a damaged end of the header chain is found": () => damagedWord(WindowWord.top, 0x40, false),
  "146 a damaged list head is found": () => damagedWord(POLICY_AREA + 32 + 7, 0x40, true),
  "146 a damaged bitmap of the free index is found: first level": () => damagedWord(POLICY_AREA, 0x41, true),
  "146 a damaged bitmap of the free index is found: second level": () =>
    damagedWord(POLICY_AREA + 1, 0xc0, true),
  "R2 a refused call on an arena with damage in it names the pointer all the same": () => {
    const arena = new Arena();
    const blocks = [arena.malloc(HEADED), arena.malloc(HEADED)];
    const [first, second] = [Math.min(...blocks), Math.max(...blocks)];
    fillMemory(second - 1, 0x00, 1);
    arena.free(first);
    for (const call of CALLS) {
      isMisuse(
        thrownBy(() => pointerCall(arena, call, first)),
        call,
        first,
        call === "usableSize" ? ["invalid-pointer"] : ["double-free"],
      );
    }
  },
};
