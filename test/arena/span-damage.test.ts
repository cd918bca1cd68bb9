/** The header of a segment lies in the heap like others, and is overwritten like others; what it says is known beside it. */
import { expect, test } from "bun:test";
import { SEGMENT_BYTES } from "../../src/core/tunables.ts";
import { SEGMENT_WORDS, SegmentKind, SegmentWord } from "../../src/memory/span-table.ts";
import { locked } from "../support/locked.ts";
import { simulatedArena } from "../support/simulated-arena.ts";

test.each([
  ["its own", false],
  ["its own and that of the block before it", true],
])("a segment whose header was overwritten is one after the next repair: %s", (_, isWide) => {
  const { arena, heap } = simulatedArena();
  // Headers that stay in what becomes the segment.
  for (const pointer of Array.from({ length: 300 }, () => arena.malloc(3000))) arena.free(pointer);
  const blocks = Array.from({ length: 50 }, () => arena.malloc(1000));
  const { spans, space } = heap.windows[0]!;
  const kindOf = (group: number) => spans.segments[group * SEGMENT_WORDS + SegmentWord.kind];
  const group = Array.from({ length: spans.groups }, (_, i) => i).find(
    (i) => kindOf(i) === SegmentKind.segment,
  )!;
  const segment = (group * SEGMENT_BYTES) / 4;
  let before: number = space.first;
  while (space.next(before as never) < segment) before = space.next(before as never);
  for (const header of isWide ? [segment, before] : [segment]) space.words.fill(0x41, header - 2, header);
  expect(() => arena.check()).toThrow(expect.objectContaining({ code: "corrupt-block" }));
  // A walk of the chain under the lock finds it too, and repairs.
  locked(heap, (held) => held.repaired(new RangeError(), "test"));
  arena.check();
  const others = Array.from({ length: 100 }, () => arena.malloc(3000));
  for (const other of others)
    expect(blocks.some((block) => other < block + 1000 && block < other + 3000)).toBe(false);
  for (const block of [...others, ...blocks]) arena.free(block);
  arena.trim();
  expect(arena.stats().cachedBlocks).toBe(0);
  arena.check();
});
