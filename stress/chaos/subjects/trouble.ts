/**
 * What goes wrong between an arena and the system, told by words that all Workers share.
 *
 *     calls       calls of the page source so far
 *     from, to    calls with these numbers are refused: from <= number < to
 *     pause       1 + the call that is to stop once; 0 = none, PAUSING while a Worker is in it
 *     pauseMs     for how long
 *     plant       1 = living threads are said to be dead, 2 = a refusal is thrown instead of returned
 *
 * `unmap` is refused too, as the system does where a mapping would have to be split and the process has as many as it
 * may have.
 */
import type { Address, ThreadId } from "../../../src/core/types.ts";
import type { PageSource, SystemResult, ThreadSource } from "../../../src/platform/platform.ts";

const ENOMEM = 12;

export const troubledCalls = ["reserve", "map", "commit", "adviseHuge", "release", "remap", "unmap"] as const;
export type TroubledCall = (typeof troubledCalls)[number];

const CALLS = 0;
const FROM = 1;
const TO = 2;
const PAUSE = 3;
const PAUSE_MS = 4;
const PLANT = 5;
const WORDS = 6;
const PAUSING = -1;

export const troublePlants = { none: 0, deadlike: 1, throws: 2 } as const;
export type TroublePlant = keyof typeof troublePlants;

export type Trouble = Int32Array;

export function createTrouble(plant: TroublePlant = "none"): Trouble {
  const trouble = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  trouble[PLANT] = troublePlants[plant];
  return trouble;
}

export const callsOf = (trouble: Trouble): number => Atomics.load(trouble, CALLS);

/** Counts anew and refuses the calls with these numbers. */
export function refuse(trouble: Trouble, from: number, to: number): void {
  Atomics.store(trouble, TO, 0);
  Atomics.store(trouble, CALLS, 0);
  Atomics.store(trouble, FROM, from);
  Atomics.store(trouble, TO, to);
}

export const refuseNothing = (trouble: Trouble): void => refuse(trouble, 0, 0);

/** The next call of this kind stops for so long, once. */
export function pauseAt(trouble: Trouble, call: TroubledCall, ms: number): void {
  Atomics.store(trouble, PAUSE_MS, ms);
  Atomics.store(trouble, PAUSE, 1 + troubledCalls.indexOf(call));
}

/** Whether the call that is to stop has not come yet. */
export const isAwaited = (trouble: Trouble): boolean => Atomics.load(trouble, PAUSE) > 0;
export const pauseIsOver = (trouble: Trouble): boolean => Atomics.load(trouble, PAUSE) === 0;

export class TroubledPages implements PageSource {
  readonly pageSize: number;

  constructor(
    private readonly pages: PageSource,
    private readonly trouble: Trouble,
  ) {
    this.pageSize = pages.pageSize;
  }

  mappingsMost(): number {
    return this.pages.mappingsMost();
  }

  reserve(byteLength: number, hint: Address | 0): SystemResult {
    return this.isRefused("reserve") ? -ENOMEM : this.pages.reserve(byteLength, hint);
  }

  map(byteLength: number, hint: Address | 0): SystemResult {
    return this.isRefused("map") ? -ENOMEM : this.pages.map(byteLength, hint);
  }

  commit(address: Address, byteLength: number): SystemResult {
    return this.isRefused("commit") ? -ENOMEM : this.pages.commit(address, byteLength);
  }

  adviseHuge(address: Address, byteLength: number, wanted: boolean): SystemResult {
    return this.isRefused("adviseHuge") ? -ENOMEM : this.pages.adviseHuge(address, byteLength, wanted);
  }

  release(address: Address, byteLength: number): SystemResult {
    return this.isRefused("release") ? -ENOMEM : this.pages.release(address, byteLength);
  }

  remap(address: Address, oldByteLength: number, newByteLength: number, target: Address | 0): SystemResult {
    if (this.isRefused("remap")) return -ENOMEM;
    return this.pages.remap(address, oldByteLength, newByteLength, target);
  }

  unmap(address: Address, byteLength: number): SystemResult {
    return this.isRefused("unmap") ? -ENOMEM : this.pages.unmap(address, byteLength);
  }

  isMapping(address: Address, byteLength: number): boolean {
    return this.pages.isMapping(address, byteLength);
  }

  words(address: Address, byteLength: number): Int32Array {
    return this.pages.words(address, byteLength);
  }

  buffer(address: Address, byteLength: number): ArrayBuffer {
    return this.pages.buffer(address, byteLength);
  }

  copy(target: Address, source: Address, byteLength: number): void {
    this.pages.copy(target, source, byteLength);
  }

  fill(target: Address, byte: number, byteLength: number): void {
    this.pages.fill(target, byte, byteLength);
  }

  compare(one: Address, other: Address, byteLength: number): number {
    return this.pages.compare(one, other, byteLength);
  }

  describeError(errno: number): string {
    return this.pages.describeError(errno);
  }

  private isRefused(call: TroubledCall): boolean {
    const { trouble } = this;
    const asked = 1 + troubledCalls.indexOf(call);
    if (Atomics.compareExchange(trouble, PAUSE, asked, PAUSING) === asked) {
      Bun.sleepSync(Atomics.load(trouble, PAUSE_MS));
      Atomics.store(trouble, PAUSE, 0);
    }
    const number = Atomics.add(trouble, CALLS, 1);
    const refused = number >= Atomics.load(trouble, FROM) && number < Atomics.load(trouble, TO);
    if (refused && trouble[PLANT] === troublePlants.throws) throw new Error(`${call} is refused`);
    return refused;
  }
}

export class TroubledThreads implements ThreadSource {
  readonly cores: number;

  constructor(
    private readonly threads: ThreadSource,
    private readonly trouble: Trouble,
  ) {
    this.cores = threads.cores;
  }

  current(): ThreadId {
    return this.threads.current();
  }

  processId(): number {
    return this.threads.processId();
  }

  startTime(thread: ThreadId): number {
    return this.threads.startTime(thread);
  }

  isAlive(thread: ThreadId): boolean {
    return this.trouble[PLANT] !== troublePlants.deadlike && this.threads.isAlive(thread);
  }

  park(address: Address, expected: number, timeoutMs: number): void {
    this.threads.park(address, expected, timeoutMs);
  }

  unpark(address: Address, count: number): void {
    this.threads.unpark(address, count);
  }

  yield(): void {
    this.threads.yield();
  }

  now(): number {
    return this.threads.now();
  }
}
