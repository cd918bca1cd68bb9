/**
 * A frame arena: everything that one frame needs is allocated and never freed singly; `reset` empties the arena for the next.
 *
 *   bun examples/frame-arena.ts [frames]
 */
import { Arena, type Pointer } from "../src/index.ts"; // elsewhere: "husky-alloc"

const FRAMES = Number(process.argv[2] ?? 300);
const SPRITES = 2000;

/** struct { float x, y, size; uint32_t colour; ptr label; ptr next; } */
const SPRITE_BYTES = 32;
const [X, Y, SIZE, COLOUR, LABEL, NEXT] = [0, 4, 8, 12, 16, 24];

// Whatever a frame does, it cannot take more than that; its memory stays with it from frame to frame.
using frame = new Arena({ name: "frame", limit: 8 * 2 ** 20, purgeDelay: Number.POSITIVE_INFINITY });
const { read, write } = frame;

/** A linked list of sprites: what a scene graph, a parser or a request handler builds and throws away. */
function build(time: number): Pointer | null {
  let first: Pointer | null = null;
  for (let i = 0; i < SPRITES; i++) {
    const sprite = frame.malloc(SPRITE_BYTES);
    write.f32(sprite, X, (i * 7 + time) % 640);
    write.f32(sprite, Y, (i * 13 + time) % 480);
    write.f32(sprite, SIZE, 1 + (i % 8));
    write.u32(sprite, COLOUR, i);
    write.ptr(sprite, LABEL, i % 100 === 0 ? frame.cstring(`sprite ${i} of frame ${time}`) : null);
    write.ptr(sprite, NEXT, first);
    first = sprite;
  }
  return first;
}

function draw(first: Pointer | null): { colours: number; letters: number } {
  let [colours, letters] = [0, 0];
  for (let sprite = first; sprite !== null; ) {
    colours += read.u32(sprite, COLOUR);
    const label = read.ptr(sprite, LABEL) as Pointer | 0;
    if (label !== 0) letters += frame.readCString(label).length;
    sprite = (read.ptr(sprite, NEXT) || null) as Pointer | null;
  }
  return { colours, letters };
}

const times: number[] = [];
let [right, committed] = [0, 0];
for (let time = 0; time < FRAMES; time++) {
  const start = performance.now();
  const { colours, letters } = draw(build(time));
  frame.reset(); // every pointer of this frame is void from here on
  times.push(performance.now() - start);
  const labels = Array.from({ length: SPRITES / 100 }, (_, i) => `sprite ${i * 100} of frame ${time}`);
  if (colours === (SPRITES * (SPRITES - 1)) / 2 && letters === labels.join("").length) right++;
  if (time === 10) committed = frame.stats().peakCommittedBytes;
}
times.sort((one, other) => one - other);
const at = (share: number) => times[Math.floor(share * (FRAMES - 1))]!.toFixed(2);
console.log(`${FRAMES} frames of ${SPRITES} sprites, ${right} of them right`);
console.log(
  `a frame with its reset: median ${at(0.5)} ms, 99 of 100 below ${at(0.99)} ms, longest ${at(1)} ms`,
);
const { peakCommittedBytes, liveBlocks } = frame.stats();
console.log(`at most ${peakCommittedBytes} bytes committed, after ten frames ${committed}`);
console.log(`blocks left: ${liveBlocks}`);
