/** Growing the usable part of a window, and the limit that bounds what is touched. */
import { SKIPPED_LEAST_BYTES } from "../core/tunables.ts";
import { endStock, fits } from "../large/stock.ts";
import type { Held } from "../memory/held.ts";
import { keepSmall } from "../memory/huge-pages.ts";
import { ControlDouble, WindowWord } from "../memory/layout.ts";
import type { TouchedPages } from "../memory/touched.ts";
import type { Window } from "../memory/window.ts";
import type { Heap } from "./heap.ts";

/**
 * Makes a window usable up to the word `end`, of which the words from `from` on are about to be touched. False, nothing
 * changed and `heap.refusal` set, if that cannot be.
 */
export function growWindow(
  heap: Held<Heap>,
  window: Window,
  touched: TouchedPages,
  from: number,
  end: number,
): boolean {
  if (end > window.wordLimit) return heap.refuse("window", 0);
  if (heap.isLimited && !fits(heap, touched.untouchedBytes(from, end))) return heap.refuse("limit", 0);
  const access = window.words.length;
  let errno = window.makeAccessible(end);
  if (errno < 0 && endStock(heap) > 0) errno = window.makeAccessible(end);
  if (errno < 0) return heap.refuse("system", errno);
  const { words } = window;
  if (words.length > access) heap.control.add(ControlDouble.commits, 1);
  if ((from - words[WindowWord.top]!) * 4 >= SKIPPED_LEAST_BYTES) keepSmall(heap.platform.pages, window, end);
  if (end > words[WindowWord.high]!) words[WindowWord.high] = ceilPage(heap, end);
  return true;
}

/** A word index, rounded up to the next border of pages. */
export function ceilPage(heap: Heap, word: number): number {
  const pageWords = heap.platform.pages.pageSize / 4;
  return Math.ceil(word / pageWords) * pageWords;
}
