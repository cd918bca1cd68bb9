/**
 * Random operations on blocks by several Workers: each allocates, writes, resizes, hands over, adopts and disposes, and looks at
 * views of what it has given up. Use after release must read nothing, and never another's data.
 *
 *   bun test/api/storm.ts [operations] [seed]
 *
 * Prints what was done; exit code 1 and the command that repeats it if something was wrong.
 */
import { Arena, type Block, type BlockHandle } from "../../src/index.ts";

declare const self: Worker;

const WORKERS = 4;
const KEPT = 40;

interface Task {
  readonly arena: Arena["handle"];
  readonly operations: number;
  readonly seed: number;
  readonly number: number;
}

export interface Storm {
  operations: number;
  adopted: number;
  refused: number;
  stale: number;
}

interface Owned {
  readonly block: Block;
  readonly mark: number;
}

function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    return ((state >>> 8) & 0xff_ffff) % below;
  };
}

/** One Worker's part. A handle that it sends goes to two others: one of them gets the block. */
function work(task: Task, send: (handle: BlockHandle) => void, inbox: BlockHandle[]): Storm {
  const arena = Arena.attach(task.arena);
  const next = random(task.seed + task.number * 7919);
  const owned: Owned[] = [];
  const stale: Uint8Array[] = [];
  const count: Storm = { operations: 0, adopted: 0, refused: 0, stale: 0 };
  const giveUp = ({ block }: Owned, act: (block: Block) => void) => {
    const { bytes } = block;
    act(block);
    stale[next(KEPT)] = bytes;
  };
  const check = ({ block, mark }: Owned) => {
    const { bytes } = block;
    if (bytes.length > 0 && (bytes[0] !== mark || bytes[bytes.length - 1] !== mark))
      throw new Error(`a block of ${bytes.length} bytes holds ${bytes[0]} instead of ${mark}`);
  };
  for (; count.operations < task.operations; count.operations++) {
    const kind = next(10);
    const at = next(Math.max(owned.length, 1));
    const one = owned[at];
    const old = stale[next(KEPT)];
    if (old !== undefined) {
      count.stale++;
      old[0] = 255;
      if (old.length !== 0 || old[0] !== undefined) throw new Error("a view of what was given up has bytes");
    }
    if (inbox.length > 0) {
      try {
        const block = arena.adopt(inbox.pop()!);
        const mark = block.bytes[0] ?? 0;
        count.adopted++;
        owned.push({ block, mark });
        check(owned.at(-1)!);
      } catch (error) {
        if ((error as { code?: string }).code !== "bad-handle") throw error;
        count.refused++;
      }
    } else if (one === undefined || (kind < 4 && owned.length < KEPT)) {
      const block = arena.allocate(1 + next(kind === 0 ? 20_000 : 600));
      const mark = 1 + next(250);
      block.bytes.fill(mark);
      owned.push({ block, mark });
    } else if (kind < 6) {
      check(one);
      giveUp(one, (block) => block.dispose());
      owned.splice(at, 1);
    } else if (kind < 7) {
      giveUp(one, (block) => block.resize(1 + next(3000)));
      one.block.bytes.fill(one.mark);
    } else if (kind < 8) {
      check(one);
      giveUp(one, (block) => send(block.handle));
      owned.splice(at, 1);
    } else check(one);
  }
  for (const one of owned) {
    check(one);
    one.block.dispose();
  }
  return count;
}

/** All operations, over the Workers. Throws what one of them has found. */
export async function storm(operations: number, seed: number): Promise<Storm> {
  using arena = new Arena({ name: "storm" });
  const total: Storm = { operations: 0, adopted: 0, refused: 0, stale: 0 };
  const each = Math.ceil(operations / WORKERS);
  const workers = Array.from({ length: WORKERS }, () => new Worker(import.meta.url));
  const ended = workers.map(
    (worker, number) =>
      new Promise<void>((resolve, reject) => {
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = ({
          data,
        }: MessageEvent<{ handle?: BlockHandle; done?: Storm; error?: string }>) => {
          if (data.error !== undefined) reject(new Error(data.error));
          else if (data.handle !== undefined)
            for (const step of [1, 2])
              workers[(number + step) % WORKERS]!.postMessage({ handle: data.handle });
          else {
            for (const key of Object.keys(total) as (keyof Storm)[]) total[key] += data.done![key];
            resolve();
          }
        };
      }),
  );
  const { handle } = arena;
  for (const [number, worker] of workers.entries())
    worker.postMessage({ task: { arena: handle, operations: each, seed, number } });
  try {
    await Promise.all(ended);
  } finally {
    const closed = workers.map(
      (worker) => new Promise((resolve) => worker.addEventListener("close", resolve)),
    );
    for (const worker of workers) worker.terminate();
    await Promise.all(closed);
  }
  arena.check();
  return total;
}

/** In slices, so that messages come in between. */
function serve(): void {
  const inbox: BlockHandle[] = [];
  self.onmessage = async ({ data }: MessageEvent<{ task?: Task; handle?: BlockHandle }>) => {
    if (data.handle !== undefined) inbox.push(data.handle);
    if (data.task === undefined) return;
    const { task } = data;
    const total: Storm = { operations: 0, adopted: 0, refused: 0, stale: 0 };
    try {
      for (let slice = 0; total.operations < task.operations; slice++) {
        const operations = Math.min(2000, task.operations - total.operations);
        const part = work(
          { ...task, operations, seed: task.seed + slice * 104_729 },
          (handle) => postMessage({ handle }),
          inbox,
        );
        for (const key of Object.keys(total) as (keyof Storm)[]) total[key] += part[key];
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      postMessage({ done: total });
    } catch (error) {
      postMessage({ error: String(error) });
    }
  };
}

if (!Bun.isMainThread) serve();
else if (import.meta.main) {
  const [operations = 1_000_000, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
  try {
    console.log(await storm(operations, seed));
  } catch (error) {
    console.error(`${error}\nagain: bun test/api/storm.ts ${operations} ${seed}`);
    process.exit(1);
  }
}
