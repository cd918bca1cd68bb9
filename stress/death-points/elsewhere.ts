/**
 * What survivors do with the victim's private arena and with the process-wide heap that it was setting up: they may
 * get a result or an error of the allocator's, but must come back.
 */
import { Fault } from "../oracle/fault.ts";
import { directoryEntry, NOBODY, Phase, stateOf, type TestBuild } from "./insides.ts";
import type { Ledger } from "./ledger.ts";
import { Double, type TrialMemory, Victim, Word } from "./trial-memory.ts";

export function elsewhere(build: TestBuild, memory: TrialMemory, ledger: Ledger): void {
  const { words, doubles } = memory;
  if (Atomics.load(words, Word.victim) !== Victim.stopped) return;
  if (doubles[Double.arenaAddress] !== 0) {
    ledger.enter("the victim's arena");
    tryToUse(build, memory);
  }
  if (words[Word.usesHeap] === 1) {
    ledger.enter("the process-wide heap");
    build.heap.free(build.heap.malloc(100));
    build.heap.free(build.heap.malloc(100_000));
    build.heap.detach();
  }
}

/**
 * Marks the arena that the victim has left as one that a dead thread was ending: whoever makes the next arena ends it.
 * Otherwise thousands of victims fill the directory. When nobody uses it any more.
 */
export function endArena(build: TestBuild, memory: TrialMemory): void {
  const address = memory.doubles[Double.arenaAddress]!;
  if (address === 0 || !tryToUse(build, memory)) return;
  const { words, at } = directoryEntry(build, address);
  Atomics.store(words, at, stateOf(Phase.ending, NOBODY));
}

/** False if the victim's private arena could not be used, for a reason that may be. */
function tryToUse(build: TestBuild, { doubles }: TrialMemory): boolean {
  const { ArenaError, InvalidPointerError, OutOfMemoryError } = build;
  const [address, id, version] = [Double.arenaAddress, Double.arenaId, Double.arenaVersion].map(
    (double) => doubles[double]!,
  ) as [number, number, number];
  try {
    const arena = build.Arena.attach({ version, name: "victim's", address, id });
    try {
      if (doubles[Double.arenaIsSound] === 1) arena.check();
      const blocks = Array.from({ length: 20 }, () => arena.malloc(100));
      if (new Set(blocks).size !== blocks.length) throw new Fault("overlap", "in the victim's arena");
      for (const block of blocks) arena.free(block);
      arena.free(arena.malloc(100_000));
      if (doubles[Double.arenaIsSound] === 1) arena.check();
    } finally {
      arena.dispose();
    }
    return true;
  } catch (error) {
    const isTyped =
      error instanceof ArenaError ||
      error instanceof InvalidPointerError ||
      error instanceof OutOfMemoryError;
    if (!isTyped) throw error;
    const isDamage =
      error instanceof InvalidPointerError || (error as { code: string }).code === "corrupt-arena";
    if (doubles[Double.arenaIsSound] === 1 && isDamage) throw error;
    return false;
  }
}
