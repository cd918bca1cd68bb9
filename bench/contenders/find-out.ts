/** How a process for a contender is started, and what the contender says about itself there. */
import { fileURLToPath } from "node:url";
import type { ContenderResult } from "../report/results.ts";
import type { Contender, Files } from "./contender.ts";

const probe = fileURLToPath(new URL("probe.ts", import.meta.url));

export const environmentOf = ({ preload }: Contender): Record<string, string> =>
  preload === undefined ? {} : { LD_PRELOAD: preload };

/** Asks a process of the contender's own for its version. */
export async function findOut(contender: Contender, files: Files): Promise<ContenderResult> {
  const { name, kind } = contender;
  const process_ = Bun.spawn([process.execPath, probe, JSON.stringify({ contender: name, files })], {
    stdout: "pipe",
    stderr: "ignore",
    env: { ...process.env, ...environmentOf(contender) },
  });
  const text = await process_.stdout.text();
  if ((await process_.exited) !== 0) return { name, kind, version: null, missing: "its process failed" };
  return { name, kind, ...(JSON.parse(text) as Pick<ContenderResult, "version" | "missing">) };
}
