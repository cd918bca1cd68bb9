/** The messages between the main thread, the Workers of a chaos crew and their auditor. */
import type { FaultReport, OracleMemory } from "../../crew/assignment.ts";
import type { BlockTable } from "../../oracle/block-table.ts";
import type { SubjectChoice } from "../subjects/subject.ts";
import type { AuditFigures } from "./audit.ts";
import type { Estate } from "./estate.ts";

export interface ChaosAssignment {
  readonly workload: string;
  readonly worker: number;
  readonly workers: number;
  readonly seed: number;
  readonly subject: SubjectChoice;
  readonly oracle: OracleMemory;
  readonly control: SharedArrayBuffer;
  readonly wills: SharedArrayBuffer;
  readonly gate: Int32Array;
  /** What the workload's `prepare` returned. */
  readonly shared: unknown;
}

export type ChaosReport =
  | { readonly type: "finished" }
  | { readonly type: "fault"; readonly fault: FaultReport };

export interface AuditorAssignment {
  readonly subject: SubjectChoice;
  readonly oracle: OracleMemory;
  readonly blocks: BlockTable;
}

export interface AuditOrder {
  readonly estate: Estate;
  /** Workers of the crew that are attached and alive. */
  readonly attached: number;
  /** All have ended: free everything, nothing may be left. */
  readonly last: boolean;
}

export type AuditReport =
  | { readonly type: "ready" }
  | { readonly type: "audit"; readonly figures: AuditFigures }
  | { readonly type: "fault"; readonly fault: FaultReport };
