/**
 * One Worker's attachment to an arena: its slot, its caches, and every request that the caches' fast path does not
 * answer. Arguments are checked by the caller (`api/arena.ts`); pointers are checked here.
 */

import { checkAlignment, checkPointer, checkSize } from "../core/arguments.ts";
import { ArenaError, OutOfMemoryError } from "../core/errors.ts";
import {
  classForRequest,
  classGranules,
  classOfBlock,
  GRANULE_BYTES,
  granulesFor,
  ROUNDED_GRANULES,
} from "../core/size-classes.ts";
import { SPAN_CLASSES, spanClassFor } from "../core/span-classes.ts";
import { REFILL_REQUESTS, SLOTS, SPAN_MOST_BYTES } from "../core/tunables.ts";
import type { Pointer, SlotNumber, WordIndex } from "../core/types.ts";
import { adoptDead, moveIn } from "../death/adoption.ts";
import type { Heap } from "../heap/heap.ts";
import { keptMost, largestKept, releaseKept, verifyFirst } from "../heap/kept.ts";
import { trim } from "../heap/trim.ts";
import { mapLarge, unmapLarge } from "../large/blocks.ts";
import { endStock, keepsStock } from "../large/stock.ts";
import type { Held } from "../memory/held.ts";
import { CacheWord } from "../memory/layout.ts";
import { FORMER_SHIFT } from "../memory/span-table.ts";
import { freeRemotely } from "../spans/remote.ts";
import { classOfSpan, ownerOfSpan, spanAt } from "../spans/span.ts";
import type { Access } from "./access.ts";
import { firstHomes, flush, noneBrought, refill, restock } from "./batches.ts";
import { claim, settleStale } from "./claims.ts";
import { FastPath, type SlowPath } from "./fast-path.ts";
import { WindowCache } from "./lists.ts";
import { growSpans, Magazines } from "./magazines.ts";
import { reallocatePointer } from "./pointer-calls.ts";
import { PurgeTimer } from "./purge-timer.ts";
import { freePointer } from "./release.ts";
import { upkeep } from "./upkeep.ts";

/** Gives a block, or the empty spans of a class, of the window of these magazines back. */
type GiveBack = (heap: Held<Heap>, magazines: Magazines, what: number) => void;
const releaseBlock: GiveBack = (heap, { number }, block) => heap.release(number, block as WordIndex);
const dropSpans: GiveBack = (heap, magazines, cls) => magazines.dropEmpty(heap, cls, 1);

export class Attachment implements SlowPath {
  readonly caches: WindowCache[] = [];
  /** Of the same windows. */
  readonly magazines: Magazines[] = [];
  readonly fastPath: FastPath;
  /** Number of the window that had free memory the last time: the fast path is pointed at its cache. */
  private preferred = 0;
  private readonly brought = noneBrought();
  private readonly homes = firstHomes();
  /** Requests of each class that lists serve before it has spans. */
  private readonly untilSpans = new Int32Array(SPAN_CLASSES);
  /** Granules of the largest block that this Worker keeps. */
  private readonly largestKept: number;
  private readonly purgeTimer: PurgeTimer;
  private access: Access | undefined;

  /** Takes a slot. Throws ArenaError "too-many-workers" if all belong to living Workers. */
  constructor(readonly heap: Heap) {
    const { slot, inherited } = heap.slots.claim();
    if (slot === 0) {
      throw new ArenaError(
        "too-many-workers",
        `${SLOTS} Workers are attached to this arena; none can join until one ends`,
      );
    }
    this.largestKept = largestKept(heap.geometry);
    this.purgeTimer = new PurgeTimer(heap, this.magazines);
    heap.occupy(slot);
    try {
      moveIn(heap, inherited);
      this.followCaches();
      this.purgeTimer.start();
    } catch (error) {
      if (heap.slots.countAttachment(slot, -1) === 0) heap.slots.retire(slot, heap.slots.ownerOf(slot));
      throw error;
    }
    this.untilSpans.fill(heap.hasSpans ? heap.spanAfterRequests : 2 ** 31 - 1);
    this.fastPath = new FastPath(
      this,
      heap.platform.pages,
      this.caches[0]!,
      this.magazines[0]!,
      this.untilSpans,
      this.largestKept,
      keptMost(heap),
    );
  }

  get slot(): SlotNumber {
    return this.heap.slot as SlotNumber;
  }

  /** For the fast path: what it could not serve. Checks the size. */
  mallocSlow(size: number): Pointer {
    checkSize("size", size);
    try {
      return this.malloc(size);
    } catch (error) {
      throw this.heap.unheld(error);
    }
  }

  /** For the fast path: what it could not serve. Checks alignment and size. */
  alignedSlow(alignment: number, size: number): Pointer {
    checkAlignment(alignment);
    checkSize("size", size);
    if (alignment <= GRANULE_BYTES) return this.fastPath.malloc(size);
    const fast = this.alignedInSpan(alignment, size);
    if (fast !== 0) return fast;
    try {
      return this.alignedAlloc(alignment, size);
    } catch (error) {
      throw this.heap.unheld(error);
    }
  }

  /** For the fast path: what it could not reallocate. Checks pointer and size. */
  reallocSlow(pointer: unknown, size: number): Pointer {
    const address = checkPointer(pointer);
    checkSize("size", size);
    if (address === 0) return this.fastPath.malloc(size);
    try {
      return reallocatePointer(this, address, size);
    } catch (error) {
      throw this.heap.unheld(error);
    }
  }

  /** For the fast path: what it could not file. Checks the pointer. */
  freeSlow(pointer: unknown): void {
    const address = checkPointer(pointer);
    if (address === 0) return;
    try {
      // First: an exception afterwards would tell of a free that was made.
      this.purgeTimer.catchUp();
      freePointer(this, address);
    } catch (error) {
      throw this.heap.unheld(error);
    }
  }

  /** An empty class, a size without one, a large request. */
  private malloc(byteLength: number): Pointer {
    this.purgeTimer.catchUp();
    const pointer = this.tryMalloc(byteLength);
    if (pointer !== 0) return pointer;
    this.relieve();
    const second = this.tryMalloc(byteLength);
    if (second !== 0) return second;
    // A policy that takes more than a request needs may find no room where a stricter alignment would: as below.
    const last = this.heap.refusal.bound === "limit" ? mapLarge(this.heap, byteLength, 1) : 0;
    if (last !== 0) return last as Pointer;
    throw this.outOfMemory(byteLength);
  }

  /** A block of a span whose size is a multiple of the alignment; 0 if there is no such class, or no memory for a span. */
  private alignedInSpan(alignment: number, size: number): Pointer | 0 {
    const rounded = Math.max(Math.ceil(size / alignment), 1) * alignment;
    if (!this.heap.hasSpans || rounded > SPAN_MOST_BYTES) return 0;
    const pointer = this.fastPath.malloc(rounded);
    if (pointer % alignment === 0) return pointer;
    this.fastPath.free(pointer);
    return 0;
  }

  /** A block whose payload starts at a multiple of `alignment`, a power of two above 16. */
  private alignedAlloc(alignment: number, byteLength: number): Pointer {
    const isLarge = byteLength + alignment > this.heap.geometry.largeThresholdBytes;
    for (let attempt = 0; attempt < 2; attempt++) {
      if (attempt === 1) this.relieve();
      const pointer = isLarge ? 0 : this.allocateAligned(alignment, byteLength);
      // Refused in a window, which has a part to skip, it may fit all the same: as a stricter alignment would.
      const last =
        pointer === 0 && (isLarge || attempt === 1) ? mapLarge(this.heap, byteLength, alignment) : pointer;
      if (last !== 0) return last as Pointer;
    }
    throw this.outOfMemory(byteLength);
  }

  /**
   * Frees a block that is in use and undamaged. False if another Worker was faster. If it throws, because something
   * else was found damaged or the stack is full, the claim stands until it is settled, which frees the block.
   */
  freeBlock(cache: WindowCache, block: WordIndex): boolean {
    settleStale(this.heap, cache);
    const { words, entries } = cache;
    words[entries + CacheWord.freeing] = block;
    const claimed = claim(this.heap, cache, block);
    if (claimed) this.discard(cache, block);
    words[entries + CacheWord.freeing] = 0;
    return claimed;
  }

  /** Frees a block of a span that is in use, as it seems. False if another Worker was faster. */
  freeSpanBlock(index: number, granule: number): boolean {
    const magazines = this.magazines[index]!;
    const { table } = magazines;
    const state = table.states[granule >>> 1]!;
    const span = spanAt(table, granule);
    if (ownerOfSpan(table, span) !== this.slot || state >>> FORMER_SHIFT !== 0)
      return freeRemotely(this.caches[index]!.words, table, granule);
    const cls = classOfSpan(table, span);
    this.followWindows();
    if (magazines.isFull(cls)) magazines.flush(cls);
    if (magazines.emptied !== 0) {
      this.dropEmptySpans(index);
      // A repair may have come with the lock: then the span is nobody's.
      return this.freeSpanBlock(index, granule);
    }
    return magazines.put(cls, granule);
  }

  /** Keeps a claimed block, or gives it back to the heap if it is too large for that. */
  discard(cache: WindowCache, block: WordIndex): void {
    const granules = cache.words[block - 2]! >>> 4;
    if (this.heap.geometry.workerCache && granules <= this.largestKept) {
      if (cache.kept >= keptMost(this.heap)) flush(this.heap, cache.number);
      // The fast path's bound may be of a time when less might be kept.
      this.followWindows();
      this.purgeTimer.lookLaterIf(true);
      cache.put(block);
      return;
    }
    this.giveBack(releaseBlock, cache.number, block);
  }

  /** Gives back what a flush has emptied in a window. */
  private dropEmptySpans(index: number): void {
    const magazines = this.magazines[index]!;
    const cls = magazines.emptied;
    magazines.emptied = 0;
    this.giveBack(dropSpans, index, cls);
  }

  /** Takes the lock for a free, and looks after the arena too. `act` is no closure: garbage at each lock would stay. */
  private giveBack(act: GiveBack, index: number, what: number): void {
    this.heap.enter();
    let idle = false;
    try {
      act(this.heap, this.magazines[index]!, what);
      idle = upkeep(this.heap) !== Infinity;
    } catch (error) {
      throw this.heap.repaired(error, "free");
    } finally {
      this.heap.leave();
    }
    this.purgeTimer.lookLaterIf(idle);
  }

  /** Several blocks were brought: what is not used goes back after the purge delay. */
  private watchKept(): void {
    // First: blocks of these sizes may never need more than the fast path.
    this.purgeTimer.catchUp();
    this.purgeTimer.lookLaterIf(true);
  }

  /** Ends the large block at `address` (large/blocks.ts); a mapping that is kept goes back after the purge delay. */
  freeLarge(address: number, claimed = false): boolean | "corrupt" {
    // First: an exception afterwards would tell of a free that was made.
    this.purgeTimer.lookLaterIf(keepsStock(this.heap.geometry));
    return unmapLarge(this.heap, address, claimed);
  }

  /** Follows other Workers' windows and views. */
  followWindows(): void {
    this.followCaches();
    const { caches, magazines, preferred } = this;
    this.fastPath.pointTo(caches[preferred]!, magazines[preferred]!, keptMost(this.heap));
  }

  /** Gives the caches of this Worker and of dead ones, and all free pages, back. Returns bytes given to the system. */
  trim(): number {
    this.heap.enter();
    try {
      // First: a repair tells of what the dead have freed in this Worker's spans.
      adoptDead(this.heap);
      this.drainAll(this.heap);
      return trim(this.heap);
    } catch (error) {
      throw this.heap.repaired(error, "trim");
    } finally {
      this.heap.leave();
    }
  }

  /** Leaves the arena: the caches go back, the slot retires. */
  detach(): void {
    const { slots } = this.heap;
    if (slots.countAttachment(this.slot, 0) > 1) {
      this.purgeTimer.stop();
      slots.countAttachment(this.slot, -1);
      return;
    }
    this.heap.enter();
    try {
      this.drainAll(this.heap);
      for (const magazines of this.magazines) magazines.leave(this.heap);
      // Nobody else may look after it.
      endStock(this.heap);
    } catch (error) {
      throw this.heap.repaired(error, "detach");
    } finally {
      this.heap.leave();
    }
    this.purgeTimer.stop();
    slots.countAttachment(this.slot, -1);
    slots.retire(this.slot, slots.ownerOf(this.slot));
  }

  /** Before the arena is unmapped: nothing of this object may run any more. */
  leaveForGood(): void {
    this.purgeTimer.stop();
  }

  outOfMemory(byteLength: number): OutOfMemoryError {
    const { heap } = this;
    const { bound, errno } = heap.refusal;
    const { limitBytes, reserveBytes } = heap.geometry;
    const detail = {
      limit: `the arena's limit is ${limitBytes} bytes`,
      window: `all windows of ${reserveBytes} bytes are full`,
      system: `the system refused: ${heap.platform.pages.describeError(errno)}`,
    }[bound];
    return new OutOfMemoryError(bound, byteLength, heap.control.committedBytes, detail);
  }

  /** Gives this Worker's caches and magazines back. */
  private drainAll(heap: Held<Heap>): void {
    for (let index = 0; index < heap.windows.length; index++) releaseKept(heap, index, 0);
    for (let index = 0; index < this.magazines.length; index++) this.magazines[index]!.drain(heap);
  }

  /** From now on these views follow the windows. */
  shareViews(access: Access): void {
    this.access = access;
    access.renew(this.caches[0]!.window);
  }

  /** For a message: in which other arena of this Worker's an address lies; "" = in none. */
  elsewhere(address: number): string {
    return this.access?.elsewhere(address) ?? "";
  }

  private followCaches(): void {
    this.heap.refresh();
    const { windows, geometry } = this.heap;
    for (let number = this.caches.length; number < windows.length; number++) {
      const { window } = windows[number]!;
      this.magazines.push(new Magazines(this.heap, number));
      this.caches.push(new WindowCache(window, number, geometry.secret, this.slot));
    }
    for (let number = 0; number < this.caches.length; number++) {
      this.caches[number]!.sync();
      this.magazines[number]!.sync();
    }
    this.access?.renew(this.caches[0]!.window);
  }

  private tryMalloc(byteLength: number): Pointer | 0 {
    const heap: Heap = this.heap;
    if (byteLength > heap.geometry.largeThresholdBytes) return mapLarge(heap, byteLength, 1) as Pointer | 0;
    if (byteLength <= SPAN_MOST_BYTES && heap.hasSpans) {
      const pointer = this.fillAndTake(byteLength);
      if (pointer !== 0) return pointer;
    }
    const granules = granulesFor(byteLength);
    const cls = classForRequest(granules);
    if (heap.geometry.workerCache && granules <= ROUNDED_GRANULES && classGranules[cls]! <= this.largestKept)
      return this.refillAndTake(byteLength, cls);
    heap.enter();
    try {
      verifyFirst(heap, this.preferred, granules);
      const block = heap.allocate(granules, this.preferred);
      if (block === 0) return 0;
      heap.handOut(heap.servedBy, block, byteLength);
      this.serveFrom(heap.servedBy);
      return this.caches[this.preferred]!.window.pointerTo(block);
    } catch (error) {
      throw heap.repaired(error, "malloc");
    } finally {
      heap.leave();
    }
  }

  /** A block of a span, or, if no memory for a span is to be had, of a list; 0 if that is empty too. */
  private fillAndTake(byteLength: number): Pointer | 0 {
    const cls = spanClassFor[(byteLength + GRANULE_BYTES - 1) >>> 4]!;
    if (this.untilSpans[cls]! > 0) {
      this.untilSpans[cls] = Math.max(this.untilSpans[cls]! - REFILL_REQUESTS, 1);
      return 0;
    }
    // Another attachment of this thread may have filled magazines with blocks that lie behind the end of this one's views.
    this.followWindows();
    // Another window than the fast path looks at may have free blocks.
    for (let turn = 0; turn < this.magazines.length; turn++) {
      const index = (this.preferred + turn) % this.magazines.length;
      if (this.magazines[index]!.isEmpty(cls) && !this.magazines[index]!.fill(cls)) continue;
      if (index !== this.preferred) this.serveFrom(index);
      return this.fastPath.mallocReady(byteLength);
    }
    const index = growSpans(this.heap, this.magazines, this.preferred, cls);
    if (index < 0) {
      // Lists serve it meanwhile, if they can.
      this.untilSpans[cls] = this.heap.spanAfterRequests + REFILL_REQUESTS * 2;
      return this.fastPath.mallocReady(byteLength);
    }
    this.serveFrom(index);
    this.magazines[index]!.fill(cls);
    const pointer = this.fastPath.mallocReady(byteLength);
    // In a window this Worker had no magazines in yet: once more.
    return pointer !== 0 ? pointer : this.fillAndTake(byteLength);
  }

  /** A block of a list; 0 if no memory for it is to be had. */
  private refillAndTake(byteLength: number, cls: number): Pointer | 0 {
    if (!this.fillList(cls)) return 0;
    const pointer = this.fastPath.mallocReady(byteLength);
    // In a window this Worker had no cache in yet: once more. Or what was brought is damaged, which `fillList` finds.
    return pointer !== 0 ? pointer : this.refillAndTake(byteLength, cls);
  }

  private fillList(cls: number): boolean {
    const cache = this.caches[this.preferred]!;
    const head = cache.first(cls);
    if (head !== 0) {
      // Another attachment of this thread may have cached a block behind the end of this one's view.
      if (head < cache.words.length) throw this.damagedList(head);
      this.followWindows();
      if (head >= cache.words.length) throw this.damagedList(head);
      return true;
    }
    const home = this.homes[cls]!;
    if (home !== cls && restock(this.heap, cache, cls, home)) return true;
    const index = refill(this.heap, this.caches, this.preferred, cls, this.brought);
    if (index < 0) return false;
    this.serveFrom(index);
    this.watchKept();
    this.noteHome(cls);
    return true;
  }

  /** Where borders are the policy's own, the blocks it brought may belong to a larger class. */
  private noteHome(cls: number): void {
    if (this.heap.windows[this.preferred]!.policy.divisible) return;
    const cache = this.caches[this.preferred]!;
    const head = cache.first(cls);
    if (head !== 0) this.homes[cls] = classOfBlock(cache.words[head - 2]! >>> 4);
  }

  /** A cached block's link or header was overwritten after its free: the cache is given up and indexed anew. */
  private damagedList(head: number): unknown {
    this.heap.enter();
    try {
      return this.heap.repaired(this.heap.windows[this.preferred]!.space.damaged(head), "malloc");
    } finally {
      this.heap.leave();
    }
  }

  private serveFrom(index: number): void {
    this.preferred = index;
    this.followWindows();
  }

  private allocateAligned(alignment: number, byteLength: number): Pointer | 0 {
    const heap: Heap = this.heap;
    const wanted = granulesFor(byteLength);
    // As large as its class, so that its free files it where the next request looks.
    const granules = wanted <= ROUNDED_GRANULES ? classGranules[classForRequest(wanted)]! : wanted;
    heap.enter();
    try {
      const block = heap.allocateAligned(granules, this.preferred, alignment);
      if (block === 0) return 0;
      heap.handOut(heap.servedBy, block, byteLength);
      this.serveFrom(heap.servedBy);
      return this.caches[this.preferred]!.window.pointerTo(block);
    } catch (error) {
      throw heap.repaired(error, "alignedAlloc");
    } finally {
      heap.leave();
    }
  }

  /** Before a refusal: nothing may lie in caches or idle pages that could serve the request. */
  private relieve(): void {
    const { bound, errno } = this.heap.refusal;
    this.trim();
    this.heap.refusal.bound = bound;
    this.heap.refusal.errno = errno;
  }
}
