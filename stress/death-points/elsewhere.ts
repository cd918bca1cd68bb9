/**
 * What survivors do with the victim's private arena and with the process-wide heap that it was setting up: they may
 * get a result or an error of the allocator's, but must come back.
 */
import type { TestBuild } from "./insides.ts";
import type { Ledger } from "./ledger.ts";
import { Double, type TrialMemory, Victim, Word } from "./trial-memory.ts";

export function elsewhere(build: TestBuild, memory: TrialMemory, ledger: Ledger): void {
  const { words, doubles } = memory;
  if (Atomics.load(words, Word.victim) !== Victim.stopped) return;
  const address = doubles[Double.arenaAddress]!;
  if (address !== 0) {
    ledger.enter("the victim's arena");
    const [id, version] = [doubles[Double.arenaId]!, doubles[Double.arenaVersion]!];
    tryToUse(build, () => build.Arena.attach({ version, name: "victim's", address, id }));
  }
  if (words[Word.usesHeap] === 1) {
    ledger.enter("the process-wide heap");
    build.heap.free(build.heap.malloc(100));
    build.heap.free(build.heap.malloc(100_000));
    build.heap.detach();
  }
}

function tryToUse(build: TestBuild, attach: () => InstanceType<TestBuild["Arena"]>): void {
  const { ArenaError, InvalidPointerError, OutOfMemoryError } = build;
  try {
    const arena = attach();
    try {
      arena.free(arena.malloc(100));
      arena.free(arena.malloc(100_000));
    } finally {
      arena.dispose();
    }
  } catch (error) {
    const isTyped =
      error instanceof ArenaError ||
      error instanceof InvalidPointerError ||
      error instanceof OutOfMemoryError;
    if (!isTyped) throw error;
  }
}
