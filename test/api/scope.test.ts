/** Scopes: what was allocated through one is gone at its end, whatever happened in between. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Arena, type Block, type Pointer, type Scope } from "../../src/index.ts";

test("all of it is freed, also when an exception passes", () => {
  using arena = new Arena();
  const outside = arena.malloc(10);
  let block: Block | undefined;
  const work = (fails: boolean) => {
    using scope = arena.scope();
    scope.malloc(100);
    scope.calloc(2, 50);
    scope.alignedAlloc(64, 100);
    scope.cstring("text");
    scope.free(scope.malloc(5000));
    scope.realloc(scope.malloc(10), 20_000);
    scope.realloc(null, 30);
    block = scope.allocate(64, { zero: true });
    scope.allocate(32).dispose();
    if (fails) throw new Error("in between");
  };
  work(false);
  expect(arena.stats().liveBlocks).toBe(1);
  expect(block!.disposed).toBe(true);
  expect(() => work(true)).toThrow("in between");
  expect(arena.stats().liveBlocks).toBe(1);
  arena.free(outside);
  arena.check();
});

test("a block that was handed over outlives the scope", () => {
  using arena = new Arena();
  let handle: Block["handle"] | undefined;
  {
    using scope = arena.scope();
    const block = scope.allocate(16);
    block.bytes.fill(6);
    ({ handle } = block);
  }
  using adopted = arena.adopt(handle!);
  expect(adopted.bytes[15]).toBe(6);
});

test("what cannot be freed any more is told of, after all else was freed", () => {
  using arena = new Arena();
  const scope = arena.scope();
  const pointers = [10, 20, 30].map((size) => scope.malloc(size));
  arena.free(pointers[1]!);
  expect(() => scope.dispose()).toThrow("double-free");
  expect(arena.stats().liveBlocks).toBe(0);
  scope.dispose();
});

test("what the arena's reset has freed is not freed again at the end", () => {
  using arena = new Arena();
  const scope = arena.scope();
  const old = [scope.malloc(100), scope.allocate(100).address];
  arena.reset();
  const others = Array.from({ length: 50 }, () => arena.malloc(100));
  expect(others).toEqual(expect.arrayContaining(old));
  scope.malloc(200);
  scope.dispose();
  expect(arena.stats().liveBlocks).toBe(50);
});

test("scopes in any nesting, ended in any order", () => {
  const step = fc.record({
    kind: fc.constantFrom("open", "end", "malloc", "realloc", "free", "block"),
    pick: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      using arena = new Arena();
      const open: { scope: Scope; pointers: Pointer[]; blocks: Block[] }[] = [];
      for (const { kind, pick } of steps) {
        const at = open[pick % Math.max(open.length, 1)];
        if (kind === "open" || at === undefined)
          open.push({ scope: arena.scope(), pointers: [], blocks: [] });
        else if (kind === "end") open.splice(open.indexOf(at), 1)[0]!.scope.dispose();
        else if (kind === "malloc") at.pointers.push(at.scope.malloc(1 + (pick % 3000)));
        else if (kind === "block") at.blocks.push(at.scope.allocate(pick % 3000));
        else if (at.pointers.length > 0) {
          const [pointer] = at.pointers.splice(pick % at.pointers.length, 1);
          if (kind === "free") at.scope.free(pointer!);
          else at.pointers.push(at.scope.realloc(pointer!, 1 + (pick % 9000)));
        }
        expect(arena.stats().liveBlocks).toBe(
          open.reduce((sum, { pointers, blocks }) => sum + pointers.length + blocks.length, 0),
        );
      }
      for (const { scope } of open) scope.dispose();
      expect(arena.stats().liveBlocks).toBe(0);
      arena.check();
    }),
    { numRuns: 60 },
  );
});
