/**
 * An image pipeline over four Workers without copies: each does one step to the pixels where they lie, and hands the image over to
 * the next. Messages carry the handle of a block, three numbers; exactly one Worker has the image at a time.
 *
 *   bun examples/image-pipeline.ts [images]
 */
import { type BlockHandle, heap } from "../src/index.ts"; // elsewhere: "husky-alloc"

declare const self: Worker;

const [WIDTH, HEIGHT] = [640, 480];
const PIXELS = WIDTH * HEIGHT;
/** Images under way at once: what bounds the memory. */
const UNDER_WAY = 8;

interface Message {
  readonly image: BlockHandle;
  readonly number: number;
  readonly step: number;
}

/** RGBA in place, one step a Worker. */
const steps: readonly ((pixels: Uint8Array, number: number) => void)[] = [
  function paint(pixels, number) {
    for (let i = 0; i < PIXELS; i++) {
      pixels[4 * i] = i + number;
      pixels[4 * i + 1] = (i >>> 8) * number;
      pixels[4 * i + 2] = i ^ (i >>> 7);
      pixels[4 * i + 3] = 255;
    }
  },
  function grey(pixels) {
    for (let i = 0; i < 4 * PIXELS; i += 4) {
      const light = (77 * pixels[i]! + 150 * pixels[i + 1]! + 29 * pixels[i + 2]!) >>> 8;
      pixels[i] = pixels[i + 1] = pixels[i + 2] = light;
    }
  },
  function blur(pixels) {
    for (let i = 4; i < 4 * (PIXELS - 1); i += 4) {
      const light = (pixels[i - 4]! + 2 * pixels[i]! + pixels[i + 4]!) >>> 2;
      pixels[i] = pixels[i + 1] = pixels[i + 2] = light;
    }
  },
  function threshold(pixels) {
    for (let i = 0; i < 4 * PIXELS; i += 4)
      pixels[i] = pixels[i + 1] = pixels[i + 2] = pixels[i]! < 128 ? 0 : 255;
  },
];

function work({ image, number, step }: Message): Message {
  using block = heap.adopt(image);
  steps[step]!(block.bytes, number);
  return { image: block.handle, number, step: step + 1 }; // from here on the block is not ours, and `using` finds nothing
}

async function pipeline(
  images: number,
  finished: (pixels: Uint8Array, number: number) => void,
): Promise<number> {
  const workers = steps.map(() => new Worker(import.meta.url));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let [begun, done, peak] = [0, 0, 0];
  const begin = () => {
    if (begun === images) return;
    const block = heap.allocate(PIXELS * 4);
    peak = Math.max(peak, heap.stats().liveBytes);
    workers[0]!.postMessage({ image: block.handle, number: begun++, step: 0 } satisfies Message);
  };
  for (const worker of workers) {
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.step < steps.length) {
        workers[data.step]!.postMessage(data);
        return;
      }
      using block = heap.adopt(data.image);
      finished(block.bytes, data.number);
      if (++done === images) resolve();
      else begin();
    };
  }
  for (let i = 0; i < UNDER_WAY; i++) begin();
  await promise;
  for (const worker of workers) worker.terminate();
  return peak;
}

if (Bun.isMainThread) {
  const images = Number(process.argv[2] ?? 60);
  const sums: (number | bigint)[] = [];
  const start = performance.now();
  const peak = await pipeline(images, (pixels, number) => {
    sums[number] = Bun.hash(pixels);
  });
  const seconds = (performance.now() - start) / 1000;
  const alone = new Uint8Array(PIXELS * 4);
  const right = sums.filter((sum, number) => {
    for (const step of steps) step(alone, number);
    return Bun.hash(alone) === sum;
  });
  console.log(
    `${images} images of ${WIDTH} x ${HEIGHT} through ${steps.length} Workers in ${seconds.toFixed(2)} s`,
  );
  console.log(`as one Worker alone makes them: ${right.length} of ${images}`);
  console.log(`at most ${(peak / 2 ** 20).toFixed(1)} MiB of pixels at once`);
  console.log(`blocks left: ${heap.stats().liveBlocks}`);
} else {
  self.onmessage = ({ data }: MessageEvent<Message>) => self.postMessage(work(data));
}
