/** A Worker for the thread tests: answers what it sees and does what it is told. */
import { nativePlatform } from "../../native/index.ts";
import type { Address } from "../../src/core/types.ts";

declare const self: Worker;

export type Command =
  | { kind: "report" }
  | { kind: "park"; address: number; expected: number; timeoutMs: number };

export interface Report {
  thread: number;
  process: number;
  startTime: number;
  /** Milliseconds, of the shared clock. */
  now: number;
  /** Milliseconds since this Worker's start. */
  performanceNow: number;
}

const { threads } = nativePlatform();

self.onmessage = ({ data }: MessageEvent<Command>) => {
  if (data.kind === "park") {
    self.postMessage("parking");
    const from = threads.now();
    threads.park(data.address as Address, data.expected, data.timeoutMs);
    self.postMessage(threads.now() - from);
    return;
  }
  const thread = threads.current();
  self.postMessage({
    thread,
    process: threads.processId(),
    startTime: threads.startTime(thread),
    now: threads.now(),
    performanceNow: performance.now(),
  } satisfies Report);
};
