/** Husky of another revision of this repository, unpacked for one run. */
import { fileURLToPath } from "node:url";
import { UsageError } from "../stress/command/usage-error.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Unpacks the revision's library into `folder`; returns the path of its index. Throws a UsageError. */
export function unpackRevision(revision: string, folder: string): string {
  const archive = Bun.spawnSync(
    ["git", "archive", "--format=tar", revision, "src", "native", "package.json"],
    {
      cwd: root,
    },
  );
  if (archive.exitCode !== 0) {
    throw new UsageError(`--against ${revision}: ${archive.stderr.toString().split("\n")[0]}`);
  }
  const unpacked = Bun.spawnSync(["tar", "-x", "-C", folder], { stdin: archive.stdout });
  if (unpacked.exitCode !== 0) throw new Error(`tar: ${unpacked.stderr.toString()}`);
  return `${folder}/src/index.ts`;
}
