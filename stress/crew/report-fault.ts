import { Fault } from "../oracle/fault.ts";
import type { FaultReport } from "./assignment.ts";

/** What a Worker tells about something that was thrown. An error of the allocator itself is a crash. */
export function reportOf(thrown: unknown): FaultReport {
  if (thrown instanceof Fault) return { kind: thrown.kind, message: thrown.message };
  if (!(thrown instanceof Error)) return { kind: "crash", message: `threw ${String(thrown)}` };
  const place = thrown.stack?.split("\n").find((line) => /^\s+at /.test(line));
  return { kind: "crash", message: `${thrown.name}: ${thrown.message}${place ? ` (${place.trim()})` : ""}` };
}
