/**
 * Huge pages of a window. From HUGE_FROM_BYTES on a window asks for them: large heaps have fewer page faults and
 * address translations this way, small ones stay small. But the kernel fills a huge page with all its memory as soon as
 * one byte of it is used, and later on fills up those that have holes (khugepaged). So what lies before the word `small`
 * is kept from huge pages: it ends behind the last hole, which is free memory that was given back or never touched.
 *
 * Everything here runs under the arena's lock. Advice is a wish: nothing is made of a refusal, as by a kernel without huge
 * pages. At any time a window has at most four parts with different advice.
 */
import { HUGE_FROM_BYTES, HUGE_PAGE_BYTES } from "../core/tunables.ts";
import type { Address } from "../core/types.ts";
import type { PageSource } from "../platform/platform.ts";
import { WindowWord } from "./layout.ts";
import type { Window } from "./window.ts";

const HUGE_FROM = HUGE_FROM_BYTES / 4;
const HUGE_PAGE = HUGE_PAGE_BYTES / 4;

/** A length in words, rounded up to huge pages where those are asked for. */
export function wholePages(words: number): number {
  return words <= HUGE_FROM ? words : ceilHuge(words);
}

/** The window has grown from `before` words to `after`: asks for huge pages in the rest of it, once. */
export function askForHuge(pages: PageSource, window: Window, before: number, after: number): void {
  if (before > HUGE_FROM || after <= HUGE_FROM) return;
  advise(pages, window, Math.max(HUGE_FROM, window.words[WindowWord.small]!), window.wordLimit, true);
}

/** A hole before `end` is about to be: huge pages would bring its memory back. */
export function keepSmall(pages: PageSource, window: Window, end: number): void {
  const { words } = window;
  const small = words[WindowWord.small]!;
  const wanted = Math.min(ceilHuge(end), window.wordLimit);
  if (wanted <= small) return;
  advise(pages, window, small, wanted, false);
  words[WindowWord.small] = wanted;
}

/** Behind `end` there is nothing any more: the next memory there may have huge pages again, in pages of its own. */
export function settleSmall(pages: PageSource, window: Window, end: number): void {
  keepSmall(pages, window, end);
  const { words } = window;
  const small = words[WindowWord.small]!;
  const wanted = Math.min(ceilHuge(end), window.wordLimit);
  if (wanted >= small) return;
  words[WindowWord.small] = wanted;
  if (words.length > HUGE_FROM && small > HUGE_FROM)
    advise(pages, window, Math.max(HUGE_FROM, wanted), small, true);
}

function advise(pages: PageSource, window: Window, from: number, end: number, wanted: boolean): void {
  if (from < end) pages.adviseHuge((window.base + from * 4) as Address, (end - from) * 4, wanted);
}

function ceilHuge(words: number): number {
  return Math.ceil(words / HUGE_PAGE) * HUGE_PAGE;
}
