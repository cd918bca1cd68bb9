/** Where the process's own figures come from. */
import { expect, test } from "bun:test";
import { mappingsIn } from "../../native/mappings.ts";
import { rollupBytes, trimmedAnonymous, trimmedRss } from "../../stress/report/rss.ts";

const MIB = 2 ** 20;

const rollup = `5576da282000-7fffba144000 ---p 00000000 00:00 0                          [rollup]
Rss:                1748 kB
Pss:                 423 kB
Pss_Anon:            112 kB
Anonymous:           113 kB
`;

test("rollup: whole fields only, in bytes", () => {
  expect(rollupBytes(rollup, "Rss")).toBe(1748 * 1024);
  expect(rollupBytes(rollup, "Anonymous")).toBe(113 * 1024);
  expect(rollupBytes("VmRSS: 1748 kB\n", "Rss")).toBeNull();
});

test.skipIf(process.platform !== "linux")("the process's memory is the sum of that of its mappings", () => {
  const rss = trimmedRss();
  const everywhere = mappingsIn(0, Number.MAX_SAFE_INTEGER);
  const sum = everywhere.reduce((bytes, { residentBytes }) => bytes + residentBytes, 0);
  // Between the two readings the runtime goes on.
  expect(Math.abs(rss - sum)).toBeLessThan(Math.max(4 * MIB, rss / 50));
  expect(trimmedAnonymous()).toBeWithin(1, rss);
});
