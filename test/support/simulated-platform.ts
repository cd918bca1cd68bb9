/**
 * A platform in ordinary memory, with injected refusals: the allocator above it cannot tell the difference.
 *
 * Addresses are made up. Each mapping is an ArrayBuffer of its own, so that a read or write outside a mapping, or
 * of memory that was never committed, is an exception here instead of a fault.
 */
import type { Address, ThreadId } from "../../src/core/types.ts";
import type { PageSource, Platform, SystemResult, ThreadSource } from "../../src/platform/platform.ts";

const ENOMEM = 12;
const EEXIST = 17;
const PAGE = 4096;

interface Mapping {
  address: number;
  byteLength: number;
  buffer: ArrayBuffer;
  /** Bytes from the start that may be used. */
  committed: number;
}

export class SimulatedPages implements PageSource {
  readonly pageSize = PAGE;
  /** Mappings that the process may have. */
  most = Infinity;
  /** Calls so far; `refuse` decides by this number and the call's name. */
  calls = 0;
  refuse: (call: string, number: number) => boolean = () => false;
  private readonly mappings: Mapping[] = [];
  private nextAddress = 0x10_0000_0000;

  get mappedBytes(): number {
    return this.mappings.reduce((sum, mapping) => sum + mapping.byteLength, 0);
  }

  mappingsMost(): number {
    return this.most;
  }

  reserve(byteLength: number, hint: Address | 0): SystemResult {
    if (this.refused("reserve")) return -ENOMEM;
    return this.add(byteLength, hint, 0);
  }

  map(byteLength: number, hint: Address | 0): SystemResult {
    if (this.refused("map")) return -ENOMEM;
    return this.add(byteLength, hint, byteLength);
  }

  commit(address: Address, byteLength: number): SystemResult {
    if (this.refused("commit")) return -ENOMEM;
    const mapping = this.at(address, byteLength);
    const from = address - mapping.address;
    if (from > mapping.committed) throw new Error("commit leaves a gap");
    mapping.committed = Math.max(mapping.committed, from + byteLength);
    return 0;
  }

  adviseHuge(address: Address, byteLength: number, _wanted: boolean): SystemResult {
    if (this.refused("adviseHuge")) return -ENOMEM;
    this.at(address, byteLength);
    return 0;
  }

  release(address: Address, byteLength: number): SystemResult {
    if (this.refused("release")) return -ENOMEM;
    const mapping = this.at(address, byteLength);
    const from = address - mapping.address;
    new Uint8Array(mapping.buffer, 0, mapping.committed).fill(0, from, from + byteLength);
    return 0;
  }

  remap(address: Address, oldByteLength: number, newByteLength: number, target: Address | 0): SystemResult {
    if (this.refused("remap")) return -ENOMEM;
    if (target === 0 && newByteLength > oldByteLength) return -ENOMEM;
    const mapping = this.cutOut(address, oldByteLength);
    if (target !== 0) this.end(target, newByteLength);
    const old = new Uint8Array(mapping.buffer);
    const buffer = new ArrayBuffer(newByteLength);
    new Uint8Array(buffer).set(old.subarray(0, Math.min(oldByteLength, newByteLength)));
    if (target !== 0) mapping.address = target;
    Object.assign(mapping, { byteLength: newByteLength, buffer, committed: newByteLength });
    return mapping.address;
  }

  /** The mapping of this range alone: what stood before it or behind it becomes a mapping of its own, as in the kernel. */
  private cutOut(address: number, byteLength: number): Mapping {
    const whole = this.at(address, byteLength);
    this.cutAt(whole, address + byteLength - whole.address);
    return this.cutAt(whole, address - whole.address) ?? whole;
  }

  /** Splits a mapping at an offset inside it; returns the rear part. */
  private cutAt(mapping: Mapping, from: number): Mapping | undefined {
    if (from === 0 || from === mapping.byteLength) return undefined;
    const rear = {
      address: mapping.address + from,
      byteLength: mapping.byteLength - from,
      buffer: mapping.buffer.slice(from),
      committed: Math.max(0, mapping.committed - from),
    };
    mapping.buffer = mapping.buffer.slice(0, from);
    mapping.byteLength = from;
    mapping.committed = Math.min(mapping.committed, from);
    this.mappings.push(rear);
    return rear;
  }

  unmap(address: Address, byteLength: number): SystemResult {
    if (this.refused("unmap")) return -ENOMEM;
    this.end(address, byteLength);
    return 0;
  }

  /** Ends a range; inside `remap` too, which is one step. */
  private end(address: Address, byteLength: number): void {
    const mapping = this.cutOut(address, byteLength);
    this.mappings.splice(this.mappings.indexOf(mapping), 1);
  }

  isMapping(address: Address, byteLength: number): boolean {
    return this.mappings.some((m) => m.address === address && m.byteLength === byteLength && m.committed > 0);
  }

  words(address: Address, byteLength: number): Int32Array {
    const mapping = this.at(address, byteLength);
    const from = address - mapping.address;
    if (from + byteLength > mapping.committed) throw new Error("view of memory that is not committed");
    return new Int32Array(mapping.buffer, from, byteLength / 4);
  }

  buffer(): ArrayBuffer {
    throw new Error("simulated memory has no buffers of parts");
  }

  copy(target: Address, source: Address, byteLength: number): void {
    this.bytes(target, byteLength).set(this.bytes(source, byteLength).slice());
  }

  fill(target: Address, byte: number, byteLength: number): void {
    this.bytes(target, byteLength).fill(byte);
  }

  compare(one: Address, other: Address, byteLength: number): number {
    return Buffer.compare(this.bytes(one, byteLength), this.bytes(other, byteLength));
  }

  describeError(errno: number): string {
    return `errno ${Math.abs(errno)}`;
  }

  /** The bytes at an address, for the tests. */
  bytes(address: number, byteLength: number): Uint8Array {
    const mapping = this.at(address, byteLength);
    const from = address - mapping.address;
    if (from + byteLength > mapping.committed) throw new Error("access to memory that is not committed");
    return new Uint8Array(mapping.buffer, from, byteLength);
  }

  private refused(call: string): boolean {
    return this.refuse(call, this.calls++);
  }

  private at(address: number, byteLength: number): Mapping {
    const found = this.mappings.find(
      (m) => address >= m.address && address + byteLength <= m.address + m.byteLength,
    );
    if (found === undefined)
      throw new Error(`no mapping holds ${byteLength} bytes at 0x${address.toString(16)}`);
    return found;
  }

  private add(byteLength: number, hint: number, committed: number): SystemResult {
    if (byteLength > 2 ** 32) return -ENOMEM;
    const address = hint === 0 ? this.place(byteLength) : hint;
    const clash = this.mappings.some(
      (m) => address < m.address + m.byteLength && m.address < address + byteLength,
    );
    if (clash) return -EEXIST;
    this.mappings.push({ address, byteLength, buffer: new ArrayBuffer(byteLength), committed });
    return address;
  }

  private place(byteLength: number): number {
    const address = this.nextAddress;
    this.nextAddress += Math.ceil(byteLength / PAGE) * PAGE + PAGE;
    return address;
  }
}

/** One thread that never dies, and a clock that moves when told. */
export class SimulatedThreads implements ThreadSource {
  readonly cores: number = 2;
  nowMs = 0;
  /** Threads besides the caller that count as alive. */
  readonly others = new Set<number>();

  current(): ThreadId {
    return 1000 as ThreadId;
  }
  processId(): number {
    return 1;
  }
  startTime(thread: ThreadId): number {
    return this.isAlive(thread) ? 7 : 0;
  }
  isAlive(thread: ThreadId): boolean {
    return thread === 1000 || this.others.has(thread);
  }
  park(): void {}
  unpark(): void {}
  yield(): void {}
  now(): number {
    return this.nowMs;
  }
}

export interface SimulatedPlatform extends Platform {
  readonly pages: SimulatedPages;
  readonly threads: SimulatedThreads;
}

export function simulatedPlatform(): SimulatedPlatform {
  return { pages: new SimulatedPages(), threads: new SimulatedThreads() };
}
