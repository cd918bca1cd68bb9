/**
 * Compresses and decompresses with the system's zlib. Its z_stream, the buffers and, by `zalloc` and `zfree`, all that zlib
 * allocates for itself are blocks of one arena with a limit.
 *
 *   bun examples/zlib.ts [path of the library]
 */
import { dlopen, JSCallback } from "bun:ffi";
import { deflateSync, inflateSync } from "node:zlib";
import { Arena, OutOfMemoryError, type Pointer } from "../src/index.ts"; // elsewhere: "husky-alloc"

const path = process.argv[2] ?? (process.platform === "darwin" ? "libz.dylib" : "libz.so.1");
const zlib = open();

function open() {
  const stream = { args: ["ptr", "i32"], returns: "i32" } as const;
  const end = { args: ["ptr"], returns: "i32" } as const;
  try {
    return dlopen(path, {
      zlibVersion: { args: [], returns: "ptr" },
      deflateInit_: { args: ["ptr", "i32", "ptr", "i32"], returns: "i32" },
      inflateInit_: { args: ["ptr", "ptr", "i32"], returns: "i32" },
      deflate: stream,
      inflate: stream,
      deflateEnd: end,
      inflateEnd: end,
    }).symbols;
  } catch {
    console.log(`skipped: no zlib at ${path}`);
    process.exit(0);
  }
}

/** struct z_stream on 64-bit systems. */
const Z_STREAM_BYTES = 112;
const [NEXT_IN, AVAIL_IN, NEXT_OUT, AVAIL_OUT, ZALLOC, ZFREE] = [0, 8, 24, 32, 64, 72];
const [Z_FINISH, Z_OK, Z_STREAM_END, Z_BUF_ERROR] = [4, 0, 1, -5];
const CHUNK = 16 * 1024;

using arena = new Arena({ name: "zlib", limit: 8 * 2 ** 20 });
let asked = 0;
const zalloc = new JSCallback(
  (_: number, items: number, size: number) => {
    asked++;
    try {
      return arena.malloc(items * size);
    } catch (error) {
      if (error instanceof OutOfMemoryError) return 0; // zlib answers Z_MEM_ERROR; nothing may be thrown through C
      throw error;
    }
  },
  { args: ["ptr", "u32", "u32"], returns: "ptr" },
);
const zfree = new JSCallback((_: number, pointer: number) => arena.free(pointer), {
  args: ["ptr", "ptr"],
  returns: "void",
});

function run(kind: "deflate" | "inflate", input: Uint8Array): Uint8Array {
  using scope = arena.scope();
  using source = arena.allocate(input.length);
  using chunk = arena.allocate(CHUNK);
  source.bytes.set(input);
  const stream = scope.calloc(1, Z_STREAM_BYTES);
  arena.write.ptr(stream, NEXT_IN, source.address);
  arena.write.u32(stream, AVAIL_IN, input.length);
  arena.write.ptr(stream, ZALLOC, zalloc.ptr as Pointer);
  arena.write.ptr(stream, ZFREE, zfree.ptr as Pointer);
  const version = zlib.zlibVersion();
  const begun =
    kind === "deflate"
      ? zlib.deflateInit_(stream, 6, version, Z_STREAM_BYTES)
      : zlib.inflateInit_(stream, version, Z_STREAM_BYTES);
  if (begun !== Z_OK) throw new Error(`${kind}Init: ${begun}`);
  const parts: Uint8Array[] = [];
  try {
    for (let state = Z_OK; state !== Z_STREAM_END; ) {
      arena.write.ptr(stream, NEXT_OUT, chunk.address);
      arena.write.u32(stream, AVAIL_OUT, CHUNK);
      state = zlib[kind](stream, Z_FINISH);
      const written = CHUNK - arena.read.u32(stream, AVAIL_OUT);
      // With Z_FINISH "the buffer is full" is no error; without any progress it is.
      if (state < Z_OK && (state !== Z_BUF_ERROR || written === 0)) throw new Error(`${kind}: ${state}`);
      parts.push(chunk.bytes.slice(0, written));
    }
  } finally {
    zlib[`${kind}End`](stream);
  }
  return Buffer.concat(parts);
}

const text = Buffer.from(
  Array.from({ length: 20_000 }, (_, i) => `line ${i}: ${(i * 2654435761) % 9973}\n`).join(""),
);
const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;
const [packed, packedByBun] = [run("deflate", text), deflateSync(text)];
console.log(`${text.length} bytes deflated to ${packed.length}; Bun's own zlib: ${packedByBun.length}`);
console.log(`Bun inflates ours: ${same(inflateSync(packed), text)}`);
console.log(`we inflate Bun's: ${same(run("inflate", packedByBun), text)}`);
const { peakCommittedBytes, liveBlocks } = arena.stats();
console.log(`zlib asked the arena ${asked} times, ${peakCommittedBytes} bytes at the most`);
console.log(`blocks left: ${liveBlocks}`);
