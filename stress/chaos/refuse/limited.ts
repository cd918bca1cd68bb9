/** Real refusals: a process of its own whose address space is limited while it works. Linux only. */

import { reportOf } from "../../crew/report-fault.ts";
import type { FaultKind } from "../../oracle/fault.ts";
import { Fault } from "../../oracle/fault.ts";
import type { StepReport } from "./limited-process.ts";
import type { TrialRow } from "./trials.ts";

export async function limitProcess(seed: number): Promise<TrialRow> {
  const row: TrialRow = { label: "RLIMIT_AS", workers: 1, calls: 0, trials: 0, errors: 0, fault: null };
  const script = new URL("./limited-process.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, script, `${seed}`], { stdout: "pipe", stderr: "inherit" });
  try {
    const lines = (await child.stdout.text()).trim().split("\n").filter(Boolean);
    for (const line of lines) note(row, JSON.parse(line));
    const code = await child.exited;
    if (code !== 0)
      throw new Fault("crash", `the limited process ended with ${child.signalCode ?? `exit code ${code}`}`);
    if (row.errors === 0) throw new Fault("undetected", "the limit refused nothing");
  } catch (thrown) {
    row.fault = reportOf(thrown);
  }
  return row;
}

function note(row: TrialRow, report: StepReport): void {
  if ("fault" in report) throw new Fault(report.fault.kind as FaultKind, report.fault.message);
  row.trials++;
  row.errors += report.errors;
}
