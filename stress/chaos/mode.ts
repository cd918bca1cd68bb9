/** The interface of a chaos mode. Each is a folder here; the catalogue lists them. */
import type { StressOptions } from "../command/options.ts";
import type { FaultReport } from "../crew/assignment.ts";
import type { Recording } from "../recordings/recording.ts";

export interface ChaosMode {
  readonly name: string;
  /** One line for `--help` and `--list`. */
  readonly summary: string;
  /** Faults that can be planted to see that the mode finds them; "none" is not among them. */
  readonly plants: readonly string[];
  /** Whether it does something with each workload of the command; otherwise none may be named. */
  readonly usesWorkloads: boolean;
  run(options: StressOptions, recordings: readonly Recording[]): Promise<ChaosResult>;
}

export interface ChaosResult {
  /** For people. */
  readonly table: string;
  /** For people, after "passed: ". */
  readonly verdict: string;
  /** For programs: all that was measured. */
  readonly figures: unknown;
  readonly fault: FaultReport | null;
}
