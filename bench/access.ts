/**
 * Reading and writing: Husky's `read` and `write` beside a typed array over the same bytes and bun:ffi's `read`, in a hot loop;
 * a round trip: allocate, write, read back, free, beside C allocators through bun:ffi, ArrayBuffer and Buffer; and a Block beside
 * an ArrayBuffer of its size.
 *
 *   bun bench/access.ts [rounds]
 *
 * Each contender of each row in a process of its own, rounds interleaved. Prints nanoseconds: medians of the rounds, each the
 * least of 15 passes.
 */
import Table from "cli-table3";
import { type Access, accesses, blockSizes, blocks, kinds, sizes, trips } from "./access-loops.ts";
import { machine, median } from "./rounds.ts";

const worker = new URL("./access-loops.ts", import.meta.url).pathname;
const rounds = Number(process.argv[2] ?? 3);

async function measure(row: string, contender: string): Promise<number> {
  const { stdout, exitCode } = Bun.spawnSync([process.execPath, worker, row, contender]);
  return exitCode === 0 ? Number(stdout.toString()) : Number.NaN;
}

async function rows(names: readonly string[], contenders: readonly string[]): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[][]>(names.map((name) => [name, contenders.map(() => [])]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, times] of samples) {
      process.stderr.write(`\rround ${round + 1} of ${rounds}: ${name}          `);
      for (const [at, contender] of contenders.entries()) times[at]!.push(await measure(name, contender));
    }
  }
  process.stderr.write("\n");
  return new Map([...samples].map(([name, times]) => [name, times.map((each) => median(each))]));
}

const shown = (value: number, digits: number) => (Number.isNaN(value) ? "missing" : value.toFixed(digits));
const geometricMean = (values: readonly number[]) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

console.log(`${machine()}, medians of ${rounds} rounds`);
const accessNames = (["read", "write"] as const).flatMap((act) => kinds.map((kind) => `${act} ${kind}`));
const accessTable = new Table({
  head: ["ns an element", ...accesses, "husky / typed array", "bun:ffi / husky"],
  style: { head: [], border: [] },
});
const ratios: Record<Access, number[]> = { husky: [], "typed array": [], "bun:ffi": [] };
for (const [name, [husky, array, ffi]] of await rows(accessNames, accesses)) {
  accessTable.push([
    name,
    ...[husky!, array!, ffi!].map((value) => shown(value, 2)),
    (husky! / array!).toFixed(2),
    shown(ffi! / husky!, 1),
  ]);
  ratios.husky.push(husky! / array!);
  if (!Number.isNaN(ffi!)) ratios["bun:ffi"].push(ffi! / husky!);
}
accessTable.push([
  "geometric mean",
  "",
  "",
  "",
  geometricMean(ratios.husky).toFixed(2),
  geometricMean(ratios["bun:ffi"]).toFixed(1),
]);
console.log(accessTable.toString());

const tripTable = new Table({
  head: ["ns a round trip, bytes", ...trips, "husky / best"],
  style: { head: [], border: [] },
});
for (const [name, times] of await rows(
  sizes.map((size) => `trip ${size}`),
  trips,
)) {
  const best = Math.min(...times.slice(1).filter((time) => !Number.isNaN(time)));
  tripTable.push([name.slice(5), ...times.map((time) => shown(time, 1)), (times[0]! / best).toFixed(2)]);
}
console.log(tripTable.toString());

const blockTable = new Table({ head: ["ns a block, bytes", ...blocks], style: { head: [], border: [] } });
for (const [name, times] of await rows(
  blockSizes.map((size) => `block ${size}`),
  blocks,
)) {
  blockTable.push([name.slice(6), ...times.map((time) => shown(time, 1))]);
}
console.log(blockTable.toString());
