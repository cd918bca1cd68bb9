/**
 * One contender on one recording, in a process of its own: prints nanoseconds a call, `cold` in the first pass and `warm`
 * when all is compiled, and in `opening` how long the contender took to be there. Started by `bun run
 * bench:recordings`, with an `Assignment` as JSON.
 */
import { readFileSync } from "node:fs";
import type { Calls } from "../contenders/calls.ts";
import { contenderNamed } from "../contenders/catalogue.ts";
import type { Files } from "../contenders/contender.ts";
import { type Effort, timeLoop } from "../time-loop.ts";
import { unpackPasses } from "./pass.ts";
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
  const { cold, warm } = unpackPasses(readFileSync(passes));
  const { open } = contenderNamed(contender, files);
  const [opened, opening] = await timed(() => open(files));
  if ("floor" in opened) throw new Error(`${contender} has no calls of its own`);
  const calls = opened.calls as Calls<number>;
  const addresses = addressesFor(warm!);
  const play = playerOf(calls, touch);
  const [, first] = await timed(() => play(cold!, addresses));
  const again = await timeLoop(() => play(warm!, addresses), assignment);
  playerOf(insistent(calls), false)(warm!, addresses);
  return { cold: first / cold!.length, warm: again / warm!.length, opening };
}

async function timed<Result>(work: () => Result | Promise<Result>): Promise<[Result, number]> {
  const start = Bun.nanoseconds();
  const result = await work();
  return [result, Bun.nanoseconds() - start];
}

console.log(JSON.stringify(await perform(JSON.parse(process.argv[2]!))));
process.exit(0);
