/**
 * C structs in arena memory with the package bun-ffi-structs: packed and read where they are, without copies, and sorted there
 * by C's `qsort`, which moves whole structs.
 *
 *   bun examples/structs.ts [particles]
 */
import { dlopen, JSCallback } from "bun:ffi";
import { defineStruct } from "bun-ffi-structs";
import { heap, read } from "../src/index.ts"; // elsewhere: "husky-alloc"

/** struct particle { double mass; float x, y, z; uint32_t id; } */
const Particle = defineStruct([
  ["mass", "f64"],
  ["x", "f32"],
  ["y", "f32"],
  ["z", "f32"],
  ["id", "u32"],
] as const);

const libc = dlopen(process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6", {
  qsort: { args: ["ptr", "usize", "usize", "ptr"], returns: "void" },
});

const count = Number(process.argv[2] ?? 20_000);
{
  using particles = heap.allocate(count * Particle.size);
  // One view over exactly the block: the package writes through it, and C sees the same bytes.
  const view = particles.view(DataView);
  for (let id = 0; id < count; id++)
    Particle.packInto({ mass: (id * 7919) % count, x: id, y: id / 2, z: 0, id }, view, id * Particle.size);

  const byMass = new JSCallback((one: number, other: number) => Math.sign(read.f64(one) - read.f64(other)), {
    args: ["ptr", "ptr"],
    returns: "i32",
  });
  libc.symbols.qsort(particles.address, count, Particle.size, byMass.ptr);
  byMass.close();

  const found = { mass: 0, x: 0, y: 0, z: 0, id: 0 };
  let [right, last] = [0, -1];
  for (let i = 0; i < count; i++) {
    Particle.unpackInto(view, found, i * Particle.size);
    const isSound =
      found.mass === (found.id * 7919) % count && found.y === found.x / 2 && found.x === found.id;
    if (isSound && found.mass >= last) right++;
    last = found.mass;
  }
  console.log(`${count} structs of ${Particle.size} bytes, ${right} of them whole and in order`);
}
libc.close();
console.log(`blocks left: ${heap.stats().liveBlocks}`);
