/** Growing the used prefix of a window: charge it to the limit, make it accessible, record it. Under the lock. */
import { ControlDouble, WindowWord } from "../memory/layout.ts";
import type { Window } from "../memory/window.ts";
import type { Control } from "./control.ts";
import type { Refusal } from "./heap.ts";

/** Makes a window usable up to `endWord`. False, nothing changed and `refusal` set, if that cannot be. */
export function growWindow(
  control: Control,
  window: Window,
  pageSize: number,
  endWord: number,
  refusal: Refusal,
): boolean {
  const high = window.words[WindowWord.high]!;
  if (endWord <= high) return true;
  refusal.errno = 0;
  refusal.bound = "window";
  if (endWord > window.wordLimit) return false;
  const pageWords = pageSize / 4;
  const newHigh = Math.ceil(endWord / pageWords) * pageWords;
  const bytes = (newHigh - high) * 4;
  refusal.bound = "limit";
  if (!control.charge(bytes)) return false;
  const access = window.words.length;
  const errno = window.makeAccessible(newHigh);
  if (errno < 0) {
    control.add(ControlDouble.committed, -bytes);
    refusal.bound = "system";
    refusal.errno = errno;
    return false;
  }
  if (window.words.length > access) control.add(ControlDouble.commits, 1);
  window.words[WindowWord.high] = newHigh;
  control.notePeak();
  return true;
}
