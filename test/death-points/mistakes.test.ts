/** A mistake in the order of stores is found: the library's text is changed, and Workers die at the points around it. */
import { expect, test } from "bun:test";
import { type CampaignResult, runCampaign } from "../../stress/death-points/campaign.ts";
import { makeTestBuild, removeTestBuild } from "../../stress/death-points/test-build.ts";

/** Deaths with one survivor at all points of a function, after `from` in a file was replaced by `to`. */
async function deathsIn(within: string, file: string, from: string, to: string): Promise<CampaignResult> {
  const build = await makeTestBuild((name, text) => {
    if (name !== file) return text;
    if (!text.includes(from)) throw new Error(`${file} has changed: ${from}`);
    return text.replace(from, to);
  });
  try {
    const points = build.points.filter((point) => point.within === within).map(({ number }) => number);
    expect(points.length).toBeGreaterThan(0);
    return await runCampaign(
      build,
      { seed: 1, seconds: 0, points, survivors: [1], mostFaults: 1 },
      { begins: () => {}, finds: () => {} },
    );
  } finally {
    removeTestBuild(build);
  }
}

const SPACE = "src/memory/space.ts";
const REST = "    words[rest - 2] = restWord0;\n";

test("split shrinks the header before the remainder is written", async () => {
  const early = `    words[block - 2] = (granules << 4) | (word0 & PREVIOUS_FREE);\n    granulesOf(word0);\n${REST}`;
  const { found } = await deathsIn("BlockSpace.split", SPACE, REST, early);
  expect(found.length).toBe(1);
});

test("the claims of the dead are forgotten", async () => {
  const { found } = await deathsIn(
    "Attachment.freeBlock",
    "src/death/recovery.ts",
    "if (freeing !== 0) space.disown(freeing);",
    "",
  );
  expect(found.map(({ fault }) => fault.kind)).toEqual(["leak"]);
});

test("the lists of the dead stay", async () => {
  const { found } = await deathsIn(
    "releaseList",
    "src/death/recovery.ts",
    "    space.words.fill(0, from, from + LIST_WORDS);\n",
    "",
  );
  expect(found.length).toBe(1);
});

test("a dead owner of the lock is taken for alive", async () => {
  const { found } = await deathsIn(
    "Heap.handOut",
    "src/heap/slots.ts",
    "return this.tokenOf(slot) === token && this.lives(slot);",
    "return this.tokenOf(slot) === token || this.lives(slot);",
  );
  expect(found.map(({ fault }) => fault.kind)).toEqual(["hang"]);
});

test("a header is changed without a note of its block", async () => {
  const { found } = await deathsIn(
    "BlockSpace.extend",
    SPACE,
    "    words[WindowWord.changing] = block;\n",
    "",
  );
  expect(found.length).toBe(1);
});

test("a claim is settled before the header of its block fits", async () => {
  const { found } = await deathsIn(
    "BlockSpace.extend",
    "src/death/recovery.ts",
    "    part.space.settleChange();\n    clearCaches(heap, part, lost);\n",
    "    clearCaches(heap, part, lost);\n    part.space.settleChange();\n",
  );
  expect(found.length).toBe(1);
});

test("units of a segment that was not finished stay", async () => {
  const { found } = await deathsIn(
    "makeSegment",
    "src/heap/orphans.ts",
    "if (kind !== SegmentKind.segment) segments[group * SEGMENT_WORDS + SegmentWord.freeUnits] = 0;",
    "",
  );
  expect(found.length).toBe(1);
});

test("a span exists before it is known how long it is", async () => {
  const { found } = await deathsIn(
    "cutIn",
    "src/heap/segments.ts",
    "  records.fill(0, record, record + RECORD_WORDS);\n",
    "  Atomics.store(map, span, cls | (heap.slot << OWNER_SHIFT) | IS_SPAN);\n  records.fill(0, record, record + RECORD_WORDS);\n",
  );
  expect(found.length).toBe(1);
});

test("whose blocks an adopted span holds is forgotten before they are marked", async () => {
  const { found } = await deathsIn(
    "adoptIn",
    "src/heap/orphans.ts",
    "      markFormer(spans, span, former);\n      setLastOwner(spans, span, 0);\n",
    "      setLastOwner(spans, span, 0);\n      markFormer(spans, span, former);\n",
  );
  // Lost, or found by a check before that.
  expect(found.map(({ fault }) => fault.kind === "lost" || fault.kind === "crash")).toEqual([true]);
});
