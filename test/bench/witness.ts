/** An allocator without memory that writes down each call, and refuses what no program may do. */
import type { Calls } from "../../bench/contenders/calls.ts";

export type Call = readonly [
  name: "malloc" | "calloc" | "realloc" | "alignedAlloc" | "free" | "fill",
  ...values: number[],
];

const FIRST_ADDRESS = 2 ** 44;

export class Witness implements Calls<number> {
  readonly calls: Call[] = [];
  /** Sizes by address. */
  readonly live = new Map<number, number>();
  private end = FIRST_ADDRESS;

  malloc = (size: number) => this.added(size, "malloc", size);
  calloc = (count: number, size: number) => this.added(count * size, "calloc", count, size);
  alignedAlloc = (alignment: number, size: number) => this.added(size, "alignedAlloc", alignment, size);
  realloc = (address: number, size: number) => {
    this.remove(address);
    return this.added(size, "realloc", address, size);
  };
  free = (address: number) => {
    this.remove(address);
    this.calls.push(["free", address]);
  };
  fill = (address: number, size: number) => {
    this.calls.push(["fill", address, size]);
  };
  table = (length: number) => new Float64Array(length);

  /** A payload that no other ever had. */
  private added(size: number, ...call: Call): number {
    this.calls.push(call);
    const address = this.end;
    this.end += size + 1;
    this.live.set(address, size);
    return address;
  }

  private remove(address: number): void {
    if (address !== 0 && !this.live.delete(address)) throw new Error(`${address} is not live`);
  }
}
