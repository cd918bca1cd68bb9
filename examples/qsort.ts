/**
 * Sorts records in arena memory with C's `qsort`, and a comparison written in TypeScript.
 *
 *   bun examples/qsort.ts [records]
 */
import { dlopen, JSCallback } from "bun:ffi";
import { heap, read, write } from "../src/index.ts"; // elsewhere: "husky-alloc"

/** struct { double score; uint32_t id; } */
const RECORD_BYTES = 16;
const ID = 8;

const libc = dlopen(process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6", {
  qsort: { args: ["ptr", "usize", "usize", "ptr"], returns: "void" },
});

// C calls it with the addresses of two records; `read` takes them as they are.
const byScore = new JSCallback((one: number, other: number) => Math.sign(read.f64(one) - read.f64(other)), {
  args: ["ptr", "ptr"],
  returns: "i32",
});

const count = Number(process.argv[2] ?? 100_000);
const records = heap.malloc(count * RECORD_BYTES);
let sum = 0;
for (let id = 0; id < count; id++) {
  write.f64(records, id * RECORD_BYTES, Math.random());
  write.u32(records, id * RECORD_BYTES + ID, id);
  sum += id;
}

const start = performance.now();
libc.symbols.qsort(records, count, RECORD_BYTES, byScore.ptr);
const milliseconds = performance.now() - start;

let sorted = true;
for (let i = 0; i < count; i++) {
  if (i > 0 && read.f64(records, (i - 1) * RECORD_BYTES) > read.f64(records, i * RECORD_BYTES))
    sorted = false;
  sum -= read.u32(records, i * RECORD_BYTES + ID);
}
console.log(`${count} records in ${milliseconds.toFixed(0)} ms`);
console.log(`sorted: ${sorted}, every id still there: ${sum === 0}`);

heap.free(records);
byScore.close();
libc.close();
console.log(`blocks left: ${heap.stats().liveBlocks}`);
