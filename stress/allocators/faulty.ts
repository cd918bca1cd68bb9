/**
 * libc made wrong on purpose, once, in one way. If the oracle does not report a plant, it would not report the
 * same fault of a real allocator either.
 */
import { bytesAt, fillMemory } from "../../native/raw-memory.ts";
import type { FaultKind } from "../oracle/fault.ts";
import type { Allocator } from "./allocator.ts";
import { openForeign } from "./foreign.ts";

export interface Plant {
  readonly name: string;
  readonly summary: string;
  /** What the oracle must report; null: nothing, or it raises false alarms. */
  readonly expected: FaultKind | null;
}

export const plants: readonly Plant[] = [
  { name: "none", summary: "nothing planted", expected: null },
  { name: "overlap", summary: "malloc returns an address inside a live block", expected: "overlap" },
  { name: "double-hand-out", summary: "malloc returns a live block again", expected: "overlap" },
  { name: "shared-hand-out", summary: "two Workers get the same block", expected: "overlap" },
  { name: "changed-byte", summary: "one byte of a live payload changes", expected: "content" },
  { name: "realloc-loses", summary: "realloc moves a block without its content", expected: "content" },
  { name: "calloc-dirty", summary: "one byte of calloc's memory is not zero", expected: "not-zero" },
  {
    name: "misaligned",
    summary: "alignedAlloc returns an address aligned to 16 only",
    expected: "misaligned",
  },
  { name: "too-small", summary: "usableSize is below the size asked for", expected: "too-small" },
  { name: "refused", summary: "malloc refuses while memory is left", expected: "refused" },
  { name: "lost-free", summary: "a free does nothing", expected: "leak" },
  { name: "throws", summary: "free throws an error of its own", expected: "crash" },
  { name: "hang", summary: "malloc never returns", expected: "hang" },
];

/** In which call of its function a plant shows; the blocks of earlier calls are live. */
const PLANTED_CALL = 20;
const SHARED_ADDRESS = 0;
const LIVE_BLOCKS = 1;

/** What the Workers' wrappers share: the address that two Workers get, and the count of live blocks. */
export const createFaultyMemory = (): SharedArrayBuffer => new SharedArrayBuffer(16);

export function openFaulty(plant: string, memory: SharedArrayBuffer, worker: number): Allocator {
  return new FaultyAllocator(plant, memory, worker);
}

class FaultyAllocator implements Allocator {
  private readonly libc = openForeign("libc");
  private readonly shared: BigInt64Array;
  private readonly calls: Record<string, number> = {};
  private lastAddress = 0;

  constructor(
    private readonly plant: string,
    memory: SharedArrayBuffer,
    private readonly worker: number,
  ) {
    this.shared = new BigInt64Array(memory);
  }

  malloc(size: number): number {
    const shows = this.showsIn("malloc");
    if (shows && this.plant === "overlap") return this.lastAddress + 16;
    if (shows && this.plant === "double-hand-out") return this.lastAddress;
    if (shows && this.plant === "shared-hand-out" && this.worker > 0) return this.addressOfWorker0();
    if (shows && this.plant === "changed-byte") bytesAt(this.lastAddress, 1)[0]! ^= 0x40;
    if (shows && this.plant === "refused") return 0;
    while (shows && this.plant === "hang") {}
    this.lastAddress = this.counted(this.libc.malloc(size));
    if (shows && this.plant === "shared-hand-out") {
      Atomics.store(this.shared, SHARED_ADDRESS, BigInt(this.lastAddress));
    }
    return this.lastAddress;
  }

  calloc(count: number, size: number): number {
    const address = this.counted(this.libc.calloc(count, size));
    if (this.showsIn("calloc") && this.plant === "calloc-dirty") fillMemory(address + count * size - 1, 1, 1);
    return address;
  }

  realloc(address: number, size: number): number {
    if (address === 0) return this.counted(this.libc.realloc(0, size));
    if (!this.showsIn("realloc") || this.plant !== "realloc-loses") return this.libc.realloc(address, size);
    this.libc.free(address);
    return this.libc.calloc(1, size);
  }

  alignedAlloc(alignment: number, size: number): number {
    const shows = this.showsIn("alignedAlloc") && this.plant === "misaligned";
    const address = this.counted(this.libc.alignedAlloc(alignment, size + alignment));
    return shows ? address + 16 : address;
  }

  free(address: number): void {
    if (this.showsIn("free")) {
      if (this.plant === "lost-free") return;
      if (this.plant === "throws") throw new Error("an error that the allocator should not throw");
    }
    Atomics.sub(this.shared, LIVE_BLOCKS, 1n);
    this.libc.free(address);
  }

  usableSize(address: number): number {
    const usable = this.libc.usableSize(address);
    return this.showsIn("usableSize") && this.plant === "too-small" ? 0 : usable;
  }

  detach(): void {}

  audit() {
    const liveBlocks = Number(Atomics.load(this.shared, LIVE_BLOCKS));
    return { liveBlocks, liveBytes: 0, committedBytes: 0, peakCommittedBytes: 0, residentBytes: null };
  }

  private showsIn(method: string): boolean {
    const calls = (this.calls[method] ?? 0) + 1;
    this.calls[method] = calls;
    return calls === PLANTED_CALL;
  }

  private counted(address: number): number {
    Atomics.add(this.shared, LIVE_BLOCKS, 1n);
    return address;
  }

  private addressOfWorker0(): number {
    for (;;) {
      const address = Number(Atomics.load(this.shared, SHARED_ADDRESS));
      if (address !== 0) return address;
    }
  }
}
