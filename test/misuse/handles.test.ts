/** Rows 138 to 142: handles that are no handles, and handles of what is not there. */
import { expect, test } from "bun:test";
import { addressOf, bytesAt } from "../../native/raw-memory.ts";
import { Arena, type ArenaHandle, heap } from "../../src/index.ts";
import { CONTROL_AREA, ControlWord, VERSION } from "../../src/memory/layout.ts";
import { Hand, TaskError, withCrew } from "./crew.ts";
import { attachAndUse, attachDetached, attachOnly } from "./handle-tasks.ts";
import { refusesArena, thrownBy, withArena, worksOn } from "./harness.ts";

const TASKS = new URL("./handle-tasks.ts", import.meta.url).href;

/** The code of what a task threw. */
async function codeOf(answer: Promise<unknown>): Promise<string> {
  try {
    return `no error, ${String(await answer)}`;
  } catch (error) {
    expect(error).toBeInstanceOf(TaskError);
    return (error as TaskError).code ?? (error as TaskError).errorName;
  }
}

test("138 forged handle of another shape", () => {
  withArena((arena) => {
    const { handle } = arena;
    const { name: _, ...noName } = handle;
    const forged: unknown[] = [
      undefined,
      null,
      5,
      Number.NaN,
      -1,
      "handle",
      5n,
      true,
      Symbol("h"),
      {},
      [],
      [handle],
    ];
    forged.push(noName, { ...handle, more: 1 }, { ...handle, name: 5 }, { ...handle, address: "1" });
    forged.push({ ...handle, id: 1n }, { ...handle, version: null }, () => handle);
    for (const value of forged) {
      const error = thrownBy(() => Arena.attach(value as ArenaHandle));
      expect(error.constructor).toBe(TypeError);
      expect(error.message).toContain("`handle`");
    }
    expect(arena.stats().workers).toBe(1);
    worksOn(arena);
  });
});

test("139 forged handle of the right shape: the address is not read", () => {
  withArena((arena) => {
    const { handle } = arena;
    const array = new Uint8Array(4096);
    const inside = [handle.address + 8, handle.address + 4096, arena.malloc(8)];
    const odd = [0, 1, 3, -4096, 0.5, Number.NaN, Infinity, 2 ** 40 + 1, 2 ** 62, addressOf(array)];
    for (const address of [...odd, ...inside]) {
      const error = refusesArena(() => Arena.attach({ ...handle, id: handle.id + 1, address }), "bad-handle");
      expect(error.message.length).toBeGreaterThan(10);
      refusesArena(() => Arena.attach({ ...handle, address }), "bad-handle");
    }
    worksOn(arena);
  });
});

test("140 wrong layout version in the handle: bad-handle, the message says which", () => {
  withArena((arena) => {
    for (const version of [0, VERSION + 1, -1, 1.5]) {
      const error = refusesArena(() => Arena.attach({ ...arena.handle, version }), "bad-handle");
      expect(error.message).toContain(`version ${version}`);
    }
  });
});

test("140 wrong magic, version, layout or page size in memory: bad-handle, the message says which", async () => {
  const arena = new Arena();
  const { handle } = arena;
  const words = new Int32Array(bytesAt(handle.address + CONTROL_AREA * 4, 64).buffer);
  const fields: [field: number, named: RegExp][] = [
    [ControlWord.magic, /magic/],
    [ControlWord.version, /version/],
    [ControlWord.layout, /layout/],
    [ControlWord.pageSize, /page size/],
  ];
  await withCrew(TASKS, 1, async (hand) => {
    for (const [field, named] of fields) {
      words[field]! ^= 1;
      const error = await hand.run(attachAndUse, handle).catch((thrown) => thrown);
      words[field]! ^= 1;
      expect(error).toBeInstanceOf(TaskError);
      expect(error.code).toBe("bad-handle");
      expect(error.message).toMatch(named);
    }
    expect(await hand.run(attachAndUse, handle)).toBe(2);
  });
  worksOn(arena);
  arena.dispose();
});

test("141 handle of another process, or of an arena whose address is used anew", async () => {
  withArena((arena) => {
    const { handle } = arena;
    refusesArena(() => Arena.attach({ ...handle, id: handle.id + 1 }), "bad-handle", "disposed");
    refusesArena(() => Arena.attach({ ...handle, id: 0 }), "bad-handle", "disposed");
    refusesArena(() => Arena.attach({ ...heap.handle, id: 1, name: "heap" }), "bad-handle", "disposed");
  });
  const source = 'import { Arena } from "./src/index.ts"; console.log(JSON.stringify(new Arena().handle));';
  const child = Bun.spawnSync([process.execPath, "-e", source], {
    cwd: new URL("../..", import.meta.url).pathname,
  });
  const foreign = JSON.parse(child.stdout.toString()) as ArenaHandle;
  refusesArena(() => Arena.attach(foreign), "bad-handle");
});

test("142 attach to a disposed arena, from another Worker", async () => {
  await withCrew(TASKS, 1, async (hand) => {
    const arena = new Arena();
    const { handle } = arena;
    arena.dispose();
    expect(await codeOf(hand.run(attachOnly, handle))).toBe("disposed");
  });
});

test("142 attach to a disposed arena, from a Worker that had left it", async () => {
  await withCrew(TASKS, 1, async (hand) => {
    const arena = new Arena();
    const { handle } = arena;
    await hand.run(attachDetached, handle);
    arena.dispose();
    expect(await codeOf(hand.run(attachOnly, handle))).toBe("disposed");
  });
});

test("142 attach to an arena being disposed: attached, or disposed, never a fault", async () => {
  const hand = await Hand.hire(TASKS);
  const TURNS = 300;
  const seen = new Set<string>();
  for (let turn = 0; turn < TURNS; turn++) {
    const arena = new Arena();
    const answer = codeOf(hand.run(attachAndUse, arena.handle));
    const until = Bun.nanoseconds() + 5_000 * (turn % 60);
    while (Bun.nanoseconds() < until);
    const limit = Bun.nanoseconds() + 10e9;
    for (;;) {
      try {
        arena.dispose();
        break;
      } catch (error) {
        expect(error).toMatchObject({ name: "ArenaError", code: "busy" });
        expect(Bun.nanoseconds()).toBeLessThan(limit);
        await Bun.sleep(0);
      }
    }
    seen.add(await answer);
  }
  await hand.terminate();
  for (const answer of seen) expect(["no error, 2", "disposed", "bad-handle"]).toContain(answer);
  worksOn(heap);
});
