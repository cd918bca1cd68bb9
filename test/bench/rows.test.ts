/** The rows count their operations right, and give back what they take. */
import { expect, test } from "bun:test";
import type { Calls } from "../../bench/contenders/calls.ts";
import { rows } from "../../bench/rows/catalogue.ts";
import { type Row, SHARED_BYTES } from "../../bench/rows/row.ts";

/** Counts calls; knows which blocks are live. */
class Counter implements Calls<number> {
  readonly calls = { malloc: 0, calloc: 0, realloc: 0, alignedAlloc: 0, free: 0, fill: 0 };
  readonly live = new Set<number>();
  private last = 0;

  malloc = () => this.added("malloc");
  calloc = () => this.added("calloc");
  alignedAlloc = () => this.added("alignedAlloc");
  realloc = (block: number) => {
    this.remove(block);
    return this.added("realloc");
  };
  free = (block: number) => {
    this.remove(block);
    this.calls.free++;
  };
  fill = () => {
    this.calls.fill++;
  };
  table = (length: number) => new Float64Array(length);

  private added(call: "malloc" | "calloc" | "realloc" | "alignedAlloc"): number {
    this.calls[call]++;
    this.live.add(++this.last);
    return this.last;
  }

  private remove(block: number): void {
    if (!this.live.delete(block)) throw new Error(`${block} is not live`);
  }
}

const counted = ["realloc", "calloc", "alignedAlloc", "malloc"] as const;
const inMainThread = rows.filter(({ workers, unit }) => workers === 0 && unit !== "page");

test.each(inMainThread.map((row): [string, Row] => [row.name, row]))("%s", (_, row) => {
  const counter = new Counter();
  const place = { seed: 5, worker: 0, shared: new SharedArrayBuffer(SHARED_BYTES) };
  const run = row.script(counter, place);
  const before = { ...counter.calls };
  const liveBefore = counter.live.size;
  run();
  const call = row.unit === "block" ? "malloc" : counted.find((name) => row.unit.includes(name))!;
  expect(counter.calls[call] - before[call]).toBe(row.operations);
  expect(counter.live.size - liveBefore).toBe(row.mostRuns === undefined ? 0 : row.operations);
});
