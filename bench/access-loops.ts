/** One contender of one row of bench/access.ts: prints nanoseconds an element, or a round trip. */
import { bytesAt, ffiRead } from "../native/raw-memory.ts";
import { systemMalloc } from "../native/system-malloc.ts";
import { free, heap, malloc, read, write } from "../src/index.ts";

export const kinds = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"] as const;
export const accesses = ["husky", "typed array", "bun:ffi"] as const;
export type Access = (typeof accesses)[number];
export const sizes = [16, 48, 256, 1024, 4096, 65_536] as const;
export const blockSizes = [64, 1024, 65_536, 2 ** 20] as const;
export const blocks = ["Block", "Block, looked at", "ArrayBuffer"] as const;
export const trips = ["husky", "libc", "mimalloc", "tcmalloc", "ArrayBuffer", "Buffer"] as const;
type Trip = (typeof trips)[number];

const ARRAYS = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  u64: BigUint64Array,
  i64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
};
const LIBRARIES: Partial<Record<Trip, string>> = {
  mimalloc: "libmimalloc.so.2",
  tcmalloc: "libtcmalloc_minimal.so.4",
};

const ELEMENTS = 1000;
const TURNS = 2000;
const PASSES = 15;

/** Nanoseconds of one of `count` steps of a pass: the least of the passes. */
function least(count: number, pass: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < PASSES; i++) {
    const start = Bun.nanoseconds();
    pass();
    best = Math.min(best, (Bun.nanoseconds() - start) / count);
  }
  return best;
}

/** The loop as text, so that each contender's is compiled as a program's would be. */
function elements(act: "read" | "write", kind: (typeof kinds)[number], contender: Access): number {
  const pointer = malloc(ELEMENTS * 8);
  const { BYTES_PER_ELEMENT } = ARRAYS[kind];
  const array = new ARRAYS[kind](bytesAt(pointer, ELEMENTS * BYTES_PER_ELEMENT).slice().buffer);
  const isBig = kind === "u64" || kind === "i64";
  const value = isBig ? "v" : "(i + turn) & 127";
  const [sum, zero] = isBig ? ["sum ^= ", "0n"] : ["sum += ", "0"];
  const place = `pointer, i * ${BYTES_PER_ELEMENT}`;
  const body = {
    read: {
      husky: `${sum}read.${kind}(${place})`,
      "typed array": `${sum}array[i]`,
      "bun:ffi": `${sum}ffi.${kind}(${place})`,
    },
    write: {
      husky: `write.${kind}(${place}, ${value})`,
      "typed array": `array[i] = ${value}`,
      "bun:ffi": "",
    },
  }[act][contender];
  if (body === "") return Number.NaN;
  const loop = `return () => {
    let sum = ${zero}; const v = 7n;
    for (let turn = 0; turn < ${TURNS}; turn++) for (let i = 0; i < ${ELEMENTS}; i++) ${body};
    return sum;
  };`;
  const make = new Function("pointer", "array", "read", "write", "ffi", loop);
  return least(ELEMENTS * TURNS, make(pointer, array, read, write, ffiRead));
}

/** Allocate, write each word, read each back, free. */
function trip(size: number, contender: Trip): number {
  const words = size / 4;
  const count = Math.max(Math.floor(2_000_000 / words), 1000);
  let sum = 0;
  const repeat = (once: () => void) => {
    const time = least(count, () => {
      for (let i = 0; i < count; i++) once();
    });
    if (sum !== ((PASSES * count * words) / 2) * (words - 1)) throw new Error(`the sum is ${sum}`);
    return time;
  };
  if (contender === "husky") {
    return repeat(() => {
      const pointer = malloc(size);
      for (let i = 0; i < words; i++) write.u32(pointer, i * 4, i);
      for (let i = 0; i < words; i++) sum += read.u32(pointer, i * 4);
      free(pointer);
    });
  }
  if (contender === "ArrayBuffer") {
    return repeat(() => {
      const array = new Uint32Array(new ArrayBuffer(size));
      for (let i = 0; i < words; i++) array[i] = i;
      for (let i = 0; i < words; i++) sum += array[i]!;
    });
  }
  if (contender === "Buffer") {
    return repeat(() => {
      const buffer = Buffer.allocUnsafe(size);
      const array = new Uint32Array(buffer.buffer, buffer.byteOffset, words);
      for (let i = 0; i < words; i++) array[i] = i;
      for (let i = 0; i < words; i++) sum += array[i]!;
    });
  }
  const library = systemMalloc(LIBRARIES[contender]);
  return repeat(() => {
    const pointer = library.malloc(size);
    const { buffer, byteOffset } = bytesAt(pointer, size);
    const array = new Uint32Array(buffer, byteOffset, words);
    for (let i = 0; i < words; i++) array[i] = i;
    for (let i = 0; i < words; i++) sum += array[i]!;
    library.free(pointer);
  });
}

/** Allocate and dispose a Block, or make an ArrayBuffer and leave it to the collector. */
function block(size: number, contender: (typeof blocks)[number]): number {
  const count = Math.max(Math.floor(2e8 / (size + 1000)), 200);
  const once = {
    Block: () => heap.allocate(size).dispose(),
    "Block, looked at": () => {
      const one = heap.allocate(size);
      one.bytes[0] = 1;
      one.dispose();
    },
    ArrayBuffer: () => {
      new Uint8Array(new ArrayBuffer(size))[0] = 1;
    },
  }[contender];
  return least(count, () => {
    for (let i = 0; i < count; i++) once();
  });
}

if (import.meta.main) {
  const [row, contender] = process.argv.slice(2) as [string, string];
  const [act, what] = row.split(" ") as [string, string];
  const time =
    act === "trip"
      ? trip(Number(what), contender as Trip)
      : act === "block"
        ? block(Number(what), contender as (typeof blocks)[number])
        : elements(act as "read" | "write", what as (typeof kinds)[number], contender as Access);
  console.log(time);
}
