/** Blocks with an owner: their buffer is exactly theirs, and what was made of it is empty once they are gone. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Arena, ArenaError, type Block, heap, OutOfMemoryError } from "../../src/index.ts";

const MIB = 2 ** 20;

test("the buffer has exactly the bytes that were asked for", () => {
  using arena = new Arena({ largeThreshold: MIB });
  for (const size of [0, 1, 48, 1000, 1024, 5000, 100_001, 3 * MIB]) {
    using block = arena.allocate(size);
    expect([block.byteLength, block.buffer.byteLength, block.bytes.length]).toEqual([size, size, size]);
    block.bytes.fill(7);
    if (size > 0) expect(arena.read.u8(block.address, size - 1)).toBe(7);
    expect(block.buffer).toBe(block.buffer);
  }
  arena.check();
  expect(arena.stats().liveBlocks).toBe(0);
});

test("zero and align", () => {
  using arena = new Arena({ largeThreshold: MIB });
  for (const size of [48, 5000, 2 * MIB]) {
    const dirty = arena.allocate(size);
    dirty.bytes.fill(255);
    dirty.dispose();
    using zeros = arena.allocate(size, { zero: true });
    expect(zeros.bytes.every((byte) => byte === 0)).toBe(true);
    using aligned = arena.allocate(size, { align: 4096, zero: true });
    expect(aligned.address % 4096).toBe(0);
    expect(aligned.bytes.every((byte) => byte === 0)).toBe(true);
    aligned.bytes.fill(9);
    aligned.resize(size * 2);
    expect(aligned.address % 4096).toBe(0);
    expect(aligned.bytes.subarray(0, size).every((byte) => byte === 9)).toBe(true);
    expect(aligned.bytes.subarray(size).every((byte) => byte === 0)).toBe(true);
  }
});

test("views of every type, of whole elements", () => {
  using block = heap.allocate(100);
  expect(block.view(Float64Array).length).toBe(12);
  expect(block.view(Uint16Array).length).toBe(50);
  expect(block.view(BigInt64Array).length).toBe(12);
  expect(block.view(DataView).byteLength).toBe(100);
  const words: Uint32Array = block.view(Uint32Array);
  words[3] = 77;
  expect(block.view(DataView).getUint32(12, true)).toBe(77);
  for (const wrong of [7, null, Array, Object, () => {}, {}]) {
    expect(() => block.view(wrong as never)).toThrow(TypeError);
    expect(() => heap.view(block.address, wrong as never)).toThrow(TypeError);
  }
});

describe("when it is gone all of its views are empty", () => {
  const looks = (block: Block) => {
    const { buffer, bytes } = block;
    const data = block.view(DataView);
    bytes.fill(1);
    return () => {
      expect([buffer.byteLength, bytes.length, bytes[0]]).toEqual([0, 0, undefined]);
      bytes[0] = 5;
      expect(() => data.getUint8(0)).toThrow(TypeError);
    };
  };

  test("disposed, also twice, and by `using`", () => {
    let areEmpty = () => {};
    {
      using block = heap.allocate(64);
      areEmpty = looks(block);
      expect(block.disposed).toBe(false);
    }
    areEmpty();
    const block = heap.allocate(64);
    areEmpty = looks(block);
    block.dispose();
    block.dispose();
    areEmpty();
    expect([block.disposed, block.byteLength]).toEqual([true, 0]);
    for (const use of [
      () => block.address,
      () => block.buffer,
      () => block.bytes,
      () => block.view(Uint8Array),
      () => block.resize(10),
      () => block.handle,
    ])
      expect(use).toThrow(new ArenaError("disposed", "this block was disposed or handed over"));
  });

  test("resized, where it stays and where it moves; what was in it is kept", () => {
    for (const size of [10, 1000, 50_000]) {
      using block = heap.allocate(48);
      const areEmpty = looks(block);
      block.resize(size);
      areEmpty();
      expect(block.bytes.length).toBe(size);
      expect([...block.bytes.subarray(0, Math.min(size, 48))].every((byte) => byte === 1)).toBe(true);
    }
  });

  test("a resize that is refused leaves block and views", () => {
    using arena = new Arena({ limit: MIB });
    using block = arena.allocate(1000);
    const { bytes } = block;
    bytes.fill(3);
    expect(() => block.resize(2 * MIB)).toThrow(OutOfMemoryError);
    expect(() => block.resize(-1)).toThrow(RangeError);
    expect(() => block.resize("1" as never)).toThrow(TypeError);
    expect([bytes.length, bytes[999]]).toEqual([1000, 3]);
  });

  test("the arena's detach, reset and dispose, when the memory may end", () => {
    const arena = new Arena();
    let block = arena.allocate(100);
    let areEmpty = looks(block);
    arena.detach();
    areEmpty();
    // It is still there.
    expect(block.bytes[0]).toBe(1);
    const { address } = block;
    areEmpty = looks(block);
    arena.reset();
    areEmpty();
    // It is gone, and nobody else's block in its place is freed.
    const [old, others] = [block, Array.from({ length: 50 }, () => arena.malloc(100))];
    expect(others).toContain(address);
    expect([old.disposed, old.byteLength]).toEqual([true, 0]);
    expect(() => old.bytes).toThrow(ArenaError);
    old.dispose();
    expect(arena.stats().liveBlocks).toBe(50);
    block = arena.allocate(100);
    areEmpty = looks(block);
    arena.dispose();
    areEmpty();
    expect(() => block.bytes).toThrow("was disposed");
    expect(() => block.dispose()).toThrow("was disposed");
  });
});

test("a buffer that the program transferred is its own affair: the block stays, and is freed", () => {
  using arena = new Arena();
  const block = arena.allocate(64);
  const { buffer } = block;
  const moved = structuredClone(buffer, { transfer: [buffer] });
  expect([buffer.byteLength, moved.byteLength]).toEqual([0, 64]);
  expect(block.bytes.length).toBe(64);
  block.dispose();
  expect(arena.stats().liveBlocks).toBe(0);
});

describe("handing over", () => {
  test("at once the sender has nothing; one adopts it, a second one is refused", () => {
    using arena = new Arena();
    const block = arena.allocate(1000);
    const { bytes } = block;
    bytes.fill(42);
    const handle = structuredClone(block.handle);
    expect([bytes.length, block.disposed, block.byteLength]).toEqual([0, true, 0]);
    const adopted = arena.adopt(handle);
    expect([adopted.byteLength, adopted.bytes[999]]).toEqual([1000, 42]);
    const refusal = `adopt in the arena "arena" is refused: the block was adopted already, or there never was one`;
    expect(() => arena.adopt(handle)).toThrow(new ArenaError("bad-handle", refusal));
    adopted.dispose();
    expect(arena.stats().liveBlocks).toBe(0);
  });

  test("of blocks of every size, once or never", () => {
    using arena = new Arena({ largeThreshold: MIB });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 48, 5000, 2 * MIB), { maxLength: 20 }), (sizes) => {
        const handles = sizes.map((size) => arena.allocate(size).handle);
        const blocks = handles.map((handle) => arena.adopt(handle));
        expect(blocks.map(({ byteLength }) => byteLength)).toEqual(sizes);
        for (const handle of handles) expect(() => arena.adopt(handle)).toThrow(ArenaError);
        for (const block of blocks) block.dispose();
        expect(arena.stats().liveBlocks).toBe(0);
      }),
      { numRuns: 20 },
    );
    arena.check();
  });

  test.each([
    { largeThreshold: 0 },
    { workerCache: false },
    { policy: "husky" },
    { policy: "slabs" },
  ])("in an arena with %o", (options) => {
    using arena = new Arena(options);
    const block = arena.allocate(10);
    block.bytes.fill(8);
    const { handle } = block;
    const adopted = arena.adopt(handle);
    expect(adopted.bytes[9]).toBe(8);
    expect(() => arena.adopt(handle)).toThrow(ArenaError);
    adopted.dispose();
    expect(arena.stats().liveBlocks).toBe(0);
    arena.check();
  });

  test("forged handles are refused, and nothing is read or written through them", () => {
    using arena = new Arena();
    using other = new Arena();
    const block = arena.allocate(64);
    block.bytes.fill(1);
    const { address } = block;
    const good = arena.allocate(64).handle;
    const id = arena.handle.id;
    for (const wrong of [
      undefined,
      null,
      1,
      "x",
      {},
      [],
      { arena: id },
      { ...good, ticket: "1" },
      { ...good, nonce: 0.5 },
    ])
      expect(() => arena.adopt(wrong as never)).toThrow(TypeError);
    for (const ticket of [
      0,
      1,
      7,
      4096,
      address,
      address + 16,
      arena.handle.address,
      arena.handle.address + 4096,
      2 ** 47,
    ])
      expect(() => arena.adopt({ arena: id, ticket, nonce: 1 })).toThrow(ArenaError);
    expect(() => arena.adopt({ ...good, nonce: good.nonce ^ 1 })).toThrow(ArenaError);
    expect(() => other.adopt(good)).toThrow("it is a block of another arena");
    expect(block.bytes.every((byte) => byte === 1)).toBe(true);
    arena.adopt(good).dispose();
    block.dispose();
    arena.check();
  });

  test("without memory for it, the block stays", () => {
    using arena = new Arena({ limit: 2 ** 18 });
    const block = arena.allocate(100);
    block.bytes.fill(4);
    const fill: number[] = [];
    expect(() => {
      for (;;) fill.push(arena.malloc(24));
    }).toThrow(OutOfMemoryError);
    expect(() => block.handle).toThrow(OutOfMemoryError);
    expect(block.bytes[99]).toBe(4);
  });
});

test("bad options", () => {
  for (const wrong of [null, 1, "x"]) expect(() => heap.allocate(10, wrong as never)).toThrow(TypeError);
  expect(() => heap.allocate(10, { zeros: true } as never)).toThrow("unknown option `zeros`");
  expect(() => heap.allocate(10, { zero: 1 } as never)).toThrow("`zero` must be a boolean, got 1");
  for (const align of [0, 3, 2 ** 31, 1.5]) expect(() => heap.allocate(10, { align })).toThrow(RangeError);
  expect(() => heap.allocate(10, { align: "16" } as never)).toThrow(TypeError);
  expect(() => heap.allocate(-1)).toThrow(RangeError);
});

describe("views of pointers", () => {
  test("exactly the block; one buffer for all; empty once it is freed here", () => {
    using arena = new Arena();
    const pointer = arena.malloc(80);
    const floats = arena.view(pointer, Float64Array, 4);
    const bytes = arena.view(pointer, Uint8Array);
    expect([floats.length, floats.byteOffset, bytes.length]).toEqual([4, 0, arena.usableSize(pointer)]);
    expect(floats.buffer).toBe(bytes.buffer);
    floats[0] = 1.5;
    expect(arena.read.f64(pointer)).toBe(1.5);
    const others = Array.from({ length: 100 }, () => arena.malloc(80));
    for (const other of others) arena.free(other);
    expect(floats[0]).toBe(1.5);
    arena.free(pointer);
    expect([floats.length, bytes.length]).toEqual([0, 0]);
    expect(() => arena.free(pointer)).toThrow("double-free");
    expect(() => arena.view(pointer, Uint8Array)).toThrow("view: ");
    arena.check();
  });

  test("a realloc that moves empties them, one that stays does not", () => {
    using arena = new Arena({ largeThreshold: MIB });
    let pointer = arena.malloc(80);
    let view = arena.view(pointer, Uint8Array);
    view[0] = 9;
    expect(arena.realloc(pointer, 78)).toBe(pointer);
    expect(view[0]).toBe(9);
    pointer = arena.realloc(pointer, 10_000);
    expect(view.length).toBe(0);
    pointer = arena.realloc(pointer, 4 * MIB);
    view = arena.view(pointer, Uint8Array);
    // Its mapping ends earlier now.
    pointer = arena.realloc(pointer, 2 * MIB);
    expect(view.length).toBe(0);
    arena.free(pointer);
    expect(arena.stats().liveBlocks).toBe(0);
  });

  test("reset, detach and dispose empty them", () => {
    const arena = new Arena();
    const view = arena.view(arena.malloc(100), Uint8Array);
    arena.reset();
    expect(view.length).toBe(0);
    const pointer = arena.malloc(100);
    const second = arena.view(pointer, Uint8Array);
    arena.detach();
    expect(second.length).toBe(0);
    const third = arena.view(pointer, Uint8Array);
    arena.dispose();
    expect(third.length).toBe(0);
    expect(() => arena.view(pointer, Uint8Array)).toThrow("was disposed");
  });

  test("bad input", () => {
    const pointer = heap.malloc(100);
    for (const length of [-1, 1.5, Number.NaN, 1000, 2 ** 60])
      expect(() => heap.view(pointer, Uint8Array, length)).toThrow(RangeError);
    expect(() => heap.view(pointer, Uint8Array, "1" as never)).toThrow(TypeError);
    expect(() => heap.view(pointer, {} as never)).toThrow(TypeError);
    for (const wrong of [0, null, 1.5, -1])
      expect(() => heap.view(wrong as never, Uint8Array)).toThrow(RangeError);
    expect(() => heap.view("1" as never, Uint8Array)).toThrow(TypeError);
    expect(() => heap.view(pointer + 16, Uint8Array)).toThrow("interior-pointer");
    expect(() => heap.view(0x1234_5678_9000, Uint8Array)).toThrow("foreign-pointer");
    heap.free(pointer);
  });
});
