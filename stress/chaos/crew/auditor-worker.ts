/** The Worker that looks at the heap whenever all others rest. It is attached all the time and never killed. */
import { reportOf } from "../../crew/report-fault.ts";
import { Pattern } from "../../oracle/pattern.ts";
import { Shadow } from "../../oracle/shadow.ts";
import { loadSubject } from "../subjects/open.ts";
import type { AuditOrder, AuditorAssignment, AuditReport } from "./assignment.ts";
import { Audit } from "./audit.ts";

declare const self: Worker;

let audit: Audit | undefined;

const reply = (report: AuditReport): void => self.postMessage(report);

self.onmessage = async ({ data }: MessageEvent<AuditorAssignment | AuditOrder>) => {
  try {
    if (!("estate" in data)) {
      const subject = (await loadSubject(data.subject))();
      const { shadow, pattern } = data.oracle;
      audit = new Audit(subject, new Shadow(shadow), new Pattern(pattern), data.blocks);
      reply({ type: "ready" });
      return;
    }
    const figures = audit!.look(data.estate, data.attached);
    // Nobody else collects this Worker's garbage, and it would count as memory that the deaths have left.
    Bun.gc(true);
    if (data.last) {
      audit!.empty();
      self.onmessage = null;
    }
    reply({ type: "audit", figures });
  } catch (thrown) {
    reply({ type: "fault", fault: reportOf(thrown) });
    self.onmessage = null;
  }
};
