/**
 * A window: one reserved range of addresses, of which a growing prefix is accessible. Its base is a multiple of
 * 4 GiB, so that `pointer >>> 2` is the index of the pointer's word in the view, whatever the window.
 *
 * The view is made anew when the accessible prefix grows; each Worker has its own view and finds out on demand.
 */
import { COMMIT_FIRST_BYTES, COMMIT_MOST_BYTES, WINDOW_BYTES } from "../core/tunables.ts";
import type { Address, Pointer, WordIndex } from "../core/types.ts";
import { EEXIST, type PageSource, type SystemResult } from "../platform/platform.ts";
import { askForHuge, wholePages } from "./huge-pages.ts";
import { controlWords, MAGIC, VERSION, WindowWord } from "./layout.ts";

/** Windows are sought at random multiples of 4 GiB between 32 TiB and 96 TiB, where nobody else maps by habit. */
const HINT_FIRST = 2 ** 13;
const HINT_SPAN = 2 ** 14;
const HINT_TRIES = 16;

/** Where address space is scarce, a quarter is tried each time, down to this many bytes. */
const LEAST_WINDOW_BYTES = 2 ** 26;

export interface Reservation {
  /** Base of the window, or a refusal as -errno. */
  readonly base: number;
  readonly byteLength: number;
}

/** Reserves `byteLength` bytes at a multiple of 4 GiB, or less if the system refuses that much. */
export function reserveWindow(pages: PageSource, byteLength: number): Reservation {
  let length = byteLength;
  let base = reserveAligned(pages, length);
  while (base < 0 && length / 4 >= LEAST_WINDOW_BYTES) {
    length /= 4;
    base = reserveAligned(pages, length);
  }
  return { base, byteLength: length };
}

function reserveAligned(pages: PageSource, byteLength: number): SystemResult {
  let refusal = -EEXIST;
  for (let attempt = 0; attempt < HINT_TRIES && refusal === -EEXIST; attempt++) {
    const hint = ((HINT_FIRST + Math.floor(Math.random() * HINT_SPAN)) * WINDOW_BYTES) as Address;
    refusal = pages.reserve(byteLength, hint);
    if (refusal > 0) return refusal;
  }
  // Small address spaces (39 bits) have nothing that high: reserve too much and cut the ends off.
  const wide = pages.reserve(byteLength + WINDOW_BYTES, 0);
  if (wide <= 0) return refusal;
  const base = Math.ceil(wide / WINDOW_BYTES) * WINDOW_BYTES;
  if (base > wide) pages.unmap(wide as Address, base - wide);
  pages.unmap((base + byteLength) as Address, wide + WINDOW_BYTES - base);
  return base;
}

export class Window {
  words: Int32Array;

  private constructor(
    private readonly pages: PageSource,
    readonly base: Address,
    readonly byteLength: number,
    accessWords: number,
  ) {
    this.words = pages.words(base, accessWords * 4);
  }

  /** Makes a window in a fresh reservation. Returns a refusal as -errno; the caller unmaps then. */
  static create(pages: PageSource, base: Address, byteLength: number, number: number): Window | number {
    const control = controlWords(pages.pageSize);
    const refusal = pages.commit(base, control * 4);
    if (refusal < 0) return refusal;
    const window = new Window(pages, base, byteLength, control);
    const words = window.words;
    words[WindowWord.version] = VERSION;
    words[WindowWord.number] = number;
    words[WindowWord.first] = control + 4;
    words[WindowWord.top] = control + 4;
    words[WindowWord.high] = control;
    words[WindowWord.access] = control;
    words[WindowWord.small] = control;
    words[WindowWord.quietFrom] = control;
    Atomics.store(words, WindowWord.magic, MAGIC);
    return window;
  }

  /** Opens a window that another Worker made. */
  static open(pages: PageSource, base: Address, byteLength: number): Window {
    const window = new Window(pages, base, byteLength, controlWords(pages.pageSize));
    window.refresh();
    return window;
  }

  /** Whether the view is as long as the window. Any Worker, any time. */
  get isCurrent(): boolean {
    return Atomics.load(this.words, WindowWord.access) === this.words.length;
  }

  /** Takes a new view if the window has grown. True if it had. Any Worker, any time. */
  refresh(): boolean {
    const access = Atomics.load(this.words, WindowWord.access);
    if (access === this.words.length) return false;
    this.words = this.pages.words(this.base, access * 4);
    return true;
  }

  /** Makes at least `endWord` words accessible. Under the lock. Returns a refusal as -errno. */
  makeAccessible(endWord: number): SystemResult {
    const access = this.words[WindowWord.access]!;
    if (endWord <= access) return 0;
    const pageWords = this.pages.pageSize / 4;
    const pageEnd = Math.ceil(endWord / pageWords) * pageWords;
    const stepBytes = Math.min(Math.max(access * 4, COMMIT_FIRST_BYTES), COMMIT_MOST_BYTES);
    let end = Math.min(wholePages(Math.max(access + stepBytes / 4, pageEnd)), this.wordLimit);
    let refusal = this.pages.commit((this.base + access * 4) as Address, (end - access) * 4);
    if (refusal < 0 && end > pageEnd) {
      end = pageEnd;
      refusal = this.pages.commit((this.base + access * 4) as Address, (end - access) * 4);
    }
    if (refusal < 0) return refusal;
    askForHuge(this.pages, this, access, end);
    Atomics.store(this.words, WindowWord.access, end);
    this.refresh();
    return 0;
  }

  /** Words from the base behind which nothing is resident: `high`, or the end of the huge page that it lies in. */
  get residentEnd(): number {
    return Math.min(wholePages(this.words[WindowWord.high]!), this.words.length);
  }

  /** Words the window can ever have. */
  get wordLimit(): number {
    return this.byteLength / 4;
  }

  pointerTo(block: WordIndex): Pointer {
    return (this.base + block * 4) as Pointer;
  }
}
