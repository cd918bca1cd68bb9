/** An LRU cache off the collected heap: however many entries, for the collector it is a handful of objects. lru-cache.ts measures it. */
import { type Block, free, heap, malloc, type Pointer, write } from "../src/index.ts"; // elsewhere: "husky-alloc"

/** Entries are numbers from 1; 0 closes a ring of them: `older[0]` is the newest, `newer[0]` the oldest. */
export class OffHeapCache {
  private size = 0;
  private readonly blocks: Block[] = [];
  private readonly keys: Uint32Array;
  private readonly values: Float64Array;
  private readonly older: Uint32Array;
  private readonly newer: Uint32Array;
  /** By hash the first entry, and for each entry the next of the same hash. */
  private readonly first: Uint32Array;
  private readonly next: Uint32Array;

  constructor(private readonly capacity: number) {
    const numbers = (block: Block) => this.blocks[this.blocks.push(block) - 1]!;
    const words = (count: number) => numbers(heap.allocate(count * 4, { zero: true })).view(Uint32Array);
    this.values = numbers(heap.allocate((capacity + 1) * 8, { zero: true })).view(Float64Array);
    [this.keys, this.next] = [words(capacity + 1), words(capacity + 1)];
    [this.older, this.newer] = [words(capacity + 1), words(capacity + 1)];
    this.first = words(2 ** Math.ceil(Math.log2(capacity + 1)));
  }

  /** Where the value lies, until the next `set`. */
  get(key: number): Pointer | undefined {
    const entry = this.find(key);
    if (entry === 0) return undefined;
    this.unlink(entry);
    this.linkNewest(entry);
    return this.values[entry] as Pointer;
  }

  set(key: number, value: Uint8Array): void {
    const pointer = malloc(value.length); // first: if it throws, nothing has changed
    for (let i = 0; i < value.length; i++) write.u8(pointer, i, value[i]!);
    let entry = this.find(key);
    if (entry !== 0) this.unlink(entry);
    else if (this.size < this.capacity) entry = this.insert(++this.size, key);
    else entry = this.insert(this.removeOldest(), key);
    free(this.values[entry]!);
    this.values[entry] = pointer;
    this.linkNewest(entry);
  }

  dispose(): void {
    for (let entry = 1; entry <= this.size; entry++) free(this.values[entry]!);
    for (const block of this.blocks) block.dispose();
  }

  private bucket(key: number): number {
    return (Math.imul(key, 0x9e3779b1) >>> 8) & (this.first.length - 1);
  }

  private find(key: number): number {
    let entry = this.first[this.bucket(key)]!;
    while (entry !== 0 && this.keys[entry] !== key) entry = this.next[entry]!;
    return entry;
  }

  private insert(entry: number, key: number): number {
    const bucket = this.bucket(key);
    this.keys[entry] = key;
    this.next[entry] = this.first[bucket]!;
    this.first[bucket] = entry;
    return entry;
  }

  private removeOldest(): number {
    const oldest = this.newer[0]!;
    const bucket = this.bucket(this.keys[oldest]!);
    let before = this.first[bucket]!;
    if (before === oldest) this.first[bucket] = this.next[oldest]!;
    else {
      while (this.next[before] !== oldest) before = this.next[before]!;
      this.next[before] = this.next[oldest]!;
    }
    this.unlink(oldest);
    return oldest;
  }

  private unlink(entry: number): void {
    this.newer[this.older[entry]!] = this.newer[entry]!;
    this.older[this.newer[entry]!] = this.older[entry]!;
  }

  private linkNewest(entry: number): void {
    const second = this.older[0]!;
    this.older[entry] = second;
    this.newer[entry] = 0;
    this.newer[second] = entry;
    this.older[0] = entry;
  }
}
