/**
 * Makes one measurement in a process of its own, started as the contender needs it. A measurement that crashes or hangs
 * is a result too: then all figures are 0.
 */
import { foreignEnvironment } from "../../stress/allocators/foreign.ts";
import type { Measurement } from "./measure.ts";
import type { Sample } from "./summary.ts";

const PATIENCE_MS = 120_000;

const failed: Sample = {
  operationsPerSecond: 0,
  operationsPerCpuSecond: 0,
  secondsPerTurn: 0,
  peakRssBytes: 0,
};

const json = process.argv[2]!;
const measurement: Measurement = JSON.parse(json);
const child = Bun.spawnSync([process.execPath, new URL("./measure.ts", import.meta.url).pathname, json], {
  env: { ...process.env, ...foreignEnvironment(measurement.contender) },
  stderr: "pipe",
  timeout: PATIENCE_MS,
});
if (child.exitCode === 0) process.stdout.write(child.stdout);
else {
  const reason =
    child.stderr.toString().match(/(Fault|Error|panic): .*/)?.[0] ?? `exit code ${child.exitCode}`;
  console.error(`\n${measurement.workload} over ${measurement.contender} failed: ${reason}`);
  console.log(JSON.stringify(failed));
}
