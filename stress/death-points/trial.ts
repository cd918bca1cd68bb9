/**
 * One death: a victim goes on the tour and stops at a point, the survivors go on, the victim is terminated, a newcomer
 * joins, and everybody must come to an end with nothing lost.
 */

import { Fault } from "../oracle/fault.ts";
import { deriveSeed } from "../random.ts";
import type { Crew } from "./crew.ts";
import type { Counted } from "./crew-orders.ts";
import type { Hand } from "./hand.ts";
import type { ArenaHandle } from "./insides.ts";
import { stages } from "./tour/index.ts";
import {
  activities,
  activityWord,
  Crew as CrewState,
  clearTrialMemory,
  NEWCOMER,
  roundsWord,
  type TrialMemory,
  tell,
  Victim,
  Word,
} from "./trial-memory.ts";

/** How long a survivor may take for a round once the victim's thread is gone. */
export const LONGEST_WAIT_MS = 1000;
/** Rounds of each survivor after the death. The first may have begun before it. */
const ROUNDS = 2;
const TOUR_MS = 10_000;
const MOST_STOPPED_MS = 2;
/** A longer pause between two looks means that the machine is busy with something else. */
const LONGEST_STEP_MS = 5;

export interface Trial {
  /** Number of the tour's stage. */
  readonly stage: number;
  readonly point: number;
  /** Which visit of the point in this stage. */
  readonly visit: number;
  readonly survivors: number;
  readonly seed: number;
}

export interface TrialResult {
  /** False: the victim came to the end of its tour. */
  readonly stopped: boolean;
  /** From the end of the victim's thread to the last survivor's second round. */
  readonly waitMs: number;
  readonly counted: Counted;
}

/** Throws a Fault. After that the crew must be dismissed, and the memory made new. */
export async function runTrial(
  crew: Crew,
  memory: TrialMemory,
  trial: Trial,
  visits?: Int32Array,
): Promise<TrialResult> {
  clearTrialMemory(memory);
  const { words } = memory;
  const survivors = crew.survivors.slice(0, trial.survivors);
  const handle = await prepare(survivors, trial);
  for (const survivor of survivors) survivor.order({ do: "work" });
  const victim = await crew.victim();
  victim.order({ do: "tour", handle, stage: trial.stage, point: trial.point, visit: trial.visit, visits });
  const stopped = await stopOf(victim, words);
  tell(words, Word.crew, CrewState.works);
  await Bun.sleep(deriveSeed(trial.seed, "stopped") % (MOST_STOPPED_MS + 1));
  await victim.terminate();
  const waitMs = await roundsOfAll(words, trial.survivors);
  await crew.newcomer
    .ask({ do: "visit", handle, seed: deriveSeed(trial.seed, NEWCOMER) })
    .catch(blame("the newcomer"));
  tell(words, Word.crew, CrewState.rests);
  await all(survivors, (survivor) => survivor.answer());
  await survivors[0]!.ask({ do: "list" }).catch(blame("the list"));
  await all(survivors, (survivor) => survivor.ask({ do: "clear", survivors: trial.survivors }));
  const audit = await survivors[0]!.ask({ do: "audit" }).catch(blame("the audit"));
  if (audit.type !== "audit") throw new Error("no audit");
  return { stopped, waitMs, counted: audit.counted };
}

async function prepare(
  survivors: readonly Hand[],
  { stage, seed, survivors: count }: Trial,
): Promise<ArenaHandle> {
  const order = (handle: ArenaHandle | undefined, seat: number) =>
    ({
      do: "prepare",
      handle,
      policy: stages[stage]!.policy,
      seed: deriveSeed(seed, seat),
      survivors: count,
    }) as const;
  const made = await survivors[0]!.ask(order(undefined, 0));
  if (made.type !== "arena") throw new Error("no arena");
  await Promise.all(survivors.slice(1).map((survivor, i) => survivor.ask(order(made.handle, i + 1))));
  return made.handle;
}

async function stopOf(victim: Hand, words: Int32Array): Promise<boolean> {
  const { async, value } = Atomics.waitAsync(words, Word.victim, Victim.runs, TOUR_MS);
  if (async) await value;
  switch (Atomics.load(words, Word.victim)) {
    case Victim.stopped:
      return true;
    case Victim.finished:
      return false;
    case Victim.failed:
      await victim.answer().catch(blame("the victim"));
  }
  throw new Fault("hang", `the victim did not come to an end in ${TOUR_MS} ms`);
}

/**
 * Waits for all to do their rounds; returns how long that took. What counts against the survivors is only time in which
 * the machine lets this thread run too.
 */
async function roundsOfAll(words: Int32Array, survivors: number): Promise<number> {
  const start = performance.now();
  let watchedMs = 0;
  let seen = start;
  const goals = Array.from(
    { length: survivors },
    (_, seat) => Atomics.load(words, roundsWord(seat)) + ROUNDS,
  );
  for (;;) {
    const late = goals.flatMap((goal, seat) => (Atomics.load(words, roundsWord(seat)) < goal ? [seat] : []));
    const now = performance.now();
    if (late.length === 0) return now - start;
    watchedMs += Math.min(now - seen, LONGEST_STEP_MS);
    seen = now;
    if (watchedMs > LONGEST_WAIT_MS) {
      const what = late.map(
        (seat) => `survivor ${seat} in ${activities[Atomics.load(words, activityWord(seat))]}`,
      );
      throw new Fault("hang", `${LONGEST_WAIT_MS} ms after the death: ${what.join("; ")}`);
    }
    await Bun.sleep(1);
  }
}

async function all(survivors: readonly Hand[], act: (survivor: Hand) => Promise<unknown>): Promise<void> {
  await Promise.all(survivors.map((survivor, seat) => act(survivor).catch(blame(`survivor ${seat}`))));
}

/** Says in a fault's message who found it. */
function blame(who: string): (fault: unknown) => never {
  return (fault) => {
    if (fault instanceof Fault) throw new Fault(fault.kind, `${who}: ${fault.message}`);
    throw fault;
  };
}
