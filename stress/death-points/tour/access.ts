/** Reading and writing what a pointer leads to: in a window, at unaligned places, in a large block; and what is refused. */
import type { Arena } from "../insides.ts";
import type { Guide } from "./guide.ts";
import { privateArena } from "./private.ts";

const LARGE = 3 * 2 ** 20;
const INTEGERS = ["u8", "i8", "u16", "i16", "u32", "i32"] as const;
const BIG = ["u64", "i64"] as const;
const FLOATS = ["f32", "f64"] as const;

function everyKind({ read, write }: Arena, pointer: number, offset: number): void {
  for (const kind of [...INTEGERS, ...FLOATS]) {
    write[kind](pointer, offset, 1);
    read[kind](pointer, offset);
  }
  for (const kind of BIG) {
    write[kind](pointer, offset, 1n);
    read[kind](pointer, offset);
  }
  write.ptr(pointer, offset, pointer);
  read.ptr(pointer, offset);
  write.intptr(pointer, offset, -1);
  read.intptr(pointer, offset);
}

export function access(guide: Guide): void {
  const arena = privateArena(guide, { reserve: 2 ** 23, largeThreshold: 2 ** 20 }, true);
  const { read, write } = arena;
  const [block, large] = [arena.malloc(400), arena.malloc(LARGE)];
  for (const pointer of [block, large]) for (const offset of [0, 1]) everyKind(arena, pointer, offset);
  arena.copy(large + 8, large, LARGE - 8);
  arena.copy(large, large + 8, LARGE - 8);
  arena.copy(block, block + 8, 100);
  arena.fill(large, 0, LARGE);
  arena.compare(large, large + 4, LARGE - 4);
  arena.readCString(arena.cstring("text"));
  arena.readCString(large, 0, 4);
  arena.readCString(large);
  arena.fill(large, 65, arena.usableSize(large));
  guide.fails("RangeError", () => arena.readCString(large));
  // What is no value, no place, no pointer.
  write.u64(block, 0, 2n ** 63n);
  guide.fails("RangeError", () => read.ptr(block));
  for (const value of [-1, "1"])
    guide.fails(value === -1 ? "RangeError" : "TypeError", () => write.u8(block, 0, value as number));
  for (const value of [-1n, 1])
    guide.fails(value === 1 ? "TypeError" : "RangeError", () => write.u64(block, 0, value as bigint));
  guide.fails("TypeError", () => write.f64(block, 0, "1" as never));
  for (const text of ["a\0", 1])
    guide.fails(text === 1 ? "TypeError" : "RangeError", () => arena.cstring(text as string));
  guide.fails("TypeError", () => arena.fill(block, "1" as never, 1));
  guide.fails("RangeError", () => arena.fill(block, 256, 1));
  for (const offset of [0.5, "1", 2 ** 40])
    guide.fails(offset === "1" ? "TypeError" : "RangeError", () => read.u8(block, offset as number));
  guide.fails("RangeError", () => read.u8(large, 2 * LARGE));
  const { address } = arena.handle;
  for (const pointer of [0, address, address + 2 ** 23 - 64, guide.arena.handle.address])
    guide.fails("InvalidPointerError", () => read.u8(pointer));
  // Another window.
  for (;;) {
    const far = arena.malloc(60_000);
    if (far >= address && far < address + 2 ** 23) continue;
    arena.copy(far, far + 8, 8);
    read.u8(far);
    break;
  }
  read.u8(block);
  arena.detach();
  read.u8(block);
  arena.dispose();
}
