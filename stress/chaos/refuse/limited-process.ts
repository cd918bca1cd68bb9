/**
 * The process that `--chaos refuse` starts to see real refusals: its address space is limited to what it uses plus a
 * little, in rising steps, while it works. Prints one line of JSON a step, or a fault.
 *
 * The runtime needs memory too, and gives up where it gets none. So it is warmed up before, each step does the same work,
 * and the first step leaves it a reserve.
 */
import { addressSpaceBytes, limitAddressSpace } from "../../../native/address-limit.ts";
import { Arena } from "../../../src/index.ts";
import { reportOf } from "../../crew/report-fault.ts";
import { Fault } from "../../oracle/fault.ts";
import { createPatternMemory, Pattern } from "../../oracle/pattern.ts";
import { createShadowMemory, Shadow } from "../../oracle/shadow.ts";
import { Audit } from "../crew/audit.ts";
import { createEstate } from "../crew/estate.ts";
import { arenaSubject } from "../subjects/husky.ts";
import { churn } from "../workloads/churn.ts";
import { ARENA, exercise, openHeap } from "./exercise.ts";

const STEPS = 24;
const WARM_UPS = 4;
const RESERVE_BYTES = 2 ** 22;
/** So many fill the table: the work needs some ten MiB. */
const TURNS = 10_000;
const SHADOW_CHUNKS = 512;

export type StepReport =
  | { readonly spareBytes: number; readonly errors: number }
  | { readonly fault: { readonly kind: string; readonly message: string } };

const seed = Number(Bun.argv[2]);
const oracle = { shadow: createShadowMemory(SHADOW_CHUNKS), pattern: createPatternMemory(seed) };

/** Returns the refusals and how much address space the work took at its end. */
function step(spareBytes: number | null): { errors: number; usedBytes: number } {
  using arena = new Arena(ARENA);
  const shared = churn.prepare({ workers: 1, seed, recording: undefined });
  const subject = arenaSubject(arena);
  const over = new Int32Array(new SharedArrayBuffer(4));
  const part = { workload: "churn", shared, worker: 0, workers: 1, seed, turns: TURNS, oracle, over };
  const heap = openHeap(part, subject.allocator);
  const audit = new Audit(subject, new Shadow(oracle.shadow), new Pattern(oracle.pattern), shared.blocks);
  const before = addressSpaceBytes();
  if (spareBytes !== null) limitAddressSpace(before + RESERVE_BYTES + spareBytes);
  try {
    exercise(part, heap);
  } finally {
    limitAddressSpace(null);
  }
  const errors = heap.refusals;
  const usedBytes = addressSpaceBytes() - before;
  audit.look(createEstate(), 0);
  over[0] = 0;
  exercise(part, heap);
  if (heap.refusals > errors) {
    throw new Fault("refused", `${heap.refusals - errors} requests although the limit is lifted`);
  }
  for (let block = 0; block < shared.blocks.address.length; block++) if (heap.holds(block)) heap.free(block);
  arena.trim();
  arena.check();
  return { errors, usedBytes };
}

function report(line: StepReport): void {
  console.log(JSON.stringify(line));
}

try {
  let needBytes = 0;
  for (let i = 0; i < WARM_UPS; i++) needBytes = Math.max(needBytes, step(null).usedBytes);
  for (let i = 0; i < STEPS; i++) {
    const spareBytes = (needBytes * i) / (STEPS - 1);
    report({ spareBytes, errors: step(spareBytes).errors });
  }
} catch (thrown) {
  report({ fault: reportOf(thrown) });
}
