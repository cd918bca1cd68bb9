/** `bun run bench:recordings`: a pass is what was recorded, and the command runs, quick, on a tiny recording. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { compile, packPasses, unpackPasses } from "../../bench/recordings/pass.ts";
import { addressesFor, insistent, playerOf } from "../../bench/recordings/player.ts";
import { plotRecordings } from "../../bench/report/plot.ts";
import { type RecordingsResults, recordingsTargets } from "../../bench/report/recordings.ts";
import { describeRecordings, recordingsMarkdown } from "../../bench/report/recordings-tables.ts";
import type { Cell } from "../../bench/report/results.ts";
import type { Target } from "../../bench/report/targets.ts";
import { Operation, parseRecording, type Recording } from "../../stress/recordings/index.ts";
import { randomRecording } from "../recordings/random-recording.ts";
import { runScript } from "./run-bench.ts";
import { type Call, Witness } from "./witness.ts";

const folder = mkdtempSync(join(tmpdir(), "husky-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const TINY = `
1: malloc 0x10 100
1: calloc 0x20 3 7
2: realloc 0x30 0x0 50
2: free 0x0
1: realloc 0x40 0x10 300
1: realloc 0x40 0x40 200
2: free 0x20
2: thread_done 0x0
1: memalign 0x50 64 640
1: malloc 0x20 0
1: free 0x40
`;
const tiny = parseRecording(new TextEncoder().encode(TINY), "tiny.txt");
const tinyFile = join(folder, "tiny.txt");
await Bun.write(tinyFile, TINY);

/** What a pass calls, and what is live when it ends. */
function played(recording: Recording, most?: number, touch = false): Witness {
  const witness = new Witness();
  const pass = compile(recording, most);
  const addresses = addressesFor(pass);
  playerOf(witness, touch)(pass, addresses);
  expect(witness.live.size).toBe(0);
  expect(addresses.every((address) => address === 0)).toBe(true);
  return witness;
}

/** The calls of the first `most` operations, by the recording alone, and the frees of what is live then. */
function recorded(recording: Recording, most = recording.length): readonly Call[] {
  const witness = new Witness();
  const addresses = new Map<number, number>();
  for (let i = 0; i < Math.min(most, recording.length); i++) {
    const [block, size] = [recording.block[i]!, recording.size[i]!];
    const kind = recording.operation[i];
    const address = addresses.get(block) ?? 0;
    if (kind === Operation.malloc) addresses.set(block, witness.malloc(size));
    else if (kind === Operation.calloc) addresses.set(block, witness.calloc(1, size));
    else if (kind === Operation.realloc) addresses.set(block, witness.realloc(address, size));
    else if (kind === Operation.alignedAlloc)
      addresses.set(block, witness.alignedAlloc(recording.alignment[i]!, size));
    else if (kind === Operation.free) {
      witness.free(address);
      addresses.delete(block);
    }
  }
  for (const [, address] of [...addresses].sort(([a], [b]) => a - b)) witness.free(address);
  return witness.calls;
}

test("a pass makes the recorded calls on the recorded blocks, and frees the rest", () => {
  const { calls } = played(tiny);
  expect(calls).toEqual(recorded(tiny) as Call[]);
  expect(calls.map(([name]) => name).join(" ")).toBe(
    "malloc calloc realloc free realloc realloc free alignedAlloc malloc free free free free",
  );
  expect(compile(tiny).length).toBe(calls.length);
  // Four of five blocks are live at once, and there is slot 0.
  expect(compile(tiny).slots).toBe(5);
});

/** Within what a pass replays. */
const modest = randomRecording.map((recording) => ({
  ...recording,
  size: recording.size.map((size) => size % 2 ** 31),
  alignment: recording.alignment.map((alignment) => Math.min(alignment, 2 ** 30)),
}));

test("any recording, whole and cut short", () => {
  fc.assert(
    fc.property(modest, fc.integer({ min: 1, max: 60 }), (recording, most) => {
      expect(played(recording).calls).toEqual(recorded(recording) as Call[]);
      expect(played(recording, most).calls).toEqual(recorded(recording, most) as Call[]);
    }),
  );
});

test("--touch writes each byte that a call has added, once", () => {
  const { calls } = played(tiny, undefined, true);
  const written = calls.filter(([name]) => name === "fill").map(([, , size]) => size);
  expect(written).toEqual([100, 21, 50, 200, 0, 640, 0]);
});

test("passes go through a file unchanged", () => {
  const passes = { warm: compile(tiny), cold: compile(tiny, 3) };
  expect(unpackPasses(packPasses(passes))).toEqual(passes);
});

test("a request beyond 32 bits is refused by name", () => {
  const large = parseRecording(new TextEncoder().encode(`1: malloc 0x10 ${2 ** 31}`), "large.txt");
  expect(() => compile(large)).toThrow("large: operation 0 asks for 2147483648 bytes");
});

test("an allocator that refuses a request is found out", () => {
  const pass = compile(tiny);
  const refusing = insistent({ ...new Witness(), calloc: () => 0 });
  expect(() => playerOf(refusing, false)(pass, addressesFor(pass))).toThrow("21 bytes was refused");
});

const time = (ns: number): Cell => ({ ns, rounds: [ns] });
const rowsOf = (...rows: Record<string, Cell>[]) =>
  rows.map((cells, index) => ({ name: `r${index}`, unit: "operation", workers: 0, cells }));
const absent = { reason: "not installed" };

const made: RecordingsResults = {
  command: "bun run bench:recordings",
  rounds: 1,
  touch: false,
  firstOperations: 1000,
  versions: { bun: "1.2.3" },
  machine: { processor: "P", cores: 2, system: "linux" },
  contenders: [
    { name: "husky", kind: "husky", version: "0.1.0" },
    { name: "mimalloc", kind: "ffi", version: "2.0.9" },
    { name: "tcmalloc", kind: "ffi", version: "2.10" },
    { name: "jemalloc", kind: "ffi", version: null, missing: "not installed" },
    { name: "empty", kind: "empty", version: "1.2.3" },
  ],
  recordings: [
    { name: "r0", operations: 5000, coldOperations: 1000 },
    { name: "r1", operations: 5000, coldOperations: 1000 },
  ],
  warm: rowsOf(
    { husky: time(5), mimalloc: time(10), tcmalloc: time(20), jemalloc: absent, empty: time(1) },
    { husky: time(20), mimalloc: time(20), tcmalloc: time(10), jemalloc: absent, empty: time(1) },
  ),
  cold: rowsOf(
    { husky: time(3000), mimalloc: time(1000), tcmalloc: time(500), jemalloc: absent, empty: time(100) },
    { husky: time(1000), mimalloc: time(3000), tcmalloc: time(500), jemalloc: absent, empty: time(100) },
  ),
  opening: rowsOf(
    { husky: time(9e6), mimalloc: time(1e6), tcmalloc: time(1e6), jemalloc: absent, empty: time(0) },
    { husky: time(9e6), mimalloc: time(1e6), tcmalloc: time(1e6), jemalloc: absent, empty: time(0) },
  ),
};

test("targets: the best is the best in its row, and nobody's empty cell makes a mean better", () => {
  const found = (results: RecordingsResults) =>
    recordingsTargets(results).map(({ value, reached }) => [value?.toFixed(3), reached]);
  expect(found(made)).toEqual([
    ["1.000", false],
    ["2.000", false],
    ["1.000", true],
    ["3.000", null],
  ]);
  const { husky: _, ...others } = made.warm[1]!.cells;
  const broken = { reason: "SIGSEGV", broken: true } as const;
  const warm = [made.warm[0]!, { ...made.warm[1]!, cells: { ...others, husky: broken } }];
  expect(found({ ...made, warm }).slice(0, 2)).toEqual([
    [undefined, null],
    [undefined, null],
  ]);
});

test("the tables show every row, means, why a cell is empty, and targets", () => {
  const text = describeRecordings(made);
  for (const part of ["r0", "r1", "geometric mean", "jemalloc: not installed", "husky 9.00, mimalloc 1.00"])
    expect(text).toContain(part);
  const markdown = recordingsMarkdown(made);
  expect(markdown).toContain("| r0 | 5.00 | 10.0 | 20.0 | – | 1.00 | 0.50 |");
  expect(markdown).toContain("| r1 | 1.00 (0.33) | 3.00 (1.00) | 0.500 (0.17) | – | 0.100 (0.03) |");
  expect(markdown).toContain("| geometric mean | 10.0 | 14.1 | 14.1 | – | 1.00 | 1.00 |");
  expect(markdown).toContain("not reached");
});

test("the plot shows every row, and names whom it shows", async () => {
  const svg = await plotRecordings({ ...made, rows: made.warm });
  for (const text of ["r0", "r1", "mimalloc", "tcmalloc"]) expect(svg).toContain(`>${text}</text>`);
  for (const text of ["jemalloc", "ArrayBuffer"]) expect(svg).not.toContain(text);
});

type Report = RecordingsResults & { targets: Target[] };
const quick = [tinyFile, "--quick", "--recordings", "tiny", "--json", "-"];
const run = (args: readonly string[], environment?: Record<string, string>) =>
  runScript("recordings/main", args, environment);
const isTime = (cell: Cell | undefined) => cell !== undefined && "ns" in cell && cell.ns > 0;

test("the command on one recording: a time for everybody who is there", async () => {
  const { code, stdout, stderr } = await run([...quick, "--cold", "4"]);
  expect([code, stderr]).toEqual([0, expect.stringContaining("1 recordings, 6 contenders")]);
  const { recordings, contenders, warm, cold, opening, targets }: Report = JSON.parse(stdout);
  expect(recordings).toEqual([{ name: "tiny", operations: 13, coldOperations: 7 }]);
  expect(contenders.map(({ name }) => name)).toEqual([
    "husky",
    "libc",
    "mimalloc",
    "jemalloc",
    "tcmalloc",
    "empty",
  ]);
  for (const rows of [warm, cold, opening]) {
    expect(rows.map(({ name }) => name)).toEqual(["tiny"]);
    for (const { name, version, missing } of contenders) {
      const cell = rows[0]!.cells[name];
      if (version === null) expect(cell).toEqual({ reason: missing! });
      else expect([name, isTime(cell)]).toEqual([name, true]);
    }
  }
  expect(targets.map(({ name }) => name.split(":")[0])).toEqual(["warm", "warm", "cold", "cold"]);
  expect(targets[0]!.value).toBeGreaterThan(0);
});

test("a library that is missing leaves cells that say so, and nothing fails", async () => {
  // The loader looks here first, and gives up at what is no library.
  const file = "libtcmalloc_minimal.so.4";
  await Bun.write(join(folder, file), "no library");
  const args = [...quick, "--contenders", "husky", "tcmalloc"];
  const { code, stdout, stderr } = await run(args, { LD_LIBRARY_PATH: folder });
  expect(code).toBe(0);
  const { warm, cold, targets }: Report = JSON.parse(stdout);
  const reason = `${file} is not installed`;
  expect(stderr).toContain(`tcmalloc: ${reason}`);
  for (const [row] of [warm, cold]) {
    expect(row!.cells["tcmalloc"]).toEqual({ reason });
    expect(isTime(row!.cells["husky"])).toBe(true);
  }
  expect(targets.every(({ reached }) => reached === null)).toBe(true);
});

test.each([
  [["--recordings", "tiny"], 'unknown recording "tiny"'],
  [["--contenders", "C glibc"], 'unknown contender "C glibc"'],
  [["--cold", "0"], "--cold <operations>"],
  [["--rounds", "x"], "--rounds <count>"],
  [["--write", "--touch"], "without --quick, further files, --recordings, --cold, --touch"],
  [[tinyFile, "--write"], "--write keeps whole runs only"],
  [[tinyFile, tinyFile], "there is a recording tiny already"],
  [["/nonexistent.rep", "--recordings", "nonexistent"], "/nonexistent.rep: cannot be read"],
  [[`${import.meta.path}`, "--recordings", "recordings"], "starts no recording"],
  [["--against", "no-such-revision", "--recordings", "cc1"], "--against no-such-revision"],
])("wrong usage: %p", async (args, message) => {
  const { code, stderr } = await run(args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});
