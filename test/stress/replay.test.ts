import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseRecording } from "../../stress/recordings/read.ts";
import { createReplayOrder } from "../../stress/workloads/replay-order.ts";
import { runStress } from "./run-stress.ts";

/** Three threads; every block changes hands, one twice; one is live at the end; an address is used again. */
const handovers = `1: malloc 0x10 100
2: realloc 0x20 0x10 5000
3: free 0x20
2: calloc 0x10 3 7
3: memalign 0x30 64 1000
1: free 0x30
1: realloc 0x40 0x10 0
3: realloc 0x50 0x40 70000
2: free 0x0
2: malloc 0x10 1
1: free 0x50
3: thread_done 0x0
`;
const OPERATIONS = 11;

const recording = parseRecording(new TextEncoder().encode(handovers), "handovers.txt");

test("order: each operation knows its place among those on its block", () => {
  const { ordinal, handsOver } = createReplayOrder(recording);
  expect([...ordinal]).toEqual([0, 1, 2, 0, 0, 1, 1, 2, 0, 0, 3, 0]);
  expect([...handsOver]).toEqual([1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0]);
});

for (const workers of [1, 2, 4, 7]) {
  test(`handovers on ${workers} Workers: whole turns of every group, nothing live`, async () => {
    const file = join(mkdtempSync(join(tmpdir(), "stress-")), "handovers.txt");
    writeFileSync(file, handovers);
    const args = [
      "--allocator",
      "libc",
      "--trace",
      file,
      "--seconds",
      "0.3",
      "--workers",
      `${workers}`,
      "--json",
      "-",
    ];
    const { code, stdout, stderr } = await runStress("replay", ...args);
    expect(stderr).toContain("passed");
    expect(code).toBe(0);
    const { label, operations, turns } = JSON.parse(stdout).session.runs[0];
    expect(label).toBe("replay handovers");
    expect(turns).toBeGreaterThanOrEqual(Math.ceil(workers / 3));
    // One block is live at the end and freed by replay itself.
    expect(operations).toBe(turns * (OPERATIONS + 1));
  });
}

test("committed-recordings: at least three, each at least once through", async () => {
  const { code, stdout } = await runStress(
    "replay",
    "--allocator",
    "libc",
    "--seconds",
    "0.3",
    "--json",
    "-",
  );
  expect(code).toBe(0);
  const { runs } = JSON.parse(stdout).session;
  expect(runs.length).toBeGreaterThanOrEqual(3);
  for (const { turns } of runs) expect(turns).toBeGreaterThanOrEqual(1);
});

test("peak-live: as large as the recording says", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "stress-")), "large.rep");
  writeFileSync(file, ["1", "2", "4", "0", "a 0 3000000", "a 1 2000000", "f 0", "f 1"].join("\n"));
  const { stdout } = await runStress(
    "replay",
    "--allocator",
    "libc",
    "--trace",
    file,
    "--workers",
    "1",
    "--seconds",
    "1",
    "--json",
    "-",
  );
  expect(JSON.parse(stdout).session.runs[0].peakLiveBytes).toBe(5_000_000);
});
