/**
 * Giving memory back to the system: the pages behind the header chain's end, the inner pages of free blocks, the stock
 * of large mappings. What is given back is not charged any more (memory/touched.ts).
 *
 * `trim` gives all of it back. `purge` gives back what has been idle for `purgeDelay`, and is asked now and then by
 * whoever has the lock, and by timers (worker/purge-timer.ts). It looks in steps of half the delay, and numbers its looks:
 * a free block notes the number of the look after which it was freed, and goes back when enough looks have passed.
 *
 * What a look cannot give back, because it lies in pages that are partly in use, is remembered (`stuckBytes`): less than
 * PURGE_BYTES beyond it is not worth a look at once. Where that much is idle in all, and anything was freed since, another
 * look is due after PURGE_RECHECK_MS: the last block of many a page may be among it. So PURGE_BYTES bounds what stays idle
 * in whole pages.
 */

import { GRANULE_BYTES, HEADER_BYTES } from "../core/size-classes.ts";
import {
  PURGE_BYTES,
  PURGE_CALLS_MOST,
  PURGE_LOOK_MOST_MS,
  PURGE_RECHECK_MS,
  PURGE_RETRY_MS,
} from "../core/tunables.ts";
import type { Address, WordIndex } from "../core/types.ts";
import { endParked, parkedBlocks } from "../large/parking.ts";
import { endStock, stockedBytes } from "../large/stock.ts";
import { footerIndex, wordsOf } from "../memory/header.ts";
import type { Held } from "../memory/held.ts";
import { keepSmall, settleSmall } from "../memory/huge-pages.ts";
import { CONTROL_AREA, ControlDouble, ControlWord, WindowWord } from "../memory/layout.ts";
import { ceilPage } from "./growth.ts";
import type { Heap, HeapWindow } from "./heap.ts";
import { sweepOrphans } from "./orphans.ts";
import { forEachFreeUnits, forEachStale } from "./segments.ts";

/**
 * Words at the front of a free block that stay, and so does the footer. The runs of `slabs` use a few more, but begin with
 * a page.
 */
const KEPT_WORDS = 4;

/** Any look is long enough ago. */
const ANY = Infinity;

const UNFINISHED = (CONTROL_AREA + ControlWord.unfinished) | 0;
/** A look had no call left; or found memory that was too young. */
const [OUT_OF_CALLS, TOO_YOUNG] = [1, 2];

/** Refused system calls after which a pass ends. */
const REFUSALS_MOST = 8;

/** A look takes place after so many times as long as the last one took. */
const REST_SHARE = 10;

/** One pass over the free memory: what may go back, and what was found. One object, since garbage at each lock stays. */
const pass = {
  /** The youngest look at which memory must have been free. */
  since: 0,
  /** System calls that are left to this pass. */
  calls: 0,
  releasedBytes: 0,
  refusals: 0,
  /** Touched bytes of whole free pages that were too young, for which no call was left, or that the system refused. */
  pendingBytes: 0,
};

/** Gives back every free page there is, after the policies have merged what they put off. Returns bytes. */
export function trim(heap: Held<Heap>): number {
  for (let index = 0; index < heap.windows.length; index++) sweepOrphans(heap, index);
  for (const { policy } of heap.windows) policy.compact();
  releaseFree(heap, ANY, Infinity);
  const bytes = pass.releasedBytes;
  heap.control.doubles[ControlDouble.stuckBytes] = idleBytes(heap);
  heap.control.words[UNFINISHED] = 0;
  endParked(heap, Infinity);
  return bytes + endStock(heap);
}

/** Gives back every free page of one window, as it lies. */
export function trimWindow(heap: Held<Heap>, part: HeapWindow): void {
  startPass(ANY, Infinity);
  releaseWindow(heap, part);
}

/**
 * Gives back what has been idle for the delay. Returns after how many milliseconds somebody should ask again: 0 = there
 * is more than one hold of the lock should take, Infinity = nothing lies idle.
 */
export function purge(heap: Held<Heap>): number {
  const { doubles, words } = heap.control;
  const delay = doubles[ControlDouble.purgeDelay]!;
  if (delay === Infinity) return Infinity;
  const idle = idleBytes(heap);
  if (idle < doubles[ControlDouble.stuckBytes]!) doubles[ControlDouble.stuckBytes] = idle;
  const areWindowsIdle = isWorthALook(heap, idle);
  if (!areWindowsIdle && !isMappingIdle(heap)) return Infinity;
  const now = heap.platform.threads.now();
  const stockWait = purgeStock(heap, now);
  const period = Math.min(delay / 2, PURGE_LOOK_MOST_MS);
  if (words[UNFINISHED] !== OUT_OF_CALLS) {
    const wait = doubles[ControlDouble.lookedAt]! + period - now;
    if (wait > 0) return areWindowsIdle || isMappingIdle(heap) ? Math.min(wait, stockWait) : Infinity;
    startLook(heap, now);
  }
  const windowsWait = areWindowsIdle ? purgeWindows(heap, delay, period) : Infinity;
  const wait = Math.min(stockWait, purgeParked(heap), windowsWait);
  // In a heap with very many free blocks looks are rarer: a tenth of the time at the most.
  if (delay !== 0) doubles[ControlDouble.lookedAt] = now + (heap.platform.threads.now() - now) * REST_SHARE;
  if (!areWindowsIdle || pass.refusals === 0) return wait;
  doubles[ControlDouble.lookedAt] = now + PURGE_RETRY_MS;
  return PURGE_RETRY_MS;
}

/** Whether something lies idle that could go back. Any Worker, any time; without the lock it is a guess. */
export function isIdle(heap: Heap): boolean {
  return isWorthALook(heap, idleBytes(heap)) || isMappingIdle(heap);
}

function isMappingIdle(heap: Heap): boolean {
  return stockedBytes(heap) !== 0 || parkedBlocks(heap) !== 0;
}

/** What is touched in the windows, and neither in use nor in the cache of a Worker. */
export function idleBytes(heap: Heap): number {
  const { doubles } = heap.control;
  const mapped = doubles[ControlDouble.largeBytes]! + stockedBytes(heap);
  const taken = doubles[ControlDouble.takenBytes]! + doubles[ControlDouble.takenBlocks]! * HEADER_BYTES;
  const inSpans = doubles[ControlDouble.unitBytes]! + doubles[ControlDouble.stateBytes]!;
  return doubles[ControlDouble.committed]! - mapped - taken - inSpans;
}

/** From here on what is freed notes another number. */
function startLook(heap: Held<Heap>, now: number): void {
  heap.control.doubles[ControlDouble.lookedAt] = now;
  for (let index = 0; index < heap.windows.length; index++) {
    const { words } = heap.windows[index]!.space;
    words[WindowWord.look] = (words[WindowWord.look]! + 1) | 0;
  }
}

function purgeStock(heap: Held<Heap>, now: number): number {
  if (stockedBytes(heap) === 0) return Infinity;
  const { doubles } = heap.control;
  const wait = doubles[ControlDouble.stockSince]! + doubles[ControlDouble.purgeDelay]! - now;
  if (wait > 0) return wait;
  endStock(heap);
  return Infinity;
}

/** Freed mappings that could not be ended are tried again, as long as there are any. */
function purgeParked(heap: Held<Heap>): number {
  endParked(heap, PURGE_CALLS_MOST);
  return parkedBlocks(heap) === 0 ? Infinity : PURGE_LOOK_MOST_MS;
}

/** Much is idle; or a look has begun to give something back, and goes on until nothing is left; or it is time again. */
function isWorthALook({ control, platform }: Heap, idle: number): boolean {
  const { doubles, words } = control;
  const more = idle - doubles[ControlDouble.stuckBytes]!;
  if (words[UNFINISHED] !== 0 || more >= PURGE_BYTES) return true;
  if (more <= 0 || idle < PURGE_BYTES) return false;
  return platform.threads.now() >= doubles[ControlDouble.lookedAt]! + PURGE_RECHECK_MS;
}

function purgeWindows(heap: Held<Heap>, delay: number, period: number): number {
  const { doubles, words } = heap.control;
  for (let index = 0; index < heap.windows.length; index++) sweepOrphans(heap, index);
  const look = heap.windows[0]!.space.words[WindowWord.look]!;
  const since = delay === 0 ? ANY : look - Math.ceil(delay / period);
  releaseFree(heap, since, PURGE_CALLS_MOST);
  const pending = pass.pendingBytes;
  doubles[ControlDouble.stuckBytes] = idleBytes(heap) - pending;
  words[UNFINISHED] = isOutOfCalls() ? OUT_OF_CALLS : pending > 0 ? TOO_YOUNG : 0;
  if (isOutOfCalls()) return 0;
  return pending > 0 ? period : Infinity;
}

/** Gives back the pages that were free at the look `since`, and ever since. */
function releaseFree(heap: Held<Heap>, since: number, calls: number): void {
  startPass(since, calls);
  for (let index = 0; index < heap.windows.length; index++) releaseWindow(heap, heap.windows[index]!);
}

/** Whether the pass ended early and is to go on at once. */
function isOutOfCalls(): boolean {
  return pass.calls <= 0 && pass.refusals === 0;
}

function startPass(since: number, calls: number): void {
  pass.since = since;
  pass.calls = calls;
  pass.releasedBytes = 0;
  pass.refusals = 0;
  pass.pendingBytes = 0;
}

function releaseWindow(heap: Held<Heap>, part: HeapWindow): void {
  releaseTop(heap, part);
  releaseBlocks(heap, part);
  releaseUnits(heap, part);
}

/**
 * What lies behind the end of the chain. Its border falls when blocks at the end are freed; `quietFrom` is where it was
 * at most since the look `quietSince`. When all behind `quietFrom` has gone back, that is set anew.
 */
function releaseTop(heap: Held<Heap>, { window, space }: HeapWindow): void {
  const { words, touched } = space;
  const end = ceilPage(heap, space.end);
  const quiet = pass.since === ANY ? end : Math.max(end, ceilPage(heap, words[WindowWord.quietFrom]!));
  const isOld = pass.since === ANY || ((words[WindowWord.quietSince]! - pass.since) | 0) <= 0;
  if (isOld && quiet < words[WindowWord.high]!) {
    // The rest of the huge page that it ends in goes too.
    if (releasePages(heap, space, quiet, words[WindowWord.high]!, window.residentEnd)) {
      words[WindowWord.high] = quiet;
      settleSmall(heap.platform.pages, window, quiet);
    }
  }
  if (touched.bytesIn(quiet, words[WindowWord.high]!) === 0) {
    words[WindowWord.quietFrom] = space.end;
    words[WindowWord.quietSince] = words[WindowWord.look]!;
  }
  pass.pendingBytes += touched.bytesIn(end, words[WindowWord.high]!);
}

/** Whether what was freed after the look with this number has not been free for long enough. The numbers go round. */
function isYounger(look: number): boolean {
  return pass.since !== ANY && ((look - pass.since) | 0) >= 0;
}

function releaseBlocks(heap: Held<Heap>, { window, space, policy }: HeapWindow): void {
  const { pages } = heap.platform;
  policy.forEachFree(pages.pageSize / GRANULE_BYTES, (block: WordIndex) => {
    const from = ceilPage(heap, block + KEPT_WORDS);
    const footer = footerIndex(block, wordsOf(space.words[block - 2]!));
    const end = footer - (footer % (pages.pageSize / 4));
    const bytes = space.touched.bytesIn(from, end);
    if (bytes === 0) return;
    if (isYounger(space.freeSince(block)) || pass.calls <= 0) {
      pass.pendingBytes += bytes;
      return;
    }
    keepSmall(pages, window, end);
    // What the system refuses is tried again.
    if (!releasePages(heap, space, from, end, end)) pass.pendingBytes += bytes;
  });
}

/** Units that no span has, and the states of segments that are gone. */
function releaseUnits(heap: Held<Heap>, part: HeapWindow): void {
  const { space, window } = part;
  const pageWords = heap.platform.pages.pageSize / 4;
  forEachFreeUnits(part, (first, last, since) => {
    const from = ceilPage(heap, first);
    const end = last - (last % pageWords);
    const bytes = space.touched.bytesIn(from, end);
    if (bytes === 0) return;
    if (isYounger(since) || pass.calls <= 0) {
      pass.pendingBytes += bytes;
      return;
    }
    keepSmall(heap.platform.pages, window, end);
    if (!releasePages(heap, space, from, end, end)) pass.pendingBytes += bytes;
  });
  forEachStale(heap, part, (address, byteLength) => {
    if (pass.calls <= 0) return false;
    pass.calls--;
    if (heap.platform.pages.release(address, byteLength) < 0) {
      heap.control.add(ControlDouble.refusedReturns, 1);
      return false;
    }
    pass.releasedBytes += byteLength;
    heap.control.add(ControlDouble.releasedBytes, byteLength);
    heap.control.add(ControlDouble.releases, 1);
    return true;
  });
}

/** Gives a range of words back, and what huge pages have brought in behind it up to `residentEnd`. False if refused. */
function releasePages(
  heap: Held<Heap>,
  { window, touched }: HeapWindow["space"],
  from: number,
  end: number,
  residentEnd: number,
): boolean {
  const bytes = touched.bytesIn(from, end);
  if (bytes === 0) return true;
  pass.calls--;
  const address = (window.base + from * 4) as Address;
  if (heap.platform.pages.release(address, (residentEnd - from) * 4) < 0) {
    heap.control.add(ControlDouble.refusedReturns, 1);
    // Where some are refused others will be too.
    if (++pass.refusals >= REFUSALS_MOST) pass.calls = 0;
    return false;
  }
  touched.forget(from, end);
  pass.releasedBytes += bytes;
  heap.control.add(ControlDouble.releasedBytes, bytes);
  heap.control.add(ControlDouble.releases, 1);
  return true;
}
