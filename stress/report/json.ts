/** Everything that was measured, for programs. Names no host and no user. */
import { arch, cpus, platform, release, totalmem } from "node:os";
import { version } from "../../package.json";
import type { CanaryResult } from "../canary.ts";
import type { ChaosResult } from "../chaos/mode.ts";
import type { StressOptions } from "../command/options.ts";
import { repeatCommand } from "../command/repeat.ts";
import type { FaultReport } from "../crew/assignment.ts";
import type { SessionResult } from "../session.ts";

export function jsonReport(
  options: StressOptions,
  session: SessionResult | null,
  canary: readonly CanaryResult[] | null,
  chaos: ChaosResult | null,
  fault: FaultReport | null,
): string {
  const processors = cpus();
  const report = {
    seed: options.seed,
    command: repeatCommand(options),
    options,
    versions: { husky: version, bun: Bun.version, bunRevision: Bun.revision },
    machine: {
      processor: processors[0]?.model ?? "unknown",
      cores: processors.length,
      memoryBytes: totalmem(),
      system: `${platform()} ${release()} ${arch()}`,
    },
    passed: fault === null,
    fault,
    session,
    canary,
    chaos: chaos?.figures ?? null,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
