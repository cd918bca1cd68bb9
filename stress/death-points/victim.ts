/** The Worker that dies: goes on the tour, stops for ever at its point, and is terminated there. */
import { reportOf } from "../crew/report-fault.ts";
import type { Answer, Order } from "./crew-orders.ts";
import type { TestBuild } from "./insides.ts";
import { Ledger } from "./ledger.ts";
import { tour } from "./tour/index.ts";
import { type TrialMemory, tell, VICTIM, Victim, Word } from "./trial-memory.ts";

declare const self: Worker;

/** The allocator takes `setTimeout` at its import. Its delay is for the clock, which the tour sets forward. */
const startTimer = globalThis.setTimeout;
globalThis.setTimeout = ((act: () => void) => startTimer(act, 1)) as typeof setTimeout;

let build: TestBuild | undefined;
let memory: TrialMemory | undefined;

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  let answer: Answer = { type: "done" };
  try {
    if (data.do === "load") {
      build = await import(data.library);
      memory = data.memory;
    } else if (data.do === "tour") {
      const { words } = memory!;
      if (data.point > 0) build!.arm(data.point, data.visit, () => stopForEver(words));
      build!.countVisits(data.visits);
      await tour(build!, data.handle, new Ledger(memory!, VICTIM, true), data.stage);
      // A timer may be pending.
      build!.countVisits(undefined);
      tell(words, Word.victim, Victim.finished);
    }
  } catch (thrown) {
    answer = { type: "fault", fault: reportOf(thrown) };
    tell(memory!.words, Word.victim, Victim.failed);
  }
  self.postMessage(answer);
};

function stopForEver(words: Int32Array): never {
  tell(words, Word.victim, Victim.stopped);
  for (;;) Atomics.wait(words, Word.never, 0);
}
