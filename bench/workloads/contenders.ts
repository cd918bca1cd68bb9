/** Who takes part: Husky, and the allocators that are installed. */
import { version } from "../../package.json";
import { type ForeignName, foreignEnvironment, foreignNames } from "../../stress/allocators/foreign.ts";

export const contenderNames = ["husky", ...foreignNames] as const;
export type ContenderName = "husky" | ForeignName;

/** Husky's version, or the name of the library's file, which holds its version; null = it cannot be opened. */
export function versionOf(name: ContenderName): string | null {
  if (name === "husky") return version;
  const script = new URL("./probe.ts", import.meta.url).pathname;
  const probe = Bun.spawnSync([process.execPath, script, name], {
    env: { ...process.env, ...foreignEnvironment(name) },
    stderr: "ignore",
  });
  return probe.exitCode === 0 ? probe.stdout.toString().trim() : null;
}
