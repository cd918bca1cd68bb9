/** The lecture's fragmentation and merge examples on every policy: how the freed memory lies, and who is served from it. */
import { expect, test } from "bun:test";
import { examples, type Outcome, shownPolicies } from "../../pictures/scenes.ts";

type Row = readonly [freedBlocks: number, answer: Outcome["answer"]];

const expected: Record<string, Record<string, Row>> = {
  fragmentation: {
    bins: [1, "the freed memory"],
    // 5000 bytes are more than a page.
    husky: [1, "a mapping of its own"],
    unordered: [1, "the freed memory"],
    "unordered:merge=deferred": [10, "the freed memory"],
    "unordered:merge=never": [10, "other memory"],
    tree: [1, "the freed memory"],
    // Ten blocks of 1 KiB from an odd place on; none of the merged ones has the 8 KiB that 5000 bytes need.
    buddy: [5, "other memory"],
    // Cells of another size come from another run.
    slabs: [10, "other memory"],
  },
  merging: {
    bins: [1, "the freed memory"],
    husky: [1, "the freed memory"],
    unordered: [1, "the freed memory"],
    "unordered:merge=deferred": [3, "the freed memory"],
    "unordered:merge=never": [3, "other memory"],
    tree: [1, "the freed memory"],
    // A has no buddy among them, B and C are buddies.
    buddy: [2, "other memory"],
    slabs: [3, "other memory"],
  },
};

for (const { name, play } of examples) {
  for (const policy of shownPolicies) {
    test(`${name}: ${policy}`, () => {
      const { freedBlocks, answer, moments } = play(policy);
      expect([freedBlocks, answer]).toEqual(expected[name]![policy]! as [number, Outcome["answer"]]);
      for (const { blocks } of moments) {
        const end = blocks.reduce((at, block) => {
          expect(block.offset).toBe(at);
          return at + block.byteLength;
        }, 0);
        expect(end).toBeGreaterThan(0);
      }
    });
  }
}
