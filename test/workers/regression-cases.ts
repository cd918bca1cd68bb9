/**
 * The situations of regressions.test.ts that need a process of their own, because they once ended it or never ended:
 * `bun regression-cases.ts NAME`. Exit code 0 = passed.
 */
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesAt } from "../../native/raw-memory.ts";
import { LOCK_WORD } from "../../src/heap/lock.ts";
import { Arena, ArenaError, InvalidPointerError } from "../../src/index.ts";
import type { Task } from "./regression-worker.ts";

function require(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** The error of `act`. */
function refusal(act: () => unknown): Error & { code?: string } {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error(`no error from ${act}`);
}

interface Helper {
  readonly worker: Worker;
  readonly rounds: Int32Array;
  readonly box: Float64Array;
}

/** Starts a Worker with a task; resolves when it is attached. */
async function start(arena: Arena, task: Task["do"]): Promise<Helper> {
  const worker = new Worker(new URL("./regression-worker.ts", import.meta.url));
  const rounds = new Int32Array(new SharedArrayBuffer(16));
  const box = new Float64Array(new SharedArrayBuffer(8));
  await new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ do: task, handle: arena.handle, rounds, box } satisfies Task);
  });
  return { worker, rounds, box };
}

/** The process may open few files only: this uses them up. */
async function withoutDescriptors(): Promise<void> {
  const arena = new Arena();
  const { worker } = await start(arena, "hold");
  const open: number[] = [];
  const full = refusal(() => {
    for (;;) open.push(openSync("/dev/null", "r"));
  });
  const { workers } = arena.stats();
  const refused = refusal(() => arena.dispose());
  arena.trim();
  for (const descriptor of open) closeSync(descriptor);
  require(full.code === "EMFILE" && open.length < 1000, `the limit on files does not hold: ${full}`);
  require(workers === 2, `workers: ${workers}`);
  require(refused instanceof ArenaError && refused.code === "busy", `dispose: ${refused}`);
  arena.check();
  worker.terminate();
  while (arena.stats().workers > 1) await Bun.sleep(5);
  arena.dispose();
}

/** A realloc that copies 8 MiB out of their mapping, and a free of the same block at some time in between. */
async function reallocAgainstFree(): Promise<void> {
  const arena = new Arena({ largeThreshold: 2 ** 19 });
  const { rounds, box } = await start(arena, "free");
  const counts = { realloc: 0, free: 0 };
  for (let round = 1; round <= 200; round++) {
    const block = arena.malloc(2 ** 23);
    bytesAt(block, 2 ** 23).fill(round);
    box[0] = block;
    Atomics.store(rounds, 0, round);
    Atomics.notify(rounds, 0);
    let moved: number | undefined;
    try {
      moved = arena.realloc(block, 400_000);
    } catch (error) {
      require(error instanceof InvalidPointerError, String(error));
    }
    while (Atomics.load(rounds, 1) < round) Atomics.wait(rounds, 1, round - 1);
    require((moved !== undefined) !== (rounds[2] === 1), `round ${round}: not exactly one of them succeeded`);
    counts[moved === undefined ? "free" : "realloc"]++;
    if (moved === undefined) continue;
    require(bytesAt(moved, 400_000).every((byte) => byte === (round & 0xff)), `round ${round}: other bytes`);
    arena.free(moved);
  }
  box[0] = 0;
  Atomics.add(rounds, 0, 1);
  Atomics.notify(rounds, 0);
  require(arena.stats().liveBlocks === 1, `blocks are left: ${arena.stats().liveBlocks}`);
  arena.check();
}

/** Every call of the allocator at every distance from the end of the stack. */
function stackOverflow(): void {
  const arena = new Arena({ largeThreshold: 2 ** 19 });
  const dive = (left: number, act: () => unknown): number => {
    // The addition keeps this from being a tail call.
    if (left > 0) return 1 + dive(left - 1, act);
    act();
    return 0;
  };
  const reaches = (depth: number): boolean => {
    try {
      return dive(depth, () => {}) === depth;
    } catch {
      return false;
    }
  };
  const deepest = (): number => {
    let [least, most] = [100, 1_000_000];
    while (most - least > 1) {
      const middle = (least + most) >>> 1;
      if (reaches(middle)) least = middle;
      else most = middle;
    }
    return least;
  };
  const sizeOf = (turn: number) => 600 + ((turn * 16) % 30_000);
  const calls: Record<string, (turn: number) => () => unknown> = {
    malloc: (turn) => () => arena.malloc(sizeOf(turn)),
    "malloc, not cached": () => () => arena.malloc(50_000),
    "malloc, large": () => () => arena.malloc(2 ** 20),
    calloc: (turn) => () => arena.calloc(1, sizeOf(turn)),
    alignedAlloc: (turn) => () => arena.alignedAlloc(4096, sizeOf(turn)),
    free: (turn) => withBlock(sizeOf(turn), (block) => arena.free(block)),
    "free, not cached": () => withBlock(50_000, (block) => arena.free(block)),
    "free, large": () => withBlock(2 ** 20, (block) => arena.free(block)),
    "realloc, moving": (turn) => withBlock(100 + turn, (block) => arena.realloc(block, sizeOf(turn))),
    "realloc, in place": (turn) => withBlock(50_000, (block) => arena.realloc(block, 50_000 + turn * 16)),
    "realloc, shrinking": () => withBlock(90_000, (block) => arena.realloc(block, 50_000)),
    "realloc, remapping": () => withBlock(2 ** 20, (block) => arena.realloc(block, 2 ** 21)),
    "realloc, from large to small": () => withBlock(2 ** 20, (block) => arena.realloc(block, 1000)),
    trim: () => () => arena.trim(),
    stats: () => () => arena.stats(),
    blocks: () => () => arena.blocks(),
    check: () => () => arena.check(),
    reclaim: () => () => arena.reclaim(arena.owner - 256),
  };
  function withBlock(size: number, act: (block: number) => unknown): () => unknown {
    const block = arena.malloc(size);
    return () => act(block);
  }
  // Others would wait as long as this Worker lives.
  const words = new Int32Array(bytesAt(arena.handle.address, (LOCK_WORD + 1) * 4).buffer);
  let overflows = 0;
  for (const [name, call] of Object.entries(calls)) {
    const most = deepest();
    for (let distance = -5; distance < 130; distance++) {
      const act = call(distance + 5);
      try {
        dive(most - distance, act);
      } catch (error) {
        require(error instanceof RangeError, `${name} at ${distance}: ${error}`);
        overflows++;
      }
      require(words[LOCK_WORD] === 0, `after ${name} at ${distance} the lock is held`);
      try {
        arena.check();
      } catch (error) {
        throw new Error(`after ${name} at ${distance}: ${error}`);
      }
    }
  }
  require(overflows > 100, `the stack overflowed ${overflows} times only`);
  // A block whose free or realloc was cut short is in use or free, not in between.
  for (const { pointer } of arena.blocks()) arena.free(pointer);
  arena.trim();
  const { liveBlocks, cachedBlocks, committedBytes } = arena.stats();
  require(liveBlocks + cachedBlocks + committedBytes ===
    0, `left: ${liveBlocks}, ${cachedBlocks}, ${committedBytes}`);
  arena.dispose();
}

function zeroedHeader(): void {
  for (const call of ["stats", "blocks", "check"] as const) {
    const arena = new Arena();
    const [block] = [arena.malloc(100), arena.malloc(100)];
    bytesAt(block! - 8, 8).fill(0);
    const { code } = refusal(() => arena[call]());
    require(code === "corrupt-block", `${call}: ${code}`);
    arena.free(arena.malloc(1000));
    arena.dispose();
  }
}

async function terminatedWhileAttaching(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) {
    const arena = new Arena();
    const { worker } = await start(arena, "attach");
    await Bun.sleep(1 + (turn % 8));
    worker.terminate();
    const deadline = performance.now() + 3000;
    for (;;) {
      try {
        arena.dispose();
        break;
      } catch (error) {
        require(error instanceof ArenaError && error.code === "busy", String(error));
        require(performance.now() < deadline, `turn ${turn}: the arena cannot be disposed: ${error}`);
        await Bun.sleep(5);
      }
    }
  }
}

/** The package loaded twice in one Worker: two attachments, one slot. */
async function workOnOneSlot(copy: typeof import("../../src/index.ts")): Promise<void> {
  const original = await import("../../src/index.ts");
  require(copy.heap !== original.heap, "the copy is the same module");
  const arenas = [original.heap, copy.heap];
  copy.malloc(10);
  // Behind the end of the copy's view, on the list that the two share.
  const far = Array.from({ length: 2000 }, () => original.malloc(20_000));
  original.free(far.pop()!);
  far.push(copy.malloc(20_000), copy.malloc(20_000));
  for (const pointer of far) copy.free(pointer);

  let state = 12345;
  const draw = (bound: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % bound;
  };
  const live: number[] = [];
  for (let step = 0; step < 60_000; step++) {
    const arena = arenas[draw(2)]!;
    // Growing for a while, so that each sees blocks behind its view, then shrinking.
    if (draw(100) < (step % 20_000 < 10_000 ? 60 : 40)) live.push(arena.malloc(draw(10) ** 4 * 5));
    else if (live.length > 0) arena.free(live.splice(draw(live.length), 1)[0]!);
    if (live.length > 0 && draw(10) === 0) live.push(arena.realloc(live.pop()!, draw(20_000)));
  }
  require(new Set(live).size === live.length, "a block was given twice");
  for (const arena of arenas) arena.check();
  require(copy.heap.stats().workers === 1, "the two count as two Workers");
  copy.heap.detach();
  for (const pointer of live) original.free(pointer);
  original.heap.check();
  require(original.heap.stats().liveBlocks === 1, "blocks are left");
}

const twoCopies = () => withCopy(() => {}, workOnOneSlot);

/** Runs with a copy of the package, whose files `change` may rewrite. */
async function withCopy(
  change: (folder: string) => void,
  act: (copy: typeof import("../../src/index.ts")) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "husky-copy-"));
  try {
    for (const part of ["src", "native"]) {
      cpSync(new URL(`../../${part}`, import.meta.url).pathname, join(folder, part), { recursive: true });
    }
    change(folder);
    await act(await import(join(folder, "src/index.ts")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Two versions of the package, whose memory is laid out in different ways, in one process. */
function twoVersions(): Promise<void> {
  const raise = (folder: string) => {
    const file = join(folder, "src/memory/layout.ts");
    const text = readFileSync(file, "utf8");
    const raised = text.replace(
      /export const VERSION = (\d+);/,
      (_, number) => `export const VERSION = ${+number + 1};`,
    );
    require(raised !== text, "the version was not found");
    writeFileSync(file, raised);
  };
  return withCopy(raise, async (copy) => {
    const original = await import("../../src/index.ts");
    const [mine, other] = [original.malloc(100), copy.malloc(100)];
    require(original.heap.handle.address !== copy.heap.handle.address, "one heap for two layouts");
    const refuses = (code: string, act: () => unknown) => {
      try {
        act();
      } catch (error) {
        require((error as { code?: string }).code === code, `${code} expected, got ${error}`);
        return String(error);
      }
      throw new Error(`no ${code}`);
    };
    refuses("foreign-pointer", () => original.free(other));
    refuses("foreign-pointer", () => copy.free(mine));
    for (const [from, to] of [
      [original, copy],
      [copy, original],
    ] as const) {
      using arena = new from.Arena();
      const message = refuses("bad-handle", () => to.Arena.attach(arena.handle));
      const { version } = arena.handle;
      require(message.includes(`layout version ${version}`), message);
      refuses("bad-handle", () => to.Arena.attach(from.heap.handle));
    }
    original.free(mine);
    copy.free(other);
    for (const { heap } of [original, copy]) heap.check();
  });
}

/** An arena that two copies of the package use in one Worker: who is in the way of its end is named. */
function copiesInTheWay(): Promise<void> {
  return withCopy(
    () => {},
    async (copy) => {
      const { Arena } = await import("../../src/index.ts");
      const arena = new Arena();
      const guest = copy.Arena.attach(arena.handle);
      guest.free(guest.malloc(10));
      let message = "";
      try {
        arena.dispose();
      } catch (error) {
        message = String(error);
      }
      require(message.includes("another copy of the package in this Worker is attached"), message);
      require(!message.includes("other Workers"), message);
      guest.dispose();
      arena.dispose();
    },
  );
}

const cases: Record<string, () => void | Promise<void>> = {
  withoutDescriptors,
  reallocAgainstFree,
  stackOverflow,
  zeroedHeader,
  terminatedWhileAttaching,
  twoCopies,
  twoVersions,
  copiesInTheWay,
};

await cases[process.argv[2]!]!();
process.exit(0);
