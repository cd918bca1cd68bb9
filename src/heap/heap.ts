/**
 * The heap: windows, policies, large blocks and limit of one arena under one lock, as one Worker sees them.
 *
 * `enter` takes the lock and brings this Worker's view of the shared state up to date; what stands between it
 * and `leave` may call what takes a `Held` heap. An exception in between (a damaged free list,
 * a stack overflow) must pass through `repaired`, which rebuilds the index from the header chain.
 */

import { InvalidPointerError, type MemoryBound } from "../core/errors.ts";
import { GRANULE_BYTES, HEADER_BYTES, payloadBytes } from "../core/size-classes.ts";
import { SEGMENT_GRANULES } from "../core/span-classes.ts";
import {
  MERGED_LEAST_BYTES,
  MERGED_SHARE,
  SEGMENT_BYTES,
  SPAN_AFTER_REQUESTS,
  SPARE_LEAST_BYTES,
  SPARE_SHARE,
} from "../core/tunables.ts";
import type { Address, SlotNumber, WordIndex } from "../core/types.ts";
import type { LargeHost, Refusal } from "../large/host.ts";
import { endPassing } from "../large/parking.ts";
import { Passage } from "../large/passage.ts";
import { fits } from "../large/stock.ts";
import { LargeTable } from "../large/table.ts";
import { Control, type Geometry } from "../memory/control.ts";
import { DamagedBlock } from "../memory/damage.ts";
import { checkBits, packState, State, wordsOf } from "../memory/header.ts";
import type { Held } from "../memory/held.ts";
import {
  CacheWord,
  CONTROL_AREA,
  ControlDouble,
  ControlWord,
  cacheOfSlot,
  WindowWord,
} from "../memory/layout.ts";
import { BlockSpace } from "../memory/space.ts";
import { SpanTable } from "../memory/span-table.ts";
import { TouchedPages } from "../memory/touched.ts";
import { reserveWindow, Window } from "../memory/window.ts";
import type { Platform } from "../platform/platform.ts";
import { policies } from "../policies/catalogue.ts";
import type { Policy } from "../policies/policy.ts";
import { growWindow } from "./growth.ts";
import { releaseKept, releaseOne } from "./kept.ts";
import { LOCK_WORD, Lock } from "./lock.ts";
import { Slots, TOKEN_MASK } from "./slots.ts";
import { trimWindow } from "./trim.ts";

const DIRTY_WORD = (CONTROL_AREA + ControlWord.dirty) | 0;

/** One window with what rules it. */
export interface HeapWindow {
  readonly window: Window;
  readonly space: BlockSpace;
  readonly policy: Policy;
  readonly spans: SpanTable;
}

/** Makes all indexes of a heap anew (death/recovery.ts). `ownLost`: the caller's own caches and claims are in doubt too. */
export type Recover = (heap: Held<Heap>, ownLost: boolean) => void;

export class Heap implements LargeHost {
  readonly windows: HeapWindow[] = [];
  readonly slots: Slots;
  readonly lock: Lock;
  readonly large: LargeTable;
  readonly passage: Passage;
  readonly geometry: Geometry;
  readonly isLimited: boolean;
  /** Whether small requests are served by spans: where Workers have caches, and the policy has blocks as large as a segment. */
  readonly hasSpans: boolean;
  /** Requests of a class that lists serve before it has spans: a test may want those at once. */
  spanAfterRequests: number = SPAN_AFTER_REQUESTS;
  readonly refusal: Refusal = { bound: "system", errno: 0 };
  slot = 0 as SlotNumber | 0;
  /** Index of the window that served the last `allocate`. */
  servedBy = 0;
  /** Whether the last large block came fresh from the system, which zeroes it. */
  servedFresh = false;
  /** Times that this Worker has looked after the arena, and when it asks next whether the others are alive (worker/upkeep.ts). */
  passages = 0;
  watchAt = 0;
  private token = 0;
  /** While a policy is asked: windows do not grow. */
  private thrifty = false;
  /** While a segment is asked for: the block is not touched, and counts as taken by nobody. */
  private isBare = false;
  /** An exception of this Worker left a locked part: its own caches are in doubt too. */
  private dirty = false;

  private constructor(
    readonly platform: Platform,
    readonly control: Control,
    private readonly recover: Recover,
    first: Window,
  ) {
    this.geometry = control.geometry;
    this.isLimited = this.geometry.limitBytes !== Infinity;
    const { policy, reserveBytes, workerCache } = this.geometry;
    this.hasSpans = workerCache && policies[policy]!.largestBytes(reserveBytes) > 2 * SEGMENT_BYTES;
    this.slots = new Slots(control, platform.threads);
    this.lock = new Lock(control, this.slots, platform.threads);
    this.passage = new Passage(control, platform.pages);
    this.large = new LargeTable(control as Held<Control>, platform.pages, this.passage as Held<Passage>);
    this.add(first);
  }

  /** Maps a new arena. Returns a refusal as -errno, with nothing left mapped. */
  static create(platform: Platform, geometry: Geometry, recover: Recover): Heap | number {
    const pages = platform.pages;
    const { base, byteLength } = reserveWindow(pages, geometry.reserveBytes);
    if (base < 0) return base;
    const window = Window.create(pages, base as Address, byteLength, 0);
    if (typeof window === "number") {
      pages.unmap(base as Address, byteLength);
      return window;
    }
    const control = new Control(base as Address, window, pages.pageSize);
    control.doubles[ControlDouble.windowBases] = base;
    control.doubles[ControlDouble.windowBytes] = byteLength;
    control.words[CONTROL_AREA + ControlWord.windows] = 1;
    control.initialise(geometry, pages.pageSize);
    return new Heap(platform, control, recover, window);
  }

  /** Opens the arena whose first window is at `base`: a string says why that cannot be. */
  static open(platform: Platform, base: Address, recover: Recover): Heap | string {
    const pages = platform.pages;
    const probe = Window.open(pages, base, 0);
    const control = new Control(base, probe, pages.pageSize);
    const mismatch = control.mismatch(pages.pageSize);
    if (mismatch !== "") return mismatch;
    const first = Window.open(pages, base, control.doubles[ControlDouble.windowBytes]!);
    return new Heap(platform, control, recover, first);
  }

  /** Takes the calling Worker's slot. */
  occupy(slot: SlotNumber): void {
    this.slot = slot;
    this.token = this.slots.tokenOf(slot);
  }

  /** Takes the lock. If that throws (a stack overflow), the lock is free again and marked for repair. */
  enter(this: Heap): asserts this is Held<Heap> {
    const formerOwner = this.lock.acquire(this.token);
    try {
      this.refresh();
      if (formerOwner !== 0) (this as Held<Heap>).control.add(ControlDouble.takeovers, 1);
      if (formerOwner === this.token) this.dirty = true;
      if (formerOwner !== 0 || this.isDirty) (this as Held<Heap>).repair();
    } catch (error) {
      const { words } = this.control;
      // As `unheld`, but without even that call.
      this.dirty = true;
      words[DIRTY_WORD] = 1;
      Atomics.store(words, LOCK_WORD, 0);
      throw error;
    }
  }

  /**
   * Passes on an exception that leaves the allocator. If the lock is still this Worker's (the stack was full when it was
   * to be released), it is free afterwards and marked for repair. Without a call but of Atomics, which needs no place on
   * the stack; whoever is parked wakes up by itself.
   */
  unheld(error: unknown): unknown {
    const { words } = this.control;
    if ((words[LOCK_WORD]! & TOKEN_MASK) === this.token) {
      this.dirty = true;
      words[DIRTY_WORD] = 1;
      // By Atomics: who takes the lock next finds the mark, and all that was stored under it.
      Atomics.store(words, LOCK_WORD, 0);
    }
    return error;
  }

  leave(this: Held<Heap>): void {
    this.lock.release();
  }

  /** Whether `enter` would have to wait for a Worker that is alive, as it seems. Any time. */
  get isBusy(): boolean {
    return this.lock.isWithOther(this.token);
  }

  /** Brings views and windows up to date with what other Workers made. Any time. */
  refresh(): void {
    const count = Atomics.load(this.control.words, CONTROL_AREA + ControlWord.windows);
    while (this.windows.length < count) {
      const { doubles } = this.control;
      const base = doubles[ControlDouble.windowBases + this.windows.length]! as Address;
      const byteLength = doubles[ControlDouble.windowBytes + this.windows.length]!;
      this.add(Window.open(this.platform.pages, base, byteLength));
    }
    // By index: an iterator here would be garbage at every lock, which a collector that counts the views leaves lying.
    for (let index = 0; index < this.windows.length; index++) {
      const { spans, window } = this.windows[index]!;
      window.refresh();
      spans.refresh();
    }
  }

  /**
   * A block of at least `least` granules, at most about `most`, its state still "free", out of every list; `servedBy`
   * tells its window. The window `preferred` is asked first. 0 = refused, `refusal` says why.
   */
  allocate(this: Held<Heap>, least: number, preferred: number, most: number = least): WordIndex | 0 {
    return this.ask(preferred, least, most, 0);
  }

  /** The same out of what is free in window `index`, which does not grow. */
  allocateReady(this: Held<Heap>, least: number, index: number, most: number): WordIndex | 0 {
    this.thrifty = true;
    const block = this.askPolicy(index, least, most, 0);
    this.thrifty = false;
    return block === 0 ? 0 : this.serve(index, block);
  }

  /** The same for a block whose payload starts at a multiple of `alignment` bytes. */
  allocateAligned(this: Held<Heap>, granules: number, preferred: number, alignment: number): WordIndex | 0 {
    return this.ask(preferred, granules, granules, alignment);
  }

  /**
   * Cuts a taken block into as many blocks of at least `granules` as it gives, one if the policy does not have its
   * blocks cut, all in the given state (word 1 without check) and linked through their first words. What is left goes
   * back. Returns their number.
   */
  divide(this: Held<Heap>, index: number, block: WordIndex, granules: number, state: number): number {
    const { space, policy } = this.windows[index]!;
    const whole = space.granules(block);
    const count = policy.divisible ? Math.floor(whole / granules) : 1;
    const rest = space.divide(block, policy.divisible ? granules : whole, count, state);
    const more = rest === 0 ? count - 1 : count;
    this.control.add(ControlDouble.takenBlocks, more);
    this.control.add(ControlDouble.takenBytes, -more * HEADER_BYTES);
    if (rest !== 0) this.release(index, rest);
    return count;
  }

  /** A block for a segment (segments.ts), its state still "free". 0 = refused. */
  takeSegment(this: Held<Heap>, preferred: number): WordIndex | 0 {
    this.isBare = true;
    const block = this.ask(preferred, SEGMENT_GRANULES, SEGMENT_GRANULES, SEGMENT_BYTES);
    this.isBare = false;
    return block;
  }

  /** Gives the block of a segment back. */
  dropSegment(this: Held<Heap>, index: number, block: WordIndex): void {
    this.windows[index]!.policy.free(block);
  }

  /** Gives a block of window `index` back to its policy. */
  release(this: Held<Heap>, index: number, block: WordIndex): void {
    const { space, policy } = this.windows[index]!;
    const bytes = payloadBytes(space.granules(block));
    policy.free(block);
    this.control.add(ControlDouble.takenBlocks, -1);
    this.control.add(ControlDouble.takenBytes, -bytes);
  }

  /** Makes a block this Worker's own, in use. */
  handOut(this: Held<Heap>, index: number, block: WordIndex, requestedBytes: number): void {
    const words = this.windows[index]!.space.words;
    const word0 = words[block - 2]!;
    const tail = payloadBytes(wordsOf(word0) >>> 2) - requestedBytes;
    words[block - 1] = packState(checkBits(block, word0, this.geometry.secret), State.inUse, this.slot, tail);
  }

  /**
   * Makes a taken block of window `index` as close to `granules` as its policy can, where it stands. False, and nothing
   * changed, if it would stay smaller, or the limit has no room for what it would touch.
   */
  resize(this: Held<Heap>, index: number, block: WordIndex, granules: number): boolean {
    const { space, policy } = this.windows[index]!;
    const present = space.granules(block);
    const grows = granules > present;
    const behind = block + granules * 4;
    // What it grows by, and the header of what is left behind.
    if (grows && this.isLimited && !fits(this, space.touched.untouchedBytes(block - 2, behind + 1)))
      return this.refuse("limit", 0);
    if (!policy.resize(block, granules)) return false;
    space.touch(block);
    this.countResize(space.granules(block) - present);
    // A policy may round up.
    if (grows && this.isLimited && !fits(this, 0)) {
      const grown = space.granules(block);
      policy.resize(block, present);
      this.countResize(space.granules(block) - grown);
      return this.withdraw(index);
    }
    this.control.notePeak();
    return true;
  }

  /** Notes why a request is refused. */
  refuse(this: Held<Heap>, bound: MemoryBound, errno: number): false {
    this.refusal.bound = bound;
    this.refusal.errno = errno;
    return false;
  }

  /**
   * Turns an exception that left the locked part into the one to throw. The index is made sound again at once; if
   * even that is cut short, the mark stays and the next `enter` does it.
   */
  repaired(this: Held<Heap>, error: unknown, operation: string): unknown {
    this.dirty = true;
    this.control.words[DIRTY_WORD] = 1;
    this.repair();
    if (!(error instanceof DamagedBlock)) return error;
    this.control.add(ControlDouble.damaged, 1);
    const detail =
      "the header or the links of this free block were overwritten; free memory was indexed anew";
    return new InvalidPointerError("corrupt-block", operation, error.address, detail);
  }

  /** Something of this Worker's own was found damaged: its next `enter` repairs. */
  doubt(this: Held<Heap>): void {
    this.dirty = true;
    this.control.words[DIRTY_WORD] = 1;
    this.control.add(ControlDouble.damaged, 1);
  }

  /** Whether an exception of this Worker left something that its next `enter` repairs. */
  get isDoubtful(): boolean {
    return this.dirty;
  }

  private get isDirty(): boolean {
    return this.dirty || this.control.words[DIRTY_WORD] !== 0;
  }

  private repair(this: Held<Heap>): void {
    this.thrifty = false;
    this.isBare = false;
    this.recover(this, this.dirty);
    this.control.words[DIRTY_WORD] = 0;
    this.dirty = false;
  }

  /** Asks all windows, the preferred one first, then a new one. `alignment` 0: any. */
  private ask(
    this: Held<Heap>,
    preferred: number,
    least: number,
    most: number,
    alignment: number,
  ): WordIndex | 0 {
    const count = this.windows.length;
    let bound: MemoryBound = "window";
    for (let turn = 0; turn < count; turn++) {
      const index = (preferred + turn) % count;
      const block = this.askWindow(index, least, most, alignment);
      if (block !== 0) return block;
      if (this.refusal.bound !== "window") bound = this.refusal.bound;
    }
    this.refusal.bound = bound;
    if (bound !== "window" || !this.openWindow()) return 0;
    return this.askWindow(count, least, most, alignment);
  }

  /** Asks one window; what this Worker keeps in it is merged before it grows. */
  private askWindow(
    this: Held<Heap>,
    index: number,
    least: number,
    most: number,
    alignment: number,
  ): WordIndex | 0 {
    this.thrifty = this.keptGranules(index) >= least;
    let block = this.askPolicy(index, least, most, alignment);
    if (block === 0 && this.thrifty && releaseOne(this, index, least))
      block = this.askPolicy(index, least, most, alignment);
    while (block === 0 && this.thrifty) {
      this.thrifty = this.mergeSpare(index);
      block = this.askPolicy(index, least, most, alignment);
    }
    this.thrifty = false;
    if (block === 0) return 0;
    const served = this.serve(index, block);
    // Of free memory that is not touched, the limit may have room for less.
    const isLess = served === 0 && most > least && this.windows[index]!.policy.divisible;
    return isLess ? this.askWindow(index, least, least, alignment) : served;
  }

  private askPolicy(
    this: Held<Heap>,
    index: number,
    least: number,
    most: number,
    alignment: number,
  ): WordIndex | 0 {
    const { policy } = this.windows[index]!;
    return alignment === 0 ? policy.allocate(least, most) : policy.allocateAligned(least, alignment);
  }

  /** Gives a part of what this Worker keeps in a window back. False if that is little, or on no list. */
  private mergeSpare(this: Held<Heap>, index: number): boolean {
    const least = this.spareGranules(index);
    const kept = this.keptGranules(index);
    if (kept <= least) return false;
    releaseKept(
      this,
      index,
      Math.max(
        least >>> 1,
        kept - Math.max(Math.ceil(kept / MERGED_SHARE), MERGED_LEAST_BYTES / GRANULE_BYTES),
      ),
    );
    // Where a link was overwritten with 0, less is on the lists than is counted.
    return this.keptGranules(index) < kept;
  }

  /** Whether this Worker keeps anything on its lists. Any time. */
  get keepsBlocks(): boolean {
    for (let index = 0; index < this.windows.length; index++) if (this.keptGranules(index) !== 0) return true;
    return false;
  }

  /** Granules of all that this Worker keeps in a window. */
  private keptGranules(index: number): number {
    return this.windows[index]!.space.words[cacheOfSlot(this.slot) + CacheWord.kept]!;
  }

  /** Granules that this Worker may keep although the window grows. */
  private spareGranules(index: number): number {
    const { space } = this.windows[index]!;
    return Math.max(SPARE_LEAST_BYTES, ((space.top - space.first) * 4) / SPARE_SHARE) / GRANULE_BYTES;
  }

  /** Charges a block that the policy gave. If the limit has no room for it, it goes back as it was: 0. */
  private serve(this: Held<Heap>, index: number, block: WordIndex): WordIndex | 0 {
    const { space, policy } = this.windows[index]!;
    if (!this.isBare) space.touch(block);
    if (this.isLimited && !fits(this, 0)) {
      policy.free(block);
      this.withdraw(index);
      return 0;
    }
    this.servedBy = index;
    if (this.isBare) return block;
    this.control.add(ControlDouble.takenBlocks, 1);
    this.control.add(ControlDouble.takenBytes, payloadBytes(space.granules(block)));
    this.control.notePeak();
    return block;
  }

  private countResize(this: Held<Heap>, granules: number): void {
    this.control.add(ControlDouble.takenBytes, granules * GRANULE_BYTES);
  }

  /**
   * What was about to be used is free again: takes the charge back. Where a policy does not merge, the headers of the
   * pieces stay; then free memory is filed anew, whole.
   */
  private withdraw(this: Held<Heap>, index: number): false {
    const part = this.windows[index]!;
    part.policy.compact();
    trimWindow(this, part);
    if (!fits(this, 0)) {
      this.recover(this, false);
      trimWindow(this, part);
    }
    return this.refuse("limit", 0);
  }

  private openWindow(this: Held<Heap>): boolean {
    const { pages } = this.platform;
    const { doubles, words } = this.control;
    const number = this.windows.length;
    if (number >= ControlDouble.windowBytes - ControlDouble.windowBases) return false;
    const { base, byteLength } = reserveWindow(pages, this.geometry.reserveBytes);
    if (base < 0) return this.refuse("system", base);
    this.passage.note(base, byteLength);
    const window = Window.create(pages, base as Address, byteLength, number);
    if (typeof window === "number") {
      endPassing(this, 0, true);
      return this.refuse("system", window);
    }
    window.words[WindowWord.look] = this.windows[0]!.window.words[WindowWord.look]!;
    doubles[ControlDouble.windowBases + number] = base;
    doubles[ControlDouble.windowBytes + number] = byteLength;
    Atomics.store(words, CONTROL_AREA + ControlWord.windows, number + 1);
    this.passage.arrived();
    this.add(window);
    return true;
  }

  /** What the window calls back for is done under the lock only. */
  private add(this: Heap, window: Window): void {
    const touched = new TouchedPages(window, this.platform.pages.pageSize, (bytes) => {
      (this.control as Held<Control>).add(ControlDouble.committed, bytes);
    });
    const space = new BlockSpace(window, this.geometry.secret, touched, (from, end) => {
      if (this.thrifty && end > window.words[WindowWord.high]!) return false;
      return growWindow(this as Held<Heap>, window, touched, from, end);
    });
    const { policy: number, policyChoice } = this.geometry;
    const policy = policies[number]!.create(space, policyChoice);
    const spans = new SpanTable(window, this.platform.pages);
    spans.refresh();
    this.windows.push({ window, space, policy, spans });
  }
}
