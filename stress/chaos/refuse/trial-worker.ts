/** A Worker that takes part in trial after trial. Worker 0 makes the arena of each, looks at it and ends it. */
import type { Arena } from "../../../src/index.ts";
import type { FaultReport } from "../../crew/assignment.ts";
import { reportOf } from "../../crew/report-fault.ts";
import { Fault } from "../../oracle/fault.ts";
import { Pattern } from "../../oracle/pattern.ts";
import { Shadow } from "../../oracle/shadow.ts";
import { Audit } from "../crew/audit.ts";
import { createEstate } from "../crew/estate.ts";
import { arenaSubject } from "../subjects/husky.ts";
import type { Trouble } from "../subjects/trouble.ts";
import { attachTroubled, createTroubled } from "../subjects/troubled.ts";
import { ARENA, type Exercise, exercise, openHeap } from "./exercise.ts";
import { isSystemRefusal, type ResilientHeap } from "./resilient-heap.ts";

export type TrialOrder =
  | { readonly do: "create"; readonly trouble: Trouble }
  | { readonly do: "attach"; readonly trouble: Trouble; readonly address: number }
  | { readonly do: "prepare" | "repeat"; readonly part: Exercise }
  | { readonly do: "work" | "audit" | "leave" | "end" };

/** `create`: the arena's address, 0 = refused. `work`: refusals since the trial began. Others: 0. */
export type TrialReply =
  | { readonly type: "done"; readonly value: number }
  | { readonly type: "fault"; readonly fault: FaultReport };

declare const self: Worker;

let arena: Arena;
let part: Exercise;
let heap: ResilientHeap;
let audit: Audit;

self.onmessage = ({ data }: MessageEvent<TrialOrder>) => {
  let reply: TrialReply;
  try {
    reply = { type: "done", value: obey(data) };
  } catch (thrown) {
    reply = { type: "fault", fault: reportOf(thrown) };
  }
  self.postMessage(reply);
};

function obey(order: TrialOrder): number {
  switch (order.do) {
    case "create":
      return create(order.trouble);
    case "attach":
      arena = attachTroubled({ kind: "troubled", ...order });
      return 0;
    case "prepare":
      prepare(order.part);
      return 0;
    case "repeat":
      part = order.part;
      return 0;
    case "work":
      exercise(part, heap);
      arena.trim();
      return heap.refusals;
    case "audit":
      audit.look(createEstate(), part.workers - 1);
      return 0;
    case "leave":
      arena.detach();
      return 0;
    case "end":
      end();
      return 0;
  }
}

function create(trouble: Trouble): number {
  try {
    arena = createTroubled(ARENA, trouble);
    return arena.handle.address;
  } catch (error) {
    if (isSystemRefusal(error)) return 0;
    throw error;
  }
}

/** Attaches. Worker 0 is the first and counts who is there without the others. */
function prepare(order: Exercise): void {
  part = order;
  const subject = arenaSubject(arena);
  heap = openHeap(part, subject.allocator);
  const { shadow, pattern } = part.oracle;
  if (part.worker > 0) return;
  audit = new Audit(subject, new Shadow(shadow), new Pattern(pattern), part.shared.blocks);
}

/** Frees everything; nothing may be left. */
function end(): void {
  for (let block = 0; block < part.shared.blocks.address.length; block++) {
    if (heap.holds(block)) heap.free(block);
  }
  arena.trim();
  arena.check();
  const { liveBlocks, committedBytes } = arena.stats();
  if (liveBlocks !== 0 || committedBytes !== 0) {
    throw new Fault(
      "leak",
      `${liveBlocks} blocks are live and ${committedBytes} bytes committed after a trial`,
    );
  }
  arena.dispose();
}
