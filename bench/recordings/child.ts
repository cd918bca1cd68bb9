/**
 * One contender on one recording, in a process of its own: prints nanoseconds an operation, `cold` in the first pass and
 * `warm` when all is compiled, and in `opening` how long the contender took to be there. Started by
 * `bun run bench:recordings`, with an `Assignment` as JSON.
 */
import { readFileSync } from "node:fs";
import type { Calls } from "../contenders/calls.ts";
import { contenderNamed } from "../contenders/catalogue.ts";
import type { Files } from "../contenders/contender.ts";
import { threadClock } from "../thread-clock.ts";
import { type Effort, timeLoop } from "../time-loop.ts";
import { type Pass, unpackPasses } from "./pass.ts";
import { addressesFor, insistent, playerOf } from "./player.ts";

export interface Assignment extends Effort {
  readonly contender: string;
  /** A file with the passes `cold` and `warm`. The parent compiled them: this process has nothing behind it. */
  readonly passes: string;
  readonly touch: boolean;
  readonly files: Files;
}

async function perform(assignment: Assignment) {
  const { contender, passes, touch, files } = assignment;
  const { cold, warm } = unpackPasses(readFileSync(passes)) as { cold: Pass; warm: Pass };
  const { open } = contenderNamed(contender, files);
  const start = Bun.nanoseconds();
  const opened = await open(files);
  const opening = Bun.nanoseconds() - start;
  if ("floor" in opened) throw new Error(`${contender} has no calls of its own`);
  const calls = opened.calls as Calls<number>;
  const addresses = addressesFor(warm);
  const play = playerOf(calls, touch);
  // By the clock on the wall, since that is what a user waits for, and the other one would open a library before Husky.
  const first = Bun.nanoseconds();
  play(cold, addresses);
  const coldNs = Bun.nanoseconds() - first;
  // A pass is long beside the slices of time that the system gives to a process.
  const warmNs = await timeLoop(() => play(warm, addresses), assignment, { now: threadClock() });
  playerOf(insistent(calls), false)(warm, addresses);
  return { cold: coldNs / cold.length, warm: warmNs / warm.length, opening };
}

console.log(JSON.stringify(await perform(JSON.parse(process.argv[2]!))));
process.exit(0);
