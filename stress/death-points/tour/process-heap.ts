/** The first use of the process-wide heap in the process. */
import { Entry, heapEntry, NOBODY, Phase, stateOf } from "../insides.ts";
import { tell, Word } from "../trial-memory.ts";
import type { Guide } from "./guide.ts";

export function processHeap(guide: Guide): void {
  const { build } = guide;
  const { heap, Arena, malloc, calloc, realloc, alignedAlloc, usableSize, free } = build;
  tell(guide.memory.words, Word.usesHeap, 1);
  free(null);
  guide.refusing("reserve", () => guide.fails("OutOfMemoryError", () => malloc(10)));
  const pointer = realloc(realloc(null, 10), 60_000);
  usableSize(pointer);
  free(pointer);
  free(malloc(10));
  free(calloc(2, 10));
  free(alignedAlloc(64, 100));
  const text = build.cstring("text");
  build.write.u8(text, 1, build.read.u8(text));
  build.copy(text, text + 1, 2);
  build.fill(text, 65, 4);
  build.compare(text, text + 1, 2);
  build.readCString(text);
  free(text);
  Arena.attach(heap.handle);
  guide.fails("ArenaError", () => heap.reset());
  guide.fails("ArenaError", () => heap.dispose());
  heap.detach();
  heap.owner;
  heap.detach();
}

/** Another thread is about to make it, and dies. */
export function builders(guide: Guide): void {
  const { build, threads } = guide;
  const { heap } = build;
  tell(guide.memory.words, Word.usesHeap, 1);
  const { words, at } = heapEntry(build);
  const state = stateOf(Phase.building, NOBODY);
  words[at + Entry.state] = state;
  const leaves = () => void Atomics.store(words, at + Entry.state, Phase.vacant);
  guide.replacing(
    threads,
    "isAlive",
    () => true,
    () => {
      guide.replacing(threads, "yield", leaves, () => heap.owner);
    },
  );
  heap.detach();
}
